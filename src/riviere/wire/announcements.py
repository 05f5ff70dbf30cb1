"""Announcements on the wire: coming streams, and who wants to be reminded."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from riviere.wire.common import Instant, Name, Reply, Request

Title = Annotated[
    str, Meta(min_length=1, max_length=100, description="What is announced.", examples=["Night of requests"])
]
Text = Annotated[str, Meta(max_length=1000, description="What the creator says about it.")]
Start = Annotated[Instant, Meta(description="When it begins: in time to come, at most a year ahead.")]


class AnnounceStream(Request, frozen=True, kw_only=True):
    """A coming stream."""

    title: Title
    text: Text = ""
    starts_at: Start


class ChangeAnnouncement(Request, frozen=True, kw_only=True):
    """What changes; what is left out stays."""

    title: Title | UnsetType = UNSET
    text: Text | UnsetType = UNSET
    starts_at: Start | UnsetType = UNSET


class Announcement(Reply, frozen=True, kw_only=True):
    """A coming stream, or one that was cancelled."""

    id: Annotated[str, Meta(description="What it is called.", examples=["5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10"])]
    creator: Name
    title: Title
    text: Text
    starts_at: Start
    made_at: Instant
    cancelled_at: Annotated[Instant | None, Meta(description="Null unless it was cancelled.")]
    reminded_at: Annotated[Instant | None, Meta(description="When its reminders went out; null until then.")]
    reminders: Annotated[int, Meta(ge=0, description="How many viewers want to be reminded.")]
