"""Cursors: how far a client has read in a list, as text that only this server has to understand.

A cursor names the last row that was given: the next page begins behind it. So rows that are added meanwhile make
nobody read another one twice or miss it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from riviere.http.problems import InvalidQuery
from riviere.wire.common import Page

Place = TypeVar("Place", bound=tuple[Any, ...])
Row = TypeVar("Row")
Item = TypeVar("Item")

#: A whole number in a cursor, no larger than the database's.
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
#: An instant in a cursor: as a client could make it up too, so with its zone.
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Numbered(NamedTuple):
    """A row of an account, in the order of its numbers."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


def page(
    rows: Sequence[Row], limit: int, shown: Callable[[Row], Item], place: Callable[[Row], tuple[Any, ...]]
) -> Page[Item]:
    """A page of the first `limit` of `rows`, of which one more was read if there is one: it says whether to go on.

    `place` is what the list is ordered by: texts, whole numbers and instants, together unlike any other row's.
    """
    given = rows[:limit]
    onward = written(place(given[-1])) if len(rows) > limit else None
    return Page(data=[shown(row) for row in given], next=onward)


def read(cursor: str | None, kind: type[Place]) -> Place | None:
    """The place that a cursor names, None for the beginning. Raises InvalidQuery for what `page` does not write."""
    if cursor is None:
        return None
    place: Place | None = None
    with suppress(ValueError, RecursionError):
        place = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    if place is None or written(place) != cursor or "\0" in "".join(part for part in place if isinstance(part, str)):
        raise InvalidQuery(reason="the cursor is none that this list gave")
    return place


def written(place: object) -> str:
    """The cursor of a place."""
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")
