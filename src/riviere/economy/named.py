"""The platform's own names of what journal entries are about: people, gifts, packs, places."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Self

import msgspec

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.ledger.law import GIFTS, Route
from riviere.ledger.model import Entry

SQL = load("riviere.economy")


class Where(msgspec.Struct, frozen=True):
    """A stream or a post of a creator, by the platform's own ids."""

    creator: str
    kind: str
    id: str

    @property
    def subject(self) -> str:
        """What events of this place are ordered by."""
        return f"{self.kind}/{self.creator}/{self.id}"


class What(NamedTuple):
    """A gift of the catalogue."""

    code: str
    name: str


class Names:
    """Users, gifts and packs by our ids. Who was erased has the short form of their id for a name."""

    def __init__(
        self,
        connection: Connection,
        users: AbstractSet[int],
        places: AbstractSet[tuple[int, int]],
        gifts: AbstractSet[int] = frozenset(),
        packs: AbstractSet[int] = frozenset(),
    ) -> None:
        """Looks up users, places (creator, id), versions of gifts and of packs."""
        self.users = people.names(connection, sorted(users))
        rows = connection.execute(SQL["name_versions"], {"ids": sorted(gifts)}).fetchall() if gifts else []
        self.gifts = {version: What(code, name) for version, code, name in rows}
        rows = connection.execute(SQL["name_packs"], {"ids": sorted(packs)}).fetchall() if packs else []
        self.packs: dict[int, str] = dict(rows)
        asked = {"creators": [creator for creator, _ in places], "ids": [place for _, place in places]}
        rows = connection.execute(SQL["name_places_of"], asked).fetchall() if places else []
        self._places = {(creator, place): (kind, name) for creator, place, kind, name in rows}

    @classmethod
    def of_entries(cls, connection: Connection, entries: Sequence[Entry]) -> Self:
        """The names of all that these entries name."""
        gifts = [entry for entry in entries if entry.route in GIFTS]
        return cls(
            connection,
            {user for entry in entries for user in (entry.owner, entry.credit_user) if user is not None},
            {(entry.credit_user, entry.place) for entry in gifts if entry.credit_user and entry.place},
            {entry.item for entry in gifts if entry.item},
            {entry.item for entry in entries if entry.route == Route.COINS_BUY and entry.item},
        )

    def place(self, creator: int | None, place: int | None) -> Where:
        """A creator's stream or post, as a gift's entry names it."""
        assert creator is not None
        assert place is not None
        return Where(self.users[creator], *self._places[creator, place])
