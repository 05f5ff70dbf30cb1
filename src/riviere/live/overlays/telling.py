"""What the page of one overlay hears beside the creator's feed: a test, that it was changed, that it was closed.

It goes the way of every notice, so it has its place in the feed's order and is told once; but nobody else hears it.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from riviere import notices
from riviere.wire.overlays import AlertTried, OverlayChanged, OverlayClosed

#: What a test gift is called, and who sends it.
SENDER: Final = "Riviere"
GIFT: Final = "test"


class Told(msgspec.Struct, frozen=True):
    """The data of a notice to an overlay: which one, and of a test its name and how many coins it pretends."""

    overlay: int
    id: UUID | None = None
    coins: int = 0


Event = AlertTried | OverlayChanged | OverlayClosed

KINDS: Final = (notices.OVERLAY_TESTED, notices.OVERLAY_CHANGED, notices.OVERLAY_CLOSED)

#: What the message of an overlay that was closed has in it.
CLOSED: Final = b'"type":"overlay.closed"'


def event(kind: str, at: datetime, data: str) -> tuple[int, Event]:
    """The overlay that a notice of these KINDS is for, and what its page hears."""
    told = msgspec.json.decode(data, type=Told)
    if kind == notices.OVERLAY_TESTED:
        tried = AlertTried(
            id=str(told.id), at=at, sender=SENDER, gift=GIFT, name="Test gift", count=1, coins=told.coins
        )
        return told.overlay, tried
    return told.overlay, OverlayChanged(at=at) if kind == notices.OVERLAY_CHANGED else OverlayClosed(at=at)
