"""Creators with diamonds to redeem, and a bank that does as a test says."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from riviere.economy import places, policies
from riviere.economy.catalogue import Catalogue
from riviere.ids import request_digest, system_id
from riviere.ledger.model import Gift, Receipt
from riviere.payouts import clerk, methods, quotes, redemptions, standing
from riviere.payouts.provider import Item, ItemStatus, Refused, Standing, Unsure
from riviere.payouts.quotes import Quote
from riviere.payouts.redemptions import Redemption
from world import World


class Bank:
    """A provider in memory. `says` is what becomes of every item, `answers` what the next submissions come to."""

    name = "bank"

    def __init__(self) -> None:
        self.says: Standing | None = Standing.PAID
        self.answers: list[Exception | str] = []
        self.asked: list[tuple[str, Item]] = []
        self.batches: dict[str, list[Item]] = {}
        self.lies: dict[str, Any] = {}
        self.silent = False

    def submit(self, batch: str, items: Sequence[Item]) -> str:
        self.asked += [(batch, item) for item in items]
        answer = self.answers.pop(0) if self.answers else "taken"
        if isinstance(answer, Refused) or (isinstance(answer, Unsure) and "lost on the way" in str(answer)):
            raise answer
        self.batches.setdefault(batch, list(items))
        if isinstance(answer, Unsure):
            raise answer
        return f"ref-{batch}"

    def items(self, reference: str) -> list[ItemStatus]:
        if self.silent:
            raise Unsure(reason="time out")
        batch = self.batches[reference.removeprefix("ref-")]
        if self.says is None:
            return []
        return [self.status(item) for item in batch]

    def status(self, item: Item) -> ItemStatus:
        says = self.says or Standing.WAITING
        reason = "the account is closed" if says in (Standing.FAILED, Standing.RETURNED) else None
        facts = {"amount": item.amount, "currency": item.currency, "receiver": item.receiver} | self.lies
        return ItemStatus(
            id=item.id, reference=f"item-{item.id}", standing=says, status=says.upper(), reason=reason, **facts
        )

    def cancel(self, item_reference: str) -> ItemStatus:
        raise Refused(reason="claimed already")


class Payees:
    """What creators and operators do with payouts, in a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bank = Bank()
        self.connection, self.writer = world.connection, world.writer

    def creator(self, name: str = "jo", diamonds: int = 10_000, *, ready: bool = True) -> str:
        """Somebody with so many matured diamonds, verified and with a payout method unless not `ready`."""
        self.world.creator(name)
        self.earn(name, diamonds)
        self.world.later(days=8)
        if ready:
            self.verify(name)
            self.pay_to(name, f"{name}@example.com")
        return name

    def earn(self, name: str, diamonds: int) -> None:
        fan = f"fan {self.world.key()} of {name}"
        self.world.viewer(fan)
        self.world.buy(fan, diamonds)
        self.world.give(fan, name, "rose", diamonds)

    def verify(self, name: str, state: standing.Identity = standing.Identity.VERIFIED) -> None:
        standing.set_identity(self.connection, name, state, "ops", "passport", self.world.now)

    def imported(self, name: str, diamonds: int) -> None:
        """Diamonds of a recorded stream that nobody has put money behind."""
        world, at = self.world, self.world.now - timedelta(hours=2)
        world.viewer("recorded")
        key = (world.id(name), "stream", "recorded")
        place = places.ensure(world.connection, world.signer, [(*key, at)])[key]
        version = Catalogue.load(world.connection).versions("rose")[-1]
        terms = {"starts_at": world.now, "by": "ops", "now": world.now}
        policy = policies.announce(world.connection, world.signer, "diamonds_per_coin", "import:1", 1_000, **terms)
        world.connection.execute(
            "INSERT INTO import VALUES (1, 'gift_log', %s, 'log.csv', %s, %s, 'ops')",
            [request_digest("first"), policy.id, world.now],
        )
        order = Gift(
            world.id("recorded"), system_id("import", world.key()), request_digest(), at, key[0], diamonds, False, 1,
            None, policy.amount, version.id, policy.id, place, None, True,
        )  # fmt: skip
        (answer,) = world.writer.write([order])
        assert isinstance(answer, Receipt)

    def pay_to(self, name: str, receiver: str, currency: str = "USD") -> None:
        methods.set_method(self.connection, name, "paypal", currency, receiver, name, self.world.now)

    def figure(self, name: str, scope: str, amount: int, share: int = 0) -> None:
        at = self.world.now
        policies.announce(
            self.connection, self.world.signer, name, scope, amount, share=share, starts_at=at, by="ops", now=at
        )

    def quote(self, name: str, diamonds: int, method: str = "paypal", currency: str = "USD") -> Quote:
        return quotes.quote(self.connection, name, diamonds * 1_000, method, currency, self.world.now)

    def request(self, name: str, quote: Quote, key: str | None = None) -> Redemption:
        key = key or self.world.key()
        return redemptions.request(self.connection, self.writer, name, quote.name, key, name, self.world.now)

    def redeem(self, name: str = "jo", diamonds: int = 10_000, key: str | None = None) -> Redemption:
        """Quote and request in one."""
        return self.request(name, self.quote(name, diamonds), key)

    def rounds(self, providers: dict[str, Any] | None = None, **later: int) -> int:
        """Lets time pass and the clerk work."""
        self.world.later(**later)
        given = {"paypal": self.bank} if providers is None else providers
        return clerk.advance_due(self.connection, self.writer, given, self.world.now)

    def get(self, name: str, redemption: UUID) -> Redemption:
        return redemptions.get(self.connection, name, redemption)

    def course(self, redemption: Redemption) -> list[str]:
        """The states it went through."""
        return [step.state.value for step in self.get(redemption.creator, redemption.id).steps]

    def last(self, redemption: Redemption) -> str:
        """Why the last step was taken."""
        return self.get(redemption.creator, redemption.id).steps[-1].reason

    def money(self) -> dict[str, int]:
        """Minor units by route: what was settled, kept as a fee, paid out and come back."""
        rows = self.connection.execute(
            "SELECT r.name, sum(e.credit_amount)::bigint FROM entry e JOIN route r ON r.code = e.route"
            " WHERE e.route BETWEEN 24 AND 27 GROUP BY r.name"
        )
        return dict(rows.fetchall())

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Events about redemptions that wait in the outbox."""
        rows = self.connection.execute("SELECT kind, data FROM outbox WHERE kind LIKE 'redemption.%' ORDER BY number")
        return [(kind.removeprefix("redemption."), data) for kind, data in rows]


SETTLED = {"redeem.settle": 5_000, "redeem.fee": 85, "redeem.payout": 4_915}

#: Longer than the clerk leaves a redemption to whoever took it.
LEASE = int(clerk.LEASE / timedelta(seconds=1)) + 1
