"""The server's own state on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Reply


class Health(Reply, frozen=True, kw_only=True):
    """The server lives."""

    status: Literal["ok"]
    version: Annotated[str, Meta(description="Riviere's version.", examples=["0.1.0"])]


class Readiness(Reply, frozen=True, kw_only=True):
    """The server can work."""

    status: Literal["ready"]
    database: Annotated[str, Meta(description="What it keeps its books in.", examples=["PostgreSQL 18.6 embedded"])]
