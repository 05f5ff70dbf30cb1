"""What creators do with their overlays, and what the page at a secret address asks for.

A secret is 256 random bits, shown once. What is kept of it are two digests: of the secret, which opens the page, and of
a ticket made from it, which opens the frame for a widget of the creator's own. The widget sees its own address, and
cannot get from the ticket to the secret. Connections are in autocommit; a function that writes opens its own
transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import msgspec
from psycopg.rows import class_row

from riviere import ids, notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.live import reading
from riviere.live.overlays.model import (
    MOST,
    Code,
    NotYourCode,
    Overlay,
    Shown,
    TooManyOverlays,
    UnknownOverlay,
)
from riviere.live.overlays.telling import Told
from riviere.live.position import BadPosition, Position

SQL = load("riviere.live.overlays")

_BYTES: Final = 32
#: What overlays are called outside.
PREFIX: Final = "ov"

#: The coins that a test pretends, where the overlay needs no more: enough to be seen.
_TEST_COINS: Final = 299

#: The name space of tests: they are no entries, and must never be taken for one.
_TESTS: Final = UUID("6f4d7c1e-2f0b-4d43-9a5b-0c1d1f8f6a10")


class Opened(NamedTuple):
    """An overlay found by its secret: the overlay, the creator's name, and the ticket that opens its widget."""

    overlay: Overlay
    creator: str
    ticket: str


def make(
    connection: Connection, creator: int, name: str, widget: str, now: datetime, **settings: Any
) -> tuple[Overlay, str]:
    """A new overlay and its secret. It shows what happens from now on.

    `settings` may be least, seconds and sound. Raises BadText, BadNumber, BadWidget or TooManyOverlays.
    """
    usual = {"least": 1, "seconds": 6, "sound": False} | settings
    made = Overlay(creator, ids.random_id(), name, widget, made_at=now, changed_at=now, **usual).checked()
    secret = ids.salt(_BYTES).hex()
    with connection.transaction():
        connection.execute(SQL["lock_overlays"], {"creator": creator})
        if len(_read(connection, creator, None)) >= MOST:
            raise TooManyOverlays(most=MOST)
        at = reading.position(connection, creator)
        row = msgspec.structs.asdict(made) | {"now": now, "entry": at.entry, "notice": at.notice}
        connection.execute(SQL["add_overlay"], row)
        _add_secret(connection, made, secret)
    return made, secret


def listed(connection: Connection, creator: int) -> list[Overlay]:
    """A creator's overlays, the oldest first."""
    return _read(connection, creator, None)


def find(connection: Connection, creator: int, name: str) -> Overlay:
    """A creator's overlay by what it is called outside. Raises UnknownOverlay."""
    try:
        found = _read(connection, creator, ids.read(PREFIX, name))
    except ids.BadId:
        found = []
    if not found:
        raise UnknownOverlay
    return found[0]


def change(connection: Connection, overlay: Overlay, now: datetime, **settings: Any) -> Overlay:
    """Changes name, least, seconds or sound; its page follows at once.

    Raises BadText, BadNumber or UnknownOverlay.
    """
    with connection.transaction():
        _lock(connection, overlay)
        (before,) = _read(connection, overlay.creator, overlay.id)
        after = msgspec.structs.replace(before, changed_at=now, **settings).checked()
        connection.execute(SQL["change_overlay"], msgspec.structs.asdict(after) | {"now": now})
        _tell(connection, overlay, notices.OVERLAY_CHANGED, now)
    return after


def replace_secret(connection: Connection, overlay: Overlay, now: datetime) -> str:
    """A new secret; what the old one opened goes blank. Raises UnknownOverlay."""
    secret = ids.salt(_BYTES).hex()
    with connection.transaction():
        _lock(connection, overlay)
        connection.execute(SQL["delete_secrets"], _named(overlay))
        _add_secret(connection, overlay, secret)
        _tell(connection, overlay, notices.OVERLAY_CLOSED, now)
    return secret


def revoke(connection: Connection, overlay: Overlay, now: datetime) -> None:
    """Removes an overlay with its address and its code; its page goes blank. Raises UnknownOverlay."""
    with connection.transaction():
        _lock(connection, overlay)
        for statement in ("delete_secrets", "delete_code", "delete_overlay"):
            connection.execute(SQL[statement], _named(overlay))
        _tell(connection, overlay, notices.OVERLAY_CLOSED, now)


def test(connection: Connection, overlay: Overlay, now: datetime) -> UUID:
    """Has a test alert shown on this overlay and nowhere else, and answers what it is called. Nothing is booked.

    Raises UnknownOverlay.
    """
    tried = uuid5(_TESTS, str(ids.random_id()))
    with connection.transaction():
        _lock(connection, overlay)
        coins = max(overlay.least, _TEST_COINS)
        _tell(connection, overlay, notices.OVERLAY_TESTED, now, Told(overlay.id, tried, coins))
    return tried


def code(connection: Connection, overlay: Overlay) -> Code:
    """What the creator wrote for a widget of their own; empty texts before that. Raises NotYourCode."""
    if overlay.widget != "custom":
        raise NotYourCode(widget=overlay.widget)
    row = connection.execute(SQL["read_code"], _named(overlay)).fetchone()
    return Code() if row is None else Code(*row)


def set_code(connection: Connection, overlay: Overlay, wanted: Code, now: datetime) -> None:
    """Keeps what the creator wrote; its page follows at once.

    Raises NotYourCode, BadCode, BadFields or UnknownOverlay.
    """
    if overlay.widget != "custom":
        raise NotYourCode(widget=overlay.widget)
    row = _named(overlay) | msgspec.structs.asdict(wanted.checked())
    with connection.transaction():
        _lock(connection, overlay)
        connection.execute(SQL["save_code"], row)
        connection.execute(SQL["touch_overlay"], _named(overlay) | {"now": now})
        _tell(connection, overlay, notices.OVERLAY_CHANGED, now)


def opened(connection: Connection, secret: str) -> Opened:
    """The overlay whose page is at this secret. Raises UnknownOverlay."""
    overlay, creator = _opened(connection, secret, "page")
    return Opened(overlay, creator, _ticket(secret))


def widget(connection: Connection, ticket: str) -> Code:
    """What runs in the frame at this ticket, its fields filled in. Raises UnknownOverlay."""
    overlay, _ = _opened(connection, ticket, "widget")
    return code(connection, overlay).filled() if overlay.widget == "custom" else Code()


def was_shown(connection: Connection, overlay: Overlay) -> Shown:
    """What an overlay has shown by now. Raises UnknownOverlay."""
    return _shown(connection.execute(SQL["read_shown"], _named(overlay)).fetchone())


def showing(connection: Connection, overlay: Overlay, said: Shown) -> Shown:
    """Keeps what a page says that it has shown, and answers what was shown by now.

    Raises BadAhead, BadPosition where that has not happened yet, or UnknownOverlay.
    """
    said.checked()
    if not reading.position(connection, overlay.creator).covers(said.position):
        raise BadPosition(got=str(said.position))
    with connection.transaction():
        now = _shown(connection.execute(SQL["lock_shown"], _named(overlay)).fetchone()).joined(said)
        row = {"entry": now.position.entry, "notice": now.position.notice, "ahead": [*now.ahead]}
        connection.execute(SQL["save_shown"], _named(overlay) | row)
    return now


def _named(overlay: Overlay) -> dict[str, int]:
    return {"creator": overlay.creator, "id": overlay.id}


def _read(connection: Connection, creator: int, overlay: int | None) -> list[Overlay]:
    with connection.cursor(row_factory=class_row(Overlay)) as cursor:
        return cursor.execute(SQL["read_overlays"], {"creator": creator, "id": overlay}).fetchall()


def _lock(connection: Connection, overlay: Overlay) -> None:
    if connection.execute(SQL["lock_overlay"], _named(overlay)).fetchone() is None:
        raise UnknownOverlay


def _shown(row: Sequence[Any] | None) -> Shown:
    if row is None:
        raise UnknownOverlay
    entry, notice, ahead = row
    return Shown(Position(entry, notice), ahead)


def _tell(connection: Connection, overlay: Overlay, kind: str, now: datetime, told: Told | None = None) -> None:
    notices.put(connection, overlay.creator, None, kind, told or Told(overlay.id), now)


def _opened(connection: Connection, secret: str, opens: str) -> tuple[Overlay, str]:
    row = connection.execute(SQL["find_secret"], {"digest": _digest(secret), "opens": opens}).fetchone()
    if row is None:
        raise UnknownOverlay
    creator, overlay, name = row
    found = _read(connection, creator, overlay)
    if not found:
        raise UnknownOverlay
    return found[0], name


def _add_secret(connection: Connection, overlay: Overlay, secret: str) -> None:
    digests = {"page": _digest(secret), "frame": _digest(_ticket(secret))}
    connection.execute(SQL["add_secrets"], _named(overlay) | digests)


def _ticket(secret: str) -> str:
    return sha256(b"widget:" + secret.encode()).hexdigest()


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
