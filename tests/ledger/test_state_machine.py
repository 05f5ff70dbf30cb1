"""Everything people do, in any order, on PostgreSQL and on the memory engine: the two never differ.

The memory engine runs the same rules, so this shows that batching, running balances, guards and statements keep what
the rules say; that the rules are right is shown by test_provenance.py (coin by coin) and by `verify`.
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from riviere import ids
from riviere.clock import hour_of, now
from riviere.database.database import Database
from riviere.economy.policy import fee, redeemable
from riviere.errors import RiviereError
from riviere.ledger.law import Kind
from riviere.ledger.memory import Memory
from riviere.ledger.model import (
    Buy,
    Expire,
    Freeze,
    Gift,
    Hold,
    Order,
    PayAgain,
    Receipt,
    Refund,
    Release,
    Return,
    Reverse,
    Settle,
    Thaw,
    Words,
)
from riviere.ledger.provenance import taken_by
from riviere.ledger.refunding import bought, share
from riviere.ledger.verify import verify
from riviere.ledger.writer import Writer

#: Three rates one after the other, in thousandths of a diamond a coin; an order's time says which is in force.
RATES = {2020: 1000, 2021: 500, 2022: 750}
#: (coins, bonus, price in cents) of the packs on sale.
PACKS = [(70, 0, 99), (350, 50, 499), (10, 3, 15), (1, 0, 2)]
UNITS = {1: 1, 2: 5, 3: 99}
#: Millionths of a cent a diamond, by policy 5: no whole number of thousandths buys a cent.
PRICE = 7_000_000
#: What a redemption costs: policy 6 takes 2.5 % and a cent, policy 7 nothing.
FEES = {6: (25_000, 1), 7: (0, 0)}
DAY = timedelta(days=1)

SETUP = """
INSERT INTO policy (name, scope, amount, share, during, announced_at, announced_by)
SELECT 'diamonds_per_coin', scope, amount, 0, tstzrange(lower, upper), '2020-01-01', 'test' FROM (VALUES
    ('', 1000, '2020-01-01'::timestamptz, '2021-01-01'::timestamptz), ('', 500, '2021-01-01', '2022-01-01'),
    ('', 750, '2022-01-01', NULL), ('import:1', 250, '2020-01-01', NULL)) AS v (scope, amount, lower, upper);
INSERT INTO policy (name, scope, amount, share, during, announced_at, announced_by) VALUES
('money_per_diamond', 'USD', 7000000, 0, '[2020-01-01,)', '2020-01-01', 'test'),
('fee', 'paypal:USD', 1, 25000, '[2020-01-01,)', '2020-01-01', 'test'),
('fee', 'bank:USD', 0, 0, '[2020-01-01,)', '2020-01-01', 'test');
INSERT INTO import (id, format, first_record, source, policy, opened_at, opened_by)
VALUES (1, 'test', gen_random_uuid(), 'test', 4, '2020-01-01', 'test');
INSERT INTO gift (code, name) VALUES ('rose', 'Rose'), ('clover', 'Clover'), ('tiara', 'Tiara');
INSERT INTO gift_version (gift, coins, combo, unlock_level, regions, during)
SELECT id, coins, true, 0, '{}', '[2020-01-01,)' FROM (VALUES (1, 1), (2, 5), (3, 99)) AS v (id, coins);
INSERT INTO pack (code, coins, bonus, bonus_days, price, currency, during)
SELECT 'pack-' || coins, coins, bonus, 30, price, 'USD', '[2020-01-01,)'
FROM (VALUES (1, 70, 0, 99), (2, 350, 50, 499), (3, 10, 3, 15), (4, 1, 0, 2)) AS v (id, coins, bonus, price)
ORDER BY id;
"""


class World(RuleBasedStateMachine):
    """Two viewers, two creators, and whatever they think of."""

    database: Database
    writer: Writer
    keys = count(1)

    @initialize()
    def people(self) -> None:
        self.memory = Memory()
        self.viewers = [ids.random_id() for _ in range(2)]
        self.creators = [ids.random_id() for _ in range(2)]
        self.places = {creator: ids.random_id() for creator in self.creators}
        self.year = 2020
        self.said: list[Order] = []
        self.buys: list[Buy] = []
        self.gifts: list[Gift] = []
        self.freezes: list[Freeze] = []
        self.holds: list[Hold] = []
        self.settlements: list[Settle] = []
        self.combos: dict[tuple[int, int], Gift] = {}
        with self.database.connect_owner() as connection:
            for user in self.viewers + self.creators:
                connection.execute("INSERT INTO users VALUES (%s, now(), 0, '', %s)", (user, bytes(16)))
            for creator, place in self.places.items():
                connection.execute(
                    "INSERT INTO place VALUES (%s, %s, 'stream', 'live', '2019-01-01', NULL, false, %s)",
                    (creator, place, bytes(16)),
                )

    def at(self) -> datetime:
        return datetime(self.year, 6, 1, tzinfo=UTC)

    def key(self) -> str:
        return f"key-{next(self.keys)}"

    def send(self, orders: list[Order]) -> bool:
        """Writes a batch to PostgreSQL, the same orders one by one to the oracle, and compares every answer.

        Answers whether the last of them stands.
        """
        answers = self.writer.write(orders)
        booked = [entry.booked_at for answer in answers if isinstance(answer, Receipt) for entry in answer.entries]
        for order, answer in zip(orders, answers, strict=True):
            try:
                expected = plain(self.memory.post(order, booked[0] if booked else now()))
            except RiviereError as refusal:
                expected = (type(refusal), refusal.facts)
            got = (type(answer), answer.facts) if isinstance(answer, RiviereError) else plain(answer)
            assert got == expected, f"{order}: {got} is not {expected}"
        self.said += orders
        return bool(answers) and isinstance(answers[-1], Receipt)

    def a_buy(self, data: st.DataObject) -> Buy:
        number = data.draw(st.integers(0, len(PACKS) - 1), label="pack")
        coins, bonus, price = PACKS[number]
        key = self.key()
        return Buy(
            data.draw(st.sampled_from(self.viewers)),
            ids.client_id(key),
            ids.request_digest(key, number),
            self.at(),
            coins,
            bonus,
            price,
            "USD",
            number + 1,
            self.at() + data.draw(st.integers(1, 60)) * DAY,
            "sandbox",
            f"charge-{key}",
        )

    def a_gift(self, data: st.DataObject, *, imported: bool = False) -> Gift:
        item = data.draw(st.sampled_from(sorted(UNITS)), label="gift")
        creator = data.draw(st.sampled_from(self.creators))
        key = self.key()
        return Gift(
            data.draw(st.sampled_from(self.viewers)),
            ids.client_id(key),
            ids.request_digest(key, item, creator),
            self.at(),
            creator,
            data.draw(st.integers(1, 12), label="count"),
            False,
            UNITS[item],
            data.draw(st.none() | st.integers(1, 60), label="paid"),
            250 if imported else RATES[self.year],
            item,
            4 if imported else self.year - 2019,
            self.places[creator],
            data.draw(st.none() | st.builds(Words, st.binary(min_size=16, max_size=16), st.just("hello"))),
            imported,
        )

    @rule(data=st.data())
    def somebody_buys_coins(self, data: st.DataObject) -> None:
        order = self.a_buy(data)
        self.buys.append(order)
        self.send([order])

    @rule(data=st.data(), imported=st.booleans())
    def somebody_sends_a_gift(self, data: st.DataObject, imported: bool) -> None:
        order = self.a_gift(data, imported=imported)
        self.gifts.append(order)
        self.send([order])

    @rule(data=st.data(), to=st.integers(1, 30))
    def a_combo_grows(self, data: st.DataObject, to: int) -> None:
        fresh = self.a_gift(data)
        before = self.combos.get((fresh.owner, fresh.creator))
        if before is None or data.draw(st.integers(0, 9)) == 0:
            step = msgspec.structs.replace(fresh, combo=True, paid=None)
            self.combos[fresh.owner, fresh.creator] = step
            self.gifts.append(step)
        else:
            # A dearer version of the gift may be on sale by now: the combo goes on at the price it began with.
            unit = before.unit + data.draw(st.integers(0, 2))
            step = msgspec.structs.replace(
                before, count=to, unit=unit, at=fresh.at, rate=fresh.rate, policy=fresh.policy, words=None
            )
        self.send([step])

    @rule(data=st.data(), size=st.integers(2, 6))
    def many_at_once(self, data: st.DataObject, size: int) -> None:
        orders: list[Order] = []
        for _ in range(size):
            kind = data.draw(st.sampled_from(["buy", "gift", "again", "gift"]))
            if kind == "buy":
                orders.append(self.a_buy(data))
            elif kind == "gift":
                orders.append(self.a_gift(data))
            elif orders + self.said:
                orders.append(data.draw(st.sampled_from(orders + self.said)))
        self.send(orders)

    @rule(year=st.sampled_from(sorted(RATES)))
    def the_rate_changes(self, year: int) -> None:
        self.year = year

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def the_same_again(self, data: st.DataObject) -> None:
        self.send([data.draw(st.sampled_from(self.said))])

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def the_same_key_for_something_else(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.said))
        self.send([msgspec.structs.replace(order, request=ids.request_digest("something else"))])

    @precondition(lambda self: self.gifts)
    @rule(data=st.data())
    def a_gift_is_reversed(self, data: st.DataObject) -> None:
        gift = data.draw(st.sampled_from(self.gifts))
        self.send(
            [
                Reverse(
                    gift.owner,
                    ids.system_id("reverse", gift.id),
                    ids.request_digest("reverse", gift.id),
                    self.at(),
                    gift.id,
                    self.at() + 7 * DAY,
                )
            ]
        )

    @precondition(lambda self: self.buys)
    @rule(data=st.data(), days=st.integers(0, 1200))
    def bonus_coins_expire(self, data: st.DataObject, days: int) -> None:
        buy = data.draw(st.sampled_from(self.buys))
        at = buy.at + days * DAY
        self.send(
            [
                Expire(
                    buy.owner,
                    ids.system_id("expire", buy.id, 1),
                    ids.request_digest("expire", buy.id, 1),
                    at,
                    buy.id,
                    1,
                )
            ]
        )

    @precondition(lambda self: self.buys)
    @rule(data=st.data(), coins=st.none() | st.integers(1, 60))
    def coins_are_set_aside_for_a_refund(self, data: st.DataObject, coins: int | None) -> None:
        buy = data.draw(st.sampled_from(self.buys))
        key = self.key()
        order = Freeze(buy.owner, ids.client_id(key), ids.request_digest(key, coins), self.at(), buy.id, coins)
        if self.send([order]):
            self.freezes.append(order)

    @precondition(lambda self: self.freezes)
    @rule(data=st.data(), paid=st.booleans(), wrong=st.sampled_from([0, 0, 0, 1]))
    def a_refund_is_paid_or_comes_to_nothing(self, data: st.DataObject, paid: bool, wrong: int) -> None:
        freeze = data.draw(st.sampled_from(self.freezes))
        told = (freeze.owner, ids.system_id("refund" if paid else "thaw", freeze.id), freeze.id, self.at(), freeze.id)
        if not paid:
            self.send([Thaw(*told, self.at() + 7 * DAY)])
            return
        pack = bought(self.memory.legs(freeze.owner, freeze.purchase), freeze.purchase)
        price = share(pack, taken_by(self.memory.queue(freeze.owner, Kind.COINS), freeze.id)) + wrong
        self.send([Refund(*told, price, "USD")])

    @rule(data=st.data(), wish=st.integers(1, 60_000), matured=st.sampled_from([True, True, False]))
    def a_creator_holds_diamonds(self, data: st.DataObject, wish: int, matured: bool) -> None:
        key = self.key()
        # What buys no cent can be held, but it cannot be settled.
        diamonds = redeemable(wish, PRICE)[1] or wish
        cut = hour_of(now()) + (timedelta(hours=2) if matured else -timedelta(days=2))
        order = Hold(
            data.draw(st.sampled_from(self.creators)),
            ids.client_id(key),
            ids.request_digest(key, diamonds),
            self.at(),
            diamonds,
            cut,
        )
        # What was refused is settled and released in vain, now and then.
        if self.send([order]) or data.draw(st.integers(0, 9)) == 0:
            self.holds.append(order)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def a_hold_is_released(self, data: st.DataObject) -> None:
        hold = data.draw(st.sampled_from(self.holds))
        self.send(
            [
                Release(
                    hold.owner,
                    ids.system_id("release", hold.id),
                    ids.request_digest("release", hold.id),
                    self.at(),
                    hold.id,
                )
            ]
        )

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), policy=st.sampled_from(sorted(FEES)), payments=st.integers(0, 4))
    def a_hold_is_settled(self, data: st.DataObject, policy: int, payments: int) -> None:
        hold = data.draw(st.sampled_from(self.holds))
        gross, _ = redeemable(hold.diamonds, PRICE)
        cost = fee(gross, *FEES[policy])
        request = ids.request_digest("settle", hold.id)
        order = Settle(
            hold.owner, ids.system_id("settle", hold.id), request, self.at(), hold.id, gross, cost, "USD", 5, policy
        )
        if self.send([order]) or data.draw(st.integers(0, 9)) == 0:
            self.settlements.append(order)
        self.send([*self.payments_of(order, 1), *self.payments_of(order, 2)][:payments])

    @precondition(lambda self: self.settlements)
    @rule(data=st.data(), number=st.integers(1, 4), wrong=st.sampled_from([0, 0, 0, 1]))
    def a_payment_comes_back_or_goes_out_again(self, data: st.DataObject, number: int, wrong: int) -> None:
        settled = data.draw(st.sampled_from(self.settlements))
        orders = self.payments_of(settled, number, wrong)
        self.send(data.draw(st.sampled_from([orders, orders[:1], orders[1:]])))

    def payments_of(self, settled: Settle, number: int, wrong: int = 0) -> list[Order]:
        """Payment `number` comes back, and the next one goes out."""
        hold, amount = settled.hold, settled.gross - settled.fee + wrong
        back, out = ids.system_id("return", hold, number), ids.system_id("pay", hold, number + 1)
        return [
            Return(settled.owner, back, ids.request_digest(back), self.at(), hold, number, amount, "USD"),
            PayAgain(settled.owner, out, ids.request_digest(out), self.at(), hold, number + 1, amount, "USD"),
        ]

    def teardown(self) -> None:
        if not hasattr(self, "memory"):
            return
        users = self.viewers + self.creators
        with self.database.connect() as connection:
            rows = connection.execute("SELECT * FROM account WHERE user_id = any(%s)", (users,)).fetchall()
            kept = {(user, kind): totals for user, kind, *totals in rows if any(totals)}
            expected = {
                account: list(msgspec.structs.astuple(totals))
                for account, totals in self.memory.accounts.items()
                if any(msgspec.structs.astuple(totals))
            }
            assert kept == expected
            for table, rows in (("hole", self.memory.holes), ("origin", self.memory.origins)):
                found = connection.execute(f"SELECT * FROM {table} WHERE owner = any(%s)", (users,)).fetchall()
                assert sorted(found) == sorted(msgspec.structs.astuple(row) for row in rows)


def plain(receipt: Receipt) -> Any:
    """A receipt without what only a database knows: when, and in which batch."""
    known = msgspec.structs.asdict(receipt.known)
    known.pop("booked_at")
    entries = []
    for entry in receipt.entries:
        row = msgspec.structs.asdict(entry)
        for field in ("booked_at", "writer", "batch", "position"):
            row.pop(field)
        entries.append(row)
    return receipt.owner, receipt.id, known, entries, receipt.repeated


def _run(database: Database, examples: int) -> None:
    with database.connect_owner() as connection:
        connection.execute(SETUP)
    with Writer(database.connect) as writer:
        machine = type("Machine", (World,), {"database": database, "writer": writer})
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine, settings=settings(max_examples=examples, stateful_step_count=50, deadline=None)
        )
    with database.connect() as connection:
        report = verify(connection, None)
        broken = [check for check in report.checks if not check.ok]
        assert not broken


@pytest.mark.no_cover  # scenarios run the same lines, and counting lines takes longer than the histories
def test_everything_people_do_agrees_with_the_oracle(database: Database) -> None:
    _run(database, 100)


@pytest.mark.slow
def test_everything_people_do_agrees_with_the_oracle_in_2000_histories(database: Database) -> None:
    _run(database, 2000)
