"""Posters: what a stream or a post is called, and which player shows it.

Connections are in autocommit; each function is one statement.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.money import shown

SQL = load("riviere.content")

LONGEST_ADDRESS: Final = 500

# No quotes, spaces or semicolons: an address of a player becomes a part of a page's content policy.
_PLAYER: Final = re.compile(r"https://[a-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~:/?#\[\]@!$&()*+,=%-]*)?", re.ASCII)


class BadPlayer(RiviereError):
    """A player's address is https:// and a host in lower case, with a path if needed, not {got}."""

    code = "bad_player"


class Poster(msgspec.Struct, frozen=True):
    """What a page shows of a place: a title, and the address of a player to embed; None where nobody said."""

    title: str | None
    player: str | None

    @property
    def origin(self) -> str:
        """Where the player comes from, as a content policy names it; empty where there is none."""
        return "" if self.player is None else f"https://{urlsplit(self.player).netloc}"


#: Of a place about which nobody said anything.
BLANK: Final = Poster(None, None)


class Live(NamedTuple):
    """A stream that is live, by our ids and by the platform's."""

    creator: int
    place: int
    stream: str
    opened_at: datetime
    name: str


def put(connection: Connection, creator: int, place: int, poster: Poster) -> None:
    """Puts up a poster in the place of the one before. Raises BadText or BadPlayer."""
    if poster.title is not None:
        checks.text(poster.title, "A title", checks.LONGEST_NAME)
    if poster.player is not None and not (
        len(poster.player) <= LONGEST_ADDRESS and _PLAYER.fullmatch(poster.player) and _has_port(poster.player)
    ):
        raise BadPlayer(got=shown(poster.player))
    row = {"creator": creator, "place": place}
    connection.execute(SQL["put_poster"], row | msgspec.structs.asdict(poster))


def of(connection: Connection, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Poster]:
    """The posters of places, named (creator, id), where they have one."""
    wanted = list(places)
    asked = {"creators": [creator for creator, _ in wanted], "places": [place for _, place in wanted]}
    rows = connection.execute(SQL["read_posters"], asked).fetchall() if wanted else []
    return {(creator, place): Poster(title, player) for creator, place, title, player in rows}


def live(connection: Connection, most: int) -> list[Live]:
    """Up to `most` of the streams that are live, those that began last first. Whoever was forgotten is in none."""
    return [Live(*row) for row in connection.execute(SQL["read_live"], {"most": most})]


def _has_port(player: str) -> bool:
    try:
        return urlsplit(player).port != 0
    except ValueError:
        return False
