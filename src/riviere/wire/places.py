"""Streams and posts on the wire: where gifts land."""

from typing import Annotated

from msgspec import Meta

from riviere.wire.common import Instant, Name, Reply, Request


class StartStream(Request, frozen=True, kw_only=True):
    """A stream of a creator."""

    creator: Name
    id: Name


class AddPost(Request, frozen=True, kw_only=True):
    """A post of a creator."""

    creator: Name
    id: Name


Title = Annotated[str, Meta(min_length=1, max_length=100, description="What it is called.", examples=["Paint with me"])]
Player = Annotated[
    str,
    Meta(
        max_length=500,
        description="Where a player of it can be embedded from: https://, a host in lower case, and a path if needed.",
        examples=["https://player.example.com/aurora"],
    ),
]


class SetPoster(Request, frozen=True, kw_only=True):
    """What pages show of a stream or post. What is left out is not shown."""

    title: Title | None = None
    player: Player | None = None


class Stream(Reply, frozen=True, kw_only=True):
    """A live stream, or one that has ended."""

    creator: Name
    id: Name
    opened_at: Instant
    ended_at: Annotated[Instant | None, Meta(description="Null while it is live.")]
    imported: Annotated[bool, Meta(description="A recording told of it; it ends with its last recorded gift.")]
    title: Title | None = None
    player: Player | None = None


class Post(Reply, frozen=True, kw_only=True):
    """A post."""

    creator: Name
    id: Name
    opened_at: Annotated[Instant, Meta(description="Since when it is up.")]
    imported: Annotated[bool, Meta(description="A recording told of it.")]
    title: Title | None = None
    player: Player | None = None
