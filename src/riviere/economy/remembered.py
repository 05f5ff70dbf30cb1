"""What pricing gifts takes, kept from one batch to the next: people, places, the catalogue and the rates.

Gifts come from the same people in the same streams, at prices that change once a week. With each batch one small read
says whether anything that is kept here has changed (`revision.py`); if so it is read again, and the batch priced anew.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from riviere.database.connection import Connection
from riviere.economy import people, places, policies, policy
from riviere.economy.catalogue import Catalogue
from riviere.economy.people import User
from riviere.economy.places import Key, Place
from riviere.economy.policy import Policy
from riviere.economy.revision import revisions

#: People and places that are kept, each at the most: some 50 MB of people. One more, and they are read anew.
MOST_KEPT: Final = 200_000


class Named(Protocol):
    """A request that names people and a place."""

    @property
    def sender(self) -> str: ...  # noqa: D102
    @property
    def creator(self) -> str: ...  # noqa: D102
    @property
    def stream(self) -> str | None: ...  # noqa: D102
    @property
    def post(self) -> str | None: ...  # noqa: D102


class Remembered:
    """People and places by the platform's ids, gifts and rates; as the database had them if `still` says so."""

    def __init__(self) -> None:
        self._revisions: Mapping[str, int] = {}
        self._priced = False
        self.users: dict[str, User] = {}
        self.places: dict[Key, Place] = {}
        self.catalogue = Catalogue((), ())
        self.rates: list[Policy] = []

    def still(self, now: Mapping[str, int]) -> bool:
        """Whether all of it is as it was, by the revisions that there are; forgets what may have changed."""
        moved = {name for name in ("people", "places", "prices") if now.get(name) != self._revisions.get(name)}
        if "prices" in moved:
            self._priced = False
        if "people" in moved or len(self.users) > MOST_KEPT:
            self.users.clear()
        if "places" in moved or len(self.places) > MOST_KEPT:
            self.places.clear()
        self._revisions = now
        return not moved

    def refresh(self, connection: Connection) -> None:
        """Forgets what may have changed, as the database says by now."""
        self.still(revisions(connection))

    def price(self, connection: Connection) -> None:
        """Reads the catalogue and the rates, where they are not known."""
        if not self._revisions:
            self.refresh(connection)
        if not self._priced:
            self.catalogue = Catalogue.load(connection)
            self.rates = policies.history(connection, policy.DIAMONDS_PER_COIN, "")
            self._priced = True

    def meet(self, connection: Connection, requests: Sequence[Named]) -> None:
        """Reads the people whom these requests name."""
        users = self.users
        named = {name for one in requests for name in (one.sender, one.creator) if name not in users}
        users.update(people.known(connection, named))

    def find(self, connection: Connection, requests: Sequence[Named]) -> None:
        """Reads the places which these requests name, of creators who are known."""
        wanted = {
            (creator.id, kind, name)
            for one in requests
            if (creator := self.users.get(one.creator)) is not None
            for kind, name in ((places.STREAM, one.stream), (places.POST, one.post))
            if name is not None
        }
        self.places.update(places.known(connection, wanted))
