"""Questions on the wire: what viewers ask in a stream."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Instant, Name, Paged, Reply, Request
from riviere.wire.common import Words as Text

QuestionId = Annotated[
    str,
    Meta(
        description="What it is called, also where it is approved, hidden or reported.",
        examples=["5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10"],
    ),
]


class AskQuestion(Request, frozen=True, kw_only=True):
    """A question to the creator of a stream."""

    text: Annotated[Text, Meta(examples=["What is the next song?"])]
    asker: Annotated[
        Name | None, Meta(description="Who asks. A user's own token may leave it out: it is that user.")
    ] = None


class AddVoice(Request, frozen=True, kw_only=True):
    """Somebody wants to know the same."""

    viewer: Annotated[
        Name | None, Meta(description="Who it is. A user's own token may leave it out: it is that user.")
    ] = None


class Question(Reply, frozen=True, kw_only=True):
    """A question."""

    id: QuestionId
    creator: Name
    stream: Name
    asker: Name
    text: Annotated[str, Meta(description="What they ask.", examples=["What is the next song?"])]
    asked_at: Instant
    answered_at: Annotated[Instant | None, Meta(description="Null until the creator has answered it.")]
    voices: Annotated[int, Meta(ge=0, description="How many others want to know the same.")]
    standing: Annotated[
        Literal["new", "shown", "held", "hidden"],
        Meta(description="Only what is shown is seen by others; what is held waits until somebody has looked at it."),
    ]


class QuestionsQuery(Paged, frozen=True, kw_only=True):
    """Which questions are wanted."""

    answered: Annotated[bool | None, Meta(description="Only those that are answered, or that are not yet.")] = None
