"""Contests between two creators, on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Diamonds, Instant, Name, Reply, Request
from riviere.wire.goals import Title


class InviteToContest(Request, frozen=True, kw_only=True):
    """A contest that somebody is invited to."""

    rival: Annotated[Name, Meta(description="Who is invited.")]
    title: Title
    starts_at: Annotated[Instant, Meta(description="Within 30 days from now.")]
    ends_at: Annotated[Instant, Meta(description="A minute to 24 hours after the start.")]


class _Match(Reply, frozen=True, kw_only=True):
    """What a contest and an event of it have in common."""

    id: Annotated[str, Meta(description="The contest.")]
    title: Title
    starts_at: Instant
    ends_at: Instant
    creator: Annotated[Name, Meta(description="Who invited.")]
    rival: Annotated[Name, Meta(description="Who was invited.")]
    score: Annotated[Diamonds, Meta(description="What the one who invited got in its time, without what was undone.")]
    rival_score: Annotated[Diamonds, Meta(description="What the other one got.")]
    winner: Annotated[Name | None, Meta(description="Who won, once it is over; null in a draw.")]


class Contest(_Match, frozen=True, kw_only=True):
    """A contest as it stood within the last second."""

    state: Annotated[
        Literal["invited", "accepted", "declined", "cancelled", "lapsed", "running", "over"],
        Meta(description="An invitation without an answer lapses at the start."),
    ]
    invited_at: Instant


class ContestTold(_Match, frozen=True, kw_only=True, tag_field="type", tag="contest"):
    """Somebody was invited to a contest, it began, a score moved (told once a second at the most), or it is over.

    An invitation is told in the feed of the invited creator alone, the rest in all feeds of both.
    """

    at: Instant
    state: Annotated[Literal["invited", "started", "score", "over"], Meta(description="What happened.")]
