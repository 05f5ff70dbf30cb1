"""Where gifts land: a live stream or a post, each of one creator.

Connections are in autocommit; a function that writes opens its own transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from psycopg.rows import class_row

from riviere import notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks
from riviere.economy.revision import changed
from riviere.errors import RiviereError
from riviere.ids import random_id
from riviere.ledger.evidence import Signer
from riviere.ledger.merkle import microseconds
from riviere.money import shown

SQL = load("riviere.economy")

STREAM = "stream"
POST = "post"

#: What tells a place apart: its creator's user id, its kind and the platform's own id.
Key = tuple[int, str, str]


class UnknownPlace(RiviereError):
    """This creator has no {kind} {place!r}; open it first, or correct the id."""

    code = "unknown_place"


class BadKind(RiviereError):
    """A place is a stream or a post, not {got}."""

    code = "bad_kind"


class StreamEnded(RiviereError):
    """The stream {stream!r} ended at {ended_at}; send gifts to one that is live."""

    code = "stream_ended"


class Place(msgspec.Struct, frozen=True, gc=False):
    """A stream or post. `imported` says that a record told of it: such a stream ends with its last recorded gift."""

    id: int
    creator: int
    kind: str
    external_id: str
    opened_at: datetime
    ended_at: datetime | None
    imported: bool


def place_seal(signer: Signer, place: Place) -> bytes:
    """The seal of a row of `place`, over its fields in the order of Place."""
    return signer.seal(
        "place",
        place.id,
        place.creator,
        place.kind,
        place.external_id,
        microseconds(place.opened_at),
        None if place.ended_at is None else microseconds(place.ended_at),
        place.imported,
    )


def open_place(
    connection: Connection, signer: Signer, creator: int, kind: str, external_id: str, now: datetime
) -> Place:
    """The creator's stream or post of that id, new or as it is: one that has ended stays so.

    Raises BadKind or BadText.
    """
    key = _checked((creator, kind, external_id))
    _add(connection, signer, {key: now}, imported=False)
    return find(connection, *key)


def find(connection: Connection, creator: int, kind: str, external_id: str) -> Place:
    """Raises UnknownPlace."""
    key = (creator, kind, external_id)
    found = known(connection, [key])
    if key not in found:
        raise UnknownPlace(kind=kind, place=external_id)
    return found[key]


def known(connection: Connection, keys: Iterable[Key]) -> dict[Key, Place]:
    """Those of the places that are there."""
    wanted = sorted({key for key in keys if checks.is_text(key[2], checks.LONGEST_ID)})
    with connection.cursor(row_factory=class_row(Place)) as cursor:
        rows = cursor.execute(SQL["read_places"], _columns(wanted))
        return {(place.creator, place.kind, place.external_id): place for place in rows}


def streams(connection: Connection, creator: int, before: tuple[datetime, int] | None, most: int) -> list[Place]:
    """Up to `most` of a creator's streams, the latest first, behind the one opened and numbered `before` if given."""
    opened_at, number = before or (None, None)
    asked = {"creator": creator, "opened_at": opened_at, "id": number, "most": most}
    with connection.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(SQL["page_streams"], asked).fetchall()


def end_stream(connection: Connection, signer: Signer, creator: int, external_id: str, now: datetime) -> Place:
    """Ends a stream now; one that has ended keeps its end. Raises UnknownPlace."""
    place = find(connection, creator, STREAM, external_id)
    with connection.transaction():
        locked = _lock(connection, [(creator, place.id)])[0]
        if locked.ended_at is not None:
            return locked
        ended = _end(connection, signer, locked, now)
        notices.put(connection, creator, place.id, notices.STREAM_ENDED, {}, now)
        changed(connection, "places")
        return ended


def ensure(connection: Connection, signer: Signer, wanted: Iterable[tuple[int, str, str, datetime]]) -> dict[Key, int]:
    """The ids of places that a record tells of, given as (creator, kind, external id, seen at).

    What is not known yet is added as imported, opened when it was first seen. Raises BadKind or BadText.
    """
    first: dict[Key, datetime] = {}
    for creator, kind, external_id, seen_at in wanted:
        key = _checked((creator, kind, external_id))
        first[key] = min(first.get(key, seen_at), seen_at)
    places = known(connection, first)
    missing = {key: first[key] for key in sorted(first) if key not in places}
    if missing:
        _add(connection, signer, missing, imported=True)
        # Read again: some may have been added by another process at the same time.
        places |= known(connection, missing)
    return {key: place.id for key, place in places.items()}


def close_imported(connection: Connection, signer: Signer, last: Mapping[tuple[int, int], datetime]) -> None:
    """Ends imported streams, named (creator, id), with their last recorded gift; a longer record moves the end."""
    with connection.transaction():
        for place in _lock(connection, sorted(last)):
            at = last[place.creator, place.id]
            if place.imported and place.kind == STREAM and (place.ended_at is None or place.ended_at < at):
                _end(connection, signer, place, at)
        changed(connection, "places")


def _checked(key: Key) -> Key:
    if key[1] not in (STREAM, POST):
        raise BadKind(got=shown(key[1]))
    checks.text(key[2], f"The id of a {key[1]}", checks.LONGEST_ID)
    return key


def _columns(keys: Iterable[Key]) -> dict[str, list[int] | list[str]]:
    columns = list(zip(*keys, strict=True)) or [(), (), ()]
    return {"creators": list(columns[0]), "kinds": list(columns[1]), "external_ids": list(columns[2])}


def _add(connection: Connection, signer: Signer, opened: Mapping[Key, datetime], *, imported: bool) -> None:
    """Adds what is not there yet; keys in order, so that two processes that add the same ones wait, not lock up."""
    places = [Place(random_id(), *key, opened_at, None, imported) for key, opened_at in opened.items()]
    rows = {
        "ids": [place.id for place in places],
        "opened": [place.opened_at for place in places],
        "seals": [place_seal(signer, place) for place in places],
        "imported": imported,
    }
    with connection.transaction():
        added = connection.execute(SQL["add_places"], _columns(opened) | rows).fetchall()
        for creator, place, kind, opened_at in sorted(added):
            if kind == STREAM and not imported:
                notices.put(connection, creator, place, notices.STREAM_STARTED, {}, opened_at)


def _lock(connection: Connection, ids: Iterable[tuple[int, int]]) -> list[Place]:
    pairs = list(ids)
    parameters = {"creators": [creator for creator, _ in pairs], "ids": [place for _, place in pairs]}
    with connection.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(SQL["lock_places"], parameters).fetchall()


def _end(connection: Connection, signer: Signer, place: Place, at: datetime) -> Place:
    ended = msgspec.structs.replace(place, ended_at=max(at, place.opened_at))
    row = {"creator": place.creator, "id": place.id, "ended_at": ended.ended_at}
    connection.execute(SQL["end_place"], row | {"seal": place_seal(signer, ended)})
    return ended
