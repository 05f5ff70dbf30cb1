"""The platform's own names of what journal entries are about."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Self

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.ledger.law import Route
from riviere.ledger.model import Entry
from riviere.webhooks.facts import Place

SQL = load("riviere.webhooks")

#: Gifts that people send now: an import tells of the past.
SENT: Final = (Route.GIFT, Route.GIFT_BONUS)
REVERSALS: Final = (Route.GIFT_REVERSE, Route.GIFT_REVERSE_BONUS)


class Names:
    """Users, gifts and packs by our ids. Who was erased has the short form of their id for a name."""

    def __init__(
        self,
        connection: Connection,
        users: AbstractSet[int],
        places: AbstractSet[tuple[int, int]],
        gifts: AbstractSet[int],
        packs: AbstractSet[int],
    ) -> None:
        """Looks up users, places (creator, id), versions of gifts and of packs."""
        self.users = people.names(connection, sorted(users))
        self.gifts: dict[int, str] = dict(connection.execute(SQL["name_gifts"], {"ids": sorted(gifts)}).fetchall())
        self.packs: dict[int, str] = dict(connection.execute(SQL["name_packs"], {"ids": sorted(packs)}).fetchall())
        asked = {"creators": [creator for creator, _ in places], "ids": [place for _, place in places]}
        found = connection.execute(SQL["name_places"], asked).fetchall()
        self._places = {(creator, place): (kind, name) for creator, place, kind, name in found}

    @classmethod
    def of_entries(cls, connection: Connection, entries: Sequence[Entry]) -> Self:
        """The names of all that these entries name."""
        gifts = [entry for entry in entries if entry.route in SENT]
        return cls(
            connection,
            {user for entry in entries for user in (entry.owner, entry.credit_user) if user is not None},
            {(entry.credit_user, entry.place) for entry in gifts if entry.credit_user and entry.place},
            {entry.item for entry in gifts if entry.item},
            {entry.item for entry in entries if entry.route == Route.COINS_BUY and entry.item},
        )

    def place(self, creator: int | None, place: int | None) -> Place:
        """A creator's stream or post, as a gift's entry names it."""
        assert creator is not None
        assert place is not None
        return Place(self.users[creator], *self._places[creator, place])
