"""The town in which the redemption machine plays: its people, its clerks, its provider, and what must always hold."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from redemption_model import LIVE, Creator, Figures, Gift, Payment, amiss

from riviere.clock import hour_of
from riviere.database.database import Database
from riviere.economy import policies
from riviere.errors import RiviereError
from riviere.ids import system_id
from riviere.ledger.model import Order
from riviere.ledger.writer import Answer, Writer
from riviere.payouts import clerk, methods, standing
from sandbox_bench import Bench, Door, standing_behind
from world import World

GIFTS = {"palace": 10_000, "island": 150_000}
POLICIES = {
    "rate": ("money_per_diamond", "USD"),
    "fee": ("fee", "paypal:USD"),
    "minimum": ("minimum", ""),
    "cap": ("daily_cap", "USD"),
    "review_over": ("review_over", "USD"),
    "maturity_days": ("maturity_days", ""),
}
STATES = ("refused", "in_review", "approved", "submitted", "paid", "failed", "cancelled", "returned")
READ_REDEMPTIONS = (
    "SELECT id, state, booking, payments, attempt, attention FROM redemption WHERE creator = any(%s) ORDER BY id"
)
READ_ASKED = "SELECT redemption, max(asked_at) FROM payout WHERE creator = any(%s) GROUP BY redemption"
READ_ACCOUNTS = "SELECT user_id, kind, credits - debits FROM account WHERE user_id = any(%s) AND kind IN (11, 12, 13)"
READ_MONEY = """
SELECT cause, coalesce(sum(debit_amount) FILTER (WHERE route = 24), 0)::bigint,
    coalesce(sum(debit_amount) FILTER (WHERE route = 26), 0)::bigint,
    coalesce(sum(debit_amount) FILTER (WHERE route = 27), 0)::bigint
FROM entry WHERE owner = any(%s) AND route IN (24, 26, 27) GROUP BY cause
"""


class Died(Exception):
    """The server stopped in the middle of something."""


def refused(call: Callable[[], object]) -> RiviereError | Died | None:
    """What kept a call from going on: a refusal, or the server's death. The server lives again then."""
    try:
        call()
    except (RiviereError, Died) as problem:
        return problem
    return None


class Mortal:
    """A writer that may die before or after it has booked."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.dies = writer, ""

    def write(self, orders: Sequence[Order]) -> list[Answer]:
        how, self.dies = self.dies, ""
        if how == "before":
            raise Died
        answers = self.writer.write(orders)
        if how == "after":
            raise Died
        return answers


class Office:
    """What all examples share: an economy, and two clerks, each with a connection and a writer of its own."""

    def __init__(self, database: Database, door: Door) -> None:
        self.door, self.bench = door, Bench(door.address)
        self.database, self.world = database, World(database)
        self.connections = [self.world.connection, database.connect(autocommit=True)]
        self.writers = [Mortal(self.world.writer), Mortal(Writer(database.connect))]
        self.names, self.announced = count(1), Figures(cap=100_000)  # what a new economy starts with
        for gift, coins in GIFTS.items():
            self.world.gift(gift, coins)

    def close(self) -> None:
        self.bench.close()
        self.connections[1].close()
        self.writers[1].writer.close()
        self.world.close()


class Town(RuleBasedStateMachine):
    """Two creators of an example's own, and a sandbox of its own behind the door."""

    office: Office

    def settle_in(self) -> None:
        self.world = self.office.world
        self.world.later(days=1)
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "sandbox.sqlite"
        self.sandbox = standing_behind(self.office.door, path, now=lambda: self.world.now)
        self.sandbox.__enter__()
        self.bench = self.office.bench
        self.items(anew=True)
        for writer in self.office.writers:
            writer.dies = ""
        self.long_waits, self.refused = 0, False
        for name, value in vars(Figures()).items():
            self.announce(name, value)
        number = next(self.office.names)
        self.fan = f"fan {number}"
        self.world.viewer(self.fan)
        self.world.buy(self.fan, 10_000_000)
        self.creators = []
        for name in (f"ana {number}", f"ben {number}"):
            self.world.creator(name)
            creator = Creator(name, self.world.id(name))
            self.creators.append(creator)
            self.verify(creator, True)
            self.pay_to(creator, "USD", "ana@example.com")
            self.earn(creator, "island")
        self.world.later(days=8)

    # What people do

    def earn(self, creator: Creator, gift: str) -> None:
        key = self.world.key()
        receipt = self.world.give(self.fan, creator.name, gift, key=key)
        creator.gifts.append(Gift(key, GIFTS[gift] * 1_000, hour_of(receipt.known.booked_at)))

    def verify(self, creator: Creator, verified: bool) -> None:
        state = standing.Identity.VERIFIED if verified else standing.Identity.EXPIRED
        standing.set_identity(self.world.connection, creator.name, state, "ops", "", self.world.now)
        creator.verified = verified

    def suspend(self, creator: Creator, suspended: bool) -> None:
        change = standing.suspend if suspended else standing.reinstate
        change(self.world.connection, creator.name, "ops", "a reason", self.world.now)
        creator.suspended = suspended

    def pay_to(self, creator: Creator, currency: str, receiver: str) -> None:
        asked = ("paypal", currency, receiver, creator.name, self.world.now)
        methods.set_method(self.world.connection, creator.name, *asked)
        creator.method = (currency, receiver)

    def announce(self, name: str, value: Any) -> None:
        if getattr(self.office.announced, name) != value:
            amount, share = value if isinstance(value, tuple) else (value, 0)
            at = self.world.later(seconds=1)
            how: dict[str, Any] = {"share": share, "starts_at": at, "by": "ops", "now": at}
            policies.announce(self.world.connection, self.world.signer, *POLICIES[name], amount, **how)
            setattr(self.office.announced, name, value)

    @property
    def figures(self) -> Figures:
        return self.office.announced

    @property
    def all(self) -> list[tuple[Creator, Payment]]:
        return [(creator, one) for creator in self.creators for one in creator.payments.values()]

    def items(self, *, anew: bool = False) -> list[dict[str, Any]]:
        """What the provider truly has: read `anew` where it may have changed."""
        if anew:
            found = self.bench.steering.items()
            self.seen: list[dict[str, Any]] = sorted(found, key=lambda item: item["payout_item"]["sender_item_id"])
        return self.seen

    def look(self, may: Callable[[Payment], set[str]]) -> None:
        """Reads every redemption, and holds each against the states it may be in now."""
        rows = self.world.connection.execute(READ_REDEMPTIONS, [[creator.id for creator in self.creators]])
        found = {row[0]: row[1:] for row in rows}
        assert found.keys() == {one.id for _, one in self.all}
        for _, one in self.all:
            state = found[one.id][0]
            assert state in may(one), f"{one} is now {state}, expected {may(one)}"
            one.state, one.booking, one.payments, one.attempt, one.attention = found[one.id]

    # What holds after every step

    @invariant()
    def no_diamond_is_lost_or_made(self) -> None:
        if not hasattr(self, "creators"):
            return
        names = [creator.id for creator in self.creators]
        balances = {(row[0], row[1]): row[2] for row in self.world.connection.execute(READ_ACCOUNTS, [names])}
        money = {row[0]: row[1:] for row in self.world.connection.execute(READ_MONEY, [names])}
        for creator in self.creators:
            diamonds, held, owed = (balances.get((creator.id, kind), 0) for kind in (11, 12, 13))
            mine = creator.payments.values()
            settled = sum(money.get(system_id("hold", one.id), (0,))[0] for one in mine)
            assert diamonds + owed + held + settled == creator.earned
            if not any(one.booking for one in mine):
                assert (held, settled) == (creator.held, creator.settled)
            for one in mine:
                _, paid, back = money.get(system_id("hold", one.id), (0, 0, 0))
                payments = {one.payments, one.payments + (one.booking == "paid")}
                assert paid in {number * one.net for number in payments}
                assert paid - back in (0, one.net)

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        if not hasattr(self, "creators"):
            return
        items = self.items()
        for _, one in self.all:
            mine = [item for item in items if one.has(item)]
            paid = [item["payout_item"]["sender_item_id"] for item in mine if "SUCCESS" in item["history"]]
            assert len(paid) == len(set(paid)) or one.contradicted
            live = [item for item in mine if item["history"][-1] in LIVE]
            assert len(live) <= 1 or one.contradicted, f"{one} is paid {len(live)} times: {mine}"
            assert all(
                item["payout_item"]["amount"]["value"] == f"{one.net // 100}.{one.net % 100:02}" for item in mine
            )
            if one.state in ("refused", "cancelled"):
                assert not mine
            if one.state in ("failed", "returned"):
                assert not live or one.contradicted

    def teardown(self) -> None:
        """The provider is well and honest again, time passes, and everything comes to its end."""
        if not hasattr(self, "creators"):
            return
        try:
            self.come_to_rest()
        finally:
            self.sandbox.__exit__(None, None, None)
            self.folder.cleanup()

    def come_to_rest(self) -> None:
        """Faults end, lies end, and rounds go on until nothing has anything left to do."""
        for operation in ("create", "show", "token"):
            self.bench.steering.fault(operation, "error", times=0)
        for item in self.items():
            if item["lies"]:
                self.bench.steering.lie(item["payout_item_id"])
        for writer in self.office.writers:
            writer.dies = ""
        books = (self.world.connection, self.office.writers[0], {"paypal": self.bench.paypal})
        for _ in range(5):
            clerk.advance_due(*books, self.world.later(hours=13))
        self.look(lambda _: set(STATES))
        self.items(anew=True)
        self.no_diamond_is_lost_or_made()
        self.nothing_is_paid_twice()
        items, out, booked = self.items(), 0, 0
        names = [creator.id for creator in self.creators]
        asked = {row[0]: row[1] for row in self.world.connection.execute(READ_ASKED, [names])}
        money = {row[0]: row[2] - row[3] for row in self.world.connection.execute(READ_MONEY, [names])}
        for _, one in self.all:
            mine = [item for item in items if one.has(item)]
            long_ago = one.id in asked and self.world.now - asked[one.id] > timedelta(days=58)
            wrong = amiss(one, mine, long_ago)
            assert wrong is None, f"{wrong}: {one}, {mine}"
            if not (one.contradicted or one.attention or long_ago):
                out += sum(one.net for item in mine if item["history"][-1] == "SUCCESS")
                booked += money.get(system_id("hold", one.id), 0)
        assert out == booked, f"the provider paid {out}, the books say {booked}"
        # What is left of this example is nobody's business in the next one.
        with self.office.database.connect_owner() as owner:
            owner.execute("UPDATE redemption SET due_at = NULL")
