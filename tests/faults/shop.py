"""A small economy, opened the way people open one, and orders under keys that are the same in every process."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from riviere import clock, ids
from riviere.clock import hour_of
from riviere.database.database import Database
from riviere.economy import catalogue, people, places, policies, policy
from riviere.economy.seals import check_seals
from riviere.ledger.evidence import Signer
from riviere.ledger.model import Buy, Gift, Hold, Order, Receipt, Reverse
from riviere.ledger.verify import verify
from riviere.ledger.writer import Answer, Writer

VIEWERS = [f"viewer-{number}" for number in range(37)]
CREATORS = [f"creator-{number}" for number in range(16)]


class Shop:
    """Makes orders; whoever opens it again on the same database finds everything as it was."""

    def __init__(self, database: Database, signer: Signer) -> None:
        self.database, self.signer, self.now = database, signer, clock.now()
        with database.connect(autocommit=True) as connection:
            shelf = catalogue.stock(connection, signer, self.now)
            policies.defaults(connection, signer, self.now)
            self.rate = policies.history(connection, policy.DIAMONDS_PER_COIN, "")[0]
            self.users = people.ensure(connection, signer, [*VIEWERS, *CREATORS], self.now)
            wanted = [(self.users[name], places.STREAM, "live", self.now) for name in CREATORS]
            self.live = {key[0]: place for key, place in places.ensure(connection, signer, wanted).items()}
        self.pack, self.rose = shelf.packs("pack-7000")[0], shelf.versions("rose")[0]

    def told(self, name: str, key: str) -> tuple[int, UUID, UUID]:
        return self.users[name], ids.client_id(key), ids.request_digest(name, key)

    def buy(self, viewer: str, key: str, charge: str | None = None) -> Buy:
        """7,000 coins and 600 for nothing."""
        pack = self.pack
        until = self.now + timedelta(days=pack.bonus_days)
        money = (pack.price, pack.currency, pack.id)
        return Buy(*self.told(viewer, key), self.now, pack.coins, pack.bonus, *money, until, "sandbox", charge or key)

    def gift(self, viewer: str, creator: str, key: str, count: int = 1) -> Gift:
        """Roses of one coin."""
        to, rose, rate = self.users[creator], self.rose, self.rate
        asked = (to, count, False, rose.coins, None, rate.amount, rose.id, rate.id, self.live[to], None, False)
        return Gift(*self.told(viewer, key), self.now, *asked)

    def reverse(self, gift: Gift) -> Reverse:
        undo = ids.system_id("reverse", gift.id)
        return Reverse(
            gift.owner, undo, ids.request_digest("reverse", gift.id), self.now, gift.id, self.now + timedelta(days=7)
        )

    def hold(self, creator: str, key: str, diamonds: int) -> Hold:
        """Whatever hour the diamonds were earned in."""
        return Hold(*self.told(creator, key), self.now, diamonds, hour_of(self.now) + timedelta(days=1))

    def gifts(self, numbers: Iterable[int]) -> list[Order]:
        """Single roses by number; every viewer sends some to every creator."""
        return [
            self.gift(VIEWERS[number % len(VIEWERS)], CREATORS[number % len(CREATORS)], f"gift-{number}")
            for number in numbers
        ]

    def stock_up(self) -> None:
        """Every viewer buys coins, in one batch."""
        self.write([self.buy(viewer, f"coins-of-{viewer}") for viewer in VIEWERS])

    def write(self, orders: list[Order]) -> list[Receipt]:
        """Books orders, which must all stand."""
        with Writer(self.database.connect) as writer:
            return [stands(answer) for answer in writer.write(orders)]

    def booked(self) -> dict[UUID, int]:
        """How many times each gift is there, in legs that count pieces."""
        with self.database.connect() as connection:
            rows = connection.execute("SELECT id, sum(count)::int FROM entry WHERE route IN (11, 12) GROUP BY id")
            return dict(rows.fetchall())

    def balances(self) -> None:
        """The books balance, and whatever may change carries its seal."""
        with self.database.connect() as connection:
            report = verify(connection, self.signer, extra=[lambda c: check_seals(c, self.signer)])
        assert report.ok, [check for check in report.checks if not check.ok]


def stands(answer: Answer) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


def once_each(orders: list[Order]) -> dict[UUID, int]:
    """What `booked` says when every one of these gifts of one rose is there once."""
    return {order.id: 1 for order in orders}
