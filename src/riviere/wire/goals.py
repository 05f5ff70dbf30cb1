"""Goals on the wire: what a creator asks for, and how far it has come."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Code, Diamonds, Instant, Name, Paged, Pieces, Reply, Request

Title = Annotated[
    str, Meta(min_length=1, max_length=100, description="What it is called.", examples=["New microphone"])
]
#: Diamonds as everywhere, or pieces.
Figure = Annotated[
    str, Meta(pattern=r"^[0-9]{1,19}(\.[0-9]{1,3})?$", description="Diamonds, or pieces.", examples=["5000"])
]


class OpenGoal(Request, frozen=True, kw_only=True):
    """A goal: so many diamonds, or so many pieces of one gift."""

    title: Title
    diamonds: Annotated[Diamonds | None, Meta(description="The target, where it counts diamonds.")] = None
    gift: Annotated[Code | None, Meta(description="The gift whose pieces it counts.")] = None
    pieces: Annotated[Pieces | None, Meta(description="The target, where it counts pieces.")] = None
    stream: Annotated[
        Name | None, Meta(description="Counts in this stream only; in all streams and posts if not given.")
    ] = None


class GoalsQuery(Paged, frozen=True, kw_only=True):
    """Which goals are listed."""

    only_open: Annotated[bool, Meta(description="Leaves out what is closed.")] = False


class Goal(Reply, frozen=True, kw_only=True):
    """A goal and how far it has come."""

    id: Annotated[str, Meta(description="The goal.")]
    creator: Name
    state: Annotated[
        Literal["open", "reached", "closed"],
        Meta(description="Reached stays so, whatever is undone later; it goes on counting until it is closed."),
    ]
    title: Title
    gift: Annotated[Code | None, Meta(description="The gift whose pieces it counts; null where it counts diamonds.")]
    target: Figure
    progress: Annotated[Figure, Meta(description="What came since it was opened, without what was undone.")]
    stream: Annotated[Name | None, Meta(description="Its stream; null where it counts all that the creator gets.")]
    opened_at: Instant
    reached_at: Instant | None
    closed_at: Annotated[Instant | None, Meta(description="By the creator, or with the end of its stream.")]
