"""Imports of recorded gifts on the wire, and who has posted money behind them."""

from typing import Annotated

from msgspec import Meta

from riviere.wire.common import Instant, Reply

_Who = Annotated[str, Meta(description="Who did it.", examples=["ada"])]


class PostedBehind(Reply, frozen=True, kw_only=True):
    """Money that was posted behind an import."""

    at: Instant
    by: _Who


class RecordedImport(Reply, frozen=True, kw_only=True):
    """An import of recorded gifts. Its diamonds can be redeemed once somebody else has posted money behind it."""

    number: Annotated[int, Meta(ge=1, description="As `riviere admin imports` lists it.")]
    format: Annotated[str, Meta(description="What kind of record it is.", examples=["gift_log"])]
    source: Annotated[str, Meta(description="The file that it was read from.", examples=["log.csv"])]
    opened_at: Instant
    opened_by: Annotated[str, Meta(description="Who ran it, and so cannot post the money.", examples=["ada"])]
    posted: Annotated[list[PostedBehind], Meta(description="Every time that money was posted, oldest first.")]
