"""A small economy for scenarios: a few gifts, the default policies, and short words for what people do in it.

`World` names people, streams and posts by their external ids. Its time stands still until a test moves it.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from riviere import clock
from riviere.database.database import Database
from riviere.economy import gifts, offers, people, places, policies
from riviere.economy.catalogue import Catalogue
from riviere.economy.gifts import GiftRequest
from riviere.economy.people import User
from riviere.economy.places import Place
from riviere.economy.seals import check_seals
from riviere.economy.wallet import Wallet, wallet
from riviere.ledger.evidence import Signer, sign_head
from riviere.ledger.model import Receipt
from riviere.ledger.verify import verify
from riviere.ledger.writer import Writer
from riviere.live.contests.checking import check_contests
from riviere.live.goals.checking import check_goals
from riviere.live.supporters.checking import check_supporters
from riviere.payments import purchases
from riviere.payments.sandbox import SandboxProcessor

__all__ = ["World", "world"]


class World:
    """An economy on a database of the test's own.

    Gifts: rose (1 coin, combo), ring (30, combo), comet (299), jasmine (20, in ID, IN and PH), crown (499, level 20).
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = clock.now()
        self.signer = Signer(bytes(range(32)))
        self.connection = database.connect(autocommit=True)
        self.writer = Writer(database.connect)
        self.processor = SandboxProcessor()
        self._keys = count(1)
        policies.defaults(self.connection, self.signer, self.now)
        self.gift("rose", 1, combo=True)
        self.gift("ring", 30, combo=True)
        self.gift("comet", 299)
        self.gift("jasmine", 20, regions=("ID", "IN", "PH"))
        self.gift("crown", 499, unlock_level=20)

    def close(self) -> None:
        """Gives the connections back."""
        self.writer.close()
        self.connection.close()

    def later(self, **passed: int) -> datetime:
        """Lets time pass, in the words of timedelta."""
        self.now += timedelta(**passed)
        return self.now

    def gift(self, code: str, coins: int, **limits: Any) -> None:
        """A gift of the catalogue, on sale from now on."""
        at = dict.fromkeys(("starts_at", "now"), self.now)
        offers.add_gift(self.connection, self.signer, code, code.title(), coins, **limits, **at)

    def viewer(self, name: str, level: int = 0, region: str = "") -> User:
        """Somebody new, who may be a creator as well."""
        return people.register(self.connection, self.signer, name, level=level, region=region, now=self.now)

    def creator(self, name: str) -> User:
        """Somebody new, with a stream that is called live."""
        created = self.viewer(name)
        self.stream(name, "live")
        return created

    def id(self, name: str) -> int:
        """Our id of a user."""
        return people.find(self.connection, name).id

    def stream(self, creator: str, name: str) -> Place:
        """Opens a stream."""
        return places.open_place(self.connection, self.signer, self.id(creator), "stream", name, self.now)

    def post(self, creator: str, name: str) -> Place:
        """Puts up a post."""
        return places.open_place(self.connection, self.signer, self.id(creator), "post", name, self.now)

    def end(self, creator: str, stream: str = "live") -> Place:
        """Ends a stream now."""
        return places.end_stream(self.connection, self.signer, self.id(creator), stream, self.now)

    def pack(self, coins: int, bonus: int = 0, days: int = 30) -> str:
        """The code of a pack, on sale from now on where it is new; a coin costs a cent."""
        code = f"pack-{coins}-{bonus}-{days}"
        if not Catalogue.load(self.connection).has_pack(code):
            terms = {"coins": coins, "bonus": bonus, "bonus_days": days, "price": coins, "currency": "USD"}
            at = dict.fromkeys(("starts_at", "now"), self.now)
            offers.add_pack(self.connection, self.signer, code, **terms, **at)
        return code

    def buy(
        self,
        viewer: str,
        coins: int,
        bonus: int = 0,
        days: int = 30,
        *,
        key: str | None = None,
        card: str = "card-ok",
    ) -> Receipt:
        """Buys a pack of so many coins and bonus coins that last so many days."""
        pack = self.pack(coins, bonus, days)
        return purchases.buy(
            self.connection,
            self.writer,
            self.processor,
            Catalogue.load(self.connection),
            user=viewer,
            pack=pack,
            key=key or self.key(),
            card=card,
            now=self.now,
        )

    def asked(self, viewer: str, creator: str, gift: str = "rose", count: int = 1, **how: Any) -> GiftRequest:
        """A request for a gift, to the creator's stream `live` unless a stream or a post is named."""
        where = {} if {"stream", "post"} & how.keys() else {"stream": "live"}
        key = {"key": how.pop("key", None) or self.key()}
        return GiftRequest(sender=viewer, creator=creator, gift=gift, count=count, **key, **where, **how)

    def give(self, viewer: str, creator: str, gift: str = "rose", count: int = 1, **how: Any) -> Receipt:
        """Sends a gift, as `asked`: how may be combo, key, stream, post, message, paid and at."""
        request = self.asked(viewer, creator, gift, count, **how)
        return gifts.send(self.connection, self.writer, request, self.now)

    def reverse(self, viewer: str, key: str) -> Receipt:
        """Undoes a gift."""
        return gifts.reverse(self.connection, self.writer, viewer, key, self.now)

    def wallet(self, name: str) -> Wallet:
        """What somebody's accounts hold."""
        return wallet(self.connection, self.id(name))

    def wrong(self) -> list[str]:
        """What `riviere verify` finds once a head covers everything: nothing."""
        with self.connection.transaction():
            sign_head(self.connection, self.signer, self.now)
        boards = [check_supporters, check_goals, check_contests]
        seals = [lambda connection: check_seals(connection, self.signer)]
        report = verify(self.connection, self.signer, [*seals, *boards])
        return [f"{check.name}: {check.detail}" for check in report.checks if not check.ok]

    def key(self) -> str:
        """An idempotency key that was not used before."""
        return f"key {next(self._keys)}"


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A new economy without people in it. Whatever happens in it, the books hold at the end."""
    with closing(World(database)) as made:
        yield made
        wrong = made.wrong()
        assert not wrong, "\n".join(wrong)
