"""What holds after any orders whatever, of any people, with any amounts."""

from collections import defaultdict
from copy import deepcopy
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from desk import HOUR, Desk, kept
from hypothesis import given

from riviere import ids
from riviere.errors import RiviereError
from riviere.ledger.law import KINDS, MONEY, ROUTES, Kind, Route, is_users
from riviere.ledger.memory import Memory
from riviere.ledger.model import Buy, Entry, Freeze, Gift, Hold, Order, PayAgain, Reverse, Settle, Totals
from riviere.ledger.posting import balance
from riviere.ledger.provenance import taken_by
from riviere.ledger.refunding import bought, share
from riviere.ledger.rules import decide, guards, touched
from riviere.money import LARGEST

#: Scenarios run the same lines, and counting lines takes longer than the histories.
pytestmark = pytest.mark.no_cover

WHAT = (
    "buy",
    "buy",
    "gift",
    "gift",
    "combo",
    "import",
    "reverse",
    "reverse",
    "expire",
    "freeze",
    "freeze",
    "thaw",
    "refund",
    "hold",
    "hold",
    "release",
    "settle",
    "return",
    "pay",
    "back",
    "unbind",
)
#: Mostly few, so that much is accepted; now and then about as much as the ledger keeps.
AMOUNTS = [*range(1, 13)] * 4 + [2**31, 2**53, 2**62, LARGEST]
#: What is done, by whom, to whom or to what, how much of it, and how many hours pass before.
ACTS = st.tuples(
    st.sampled_from([*WHAT, "again", "other body"]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(AMOUNTS),
    st.integers(0, 3),
)
#: Long ones: short histories reverse, expire and release nothing.
HISTORIES = st.lists(ACTS, min_size=15, max_size=40)
Act = tuple[str, int, int, int, int]


def order_of(desk: Desk, done: list[Order], act: Act) -> Order | None:
    """The order that an act comes to; None where there is nothing yet that it could be about."""
    what, owner, other, amount, wait = act
    desk.now += wait * HOUR
    makers: dict[str, Any] = {
        "buy": lambda: desk.buy(owner, 5 * amount % 2**63, bonus=amount // other, lasts=other),
        "gift": lambda: desk.gift(owner, 1, owner % 3 + 1, rate=750, unit=amount),
        "import": lambda: desk.gift(owner, amount, other % 3 + 1, rate=250, combo=True, imported=True),
        "hold": lambda: desk.hold(owner, amount * 250, desk.now + (2 - other) * HOUR),
        "back": lambda: desk.back(amount),
        "unbind": lambda: desk.unbind(owner, amount * 250, desk.back(1)),
    }
    if what in makers:
        order: Order = makers[what]()
        return order
    if what == "combo":
        combos = [order for order in done if isinstance(order, Gift) and order.combo]
        fresh = desk.gift(owner, amount % 4 + 1, owner % 3 + 1, combo=True, unit=2)
        return msgspec.structs.replace(combos[-1 - other % len(combos)], count=amount) if combos and wait else fresh
    gifts = [order for order in done if isinstance(order, Gift) and (not order.imported or other == 1)]
    holds = [order for order in done if isinstance(order, Hold)]
    if what == "reverse" and gifts:
        return desk.reverse(gifts[-1 - amount % len(gifts)], grace=wait)
    if what == "release" and holds:
        return desk.release(holds[-1 - amount % len(holds)])
    settled = [order for order in done if isinstance(order, Settle)]
    if what == "settle" and holds:
        # Now and then the fee is more than it is worth.
        return desk.settle(holds[-1 - amount % len(holds)], other * 10, wait * 7)
    if what in ("return", "pay") and settled:
        last = settled[-1 - amount % len(settled)]
        number = 1 + sum(isinstance(order, PayAgain) and order.hold == last.hold for order in done)
        hold = next(order for order in holds if order.id == last.hold)
        paid = last.gross - last.fee + (amount == LARGEST)
        return desk.come_back(hold, number, paid) if what == "return" else desk.pay_again(hold, number + 1, paid)
    buys = [order for order in done if isinstance(order, Buy)]
    if what == "freeze" and buys:
        return desk.freeze(buys[-1 - wait % len(buys)], None if other == 1 else amount)
    freezes = [order for order in done if isinstance(order, Freeze)]
    if what in ("thaw", "refund") and freezes:
        frozen = freezes[-1 - amount % len(freezes)]
        return desk.thaw(frozen, grace=wait) if what == "thaw" else desk.refund(frozen, price_of(desk.memory, frozen))
    grants = [order for order in done if isinstance(order, Buy | Reverse)]
    if what == "expire" and grants:
        grant = grants[-1 - amount % len(grants)]
        return desk.expire(grant.owner, grant.id, 0 if isinstance(grant, Reverse) else 1)
    if what == "again" and done:
        return done[-1 - amount % len(done)]
    if what == "other body" and done:
        return msgspec.structs.replace(done[-1 - amount % len(done)], request=ids.request_digest("else"))
    return None


def price_of(memory: Memory, frozen: Freeze) -> int:
    """What the coins of a freeze cost."""
    pack = bought(memory.legs(frozen.owner, frozen.purchase), frozen.purchase)
    return share(pack, taken_by(memory.queue(frozen.owner, Kind.COINS), frozen.id))


def answer_of(memory: Memory, order: Order) -> Any:
    """What `decide` makes of an order on this state, which it may change."""
    try:
        return decide(memory, order)
    except RiviereError as refusal:
        return type(refusal), refusal.facts


def orders_of(desk: Desk, acts: list[Act]) -> Any:
    """Each order of a history, before it is posted; afterwards it is."""
    done: list[Order] = []
    for act in acts:
        order = order_of(desk, done, act)
        if order is None:
            continue
        yield order
        try:
            desk.post(order)
        except RiviereError:
            continue
        done.append(order)


@given(HISTORIES)
def test_the_same_state_and_order_have_the_same_answer_and_a_refusal_moves_nothing(acts: list[Act]) -> None:
    desk = Desk()
    for order in orders_of(desk, acts):
        one, two = deepcopy(desk.memory), deepcopy(desk.memory)
        answer = answer_of(one, order)
        assert answer == answer_of(two, order)
        assert kept(one) == kept(two)
        if isinstance(answer, tuple) or answer.receipt.repeated:
            assert kept(one) == kept(desk.memory)


@given(HISTORIES)
def test_every_assets_books_sum_to_zero_and_nothing_falls_under_its_floor(acts: list[Act]) -> None:
    desk = Desk()
    for _ in orders_of(desk, acts):
        books_balance(desk.memory)
    books_balance(desk.memory)


def books_balance(memory: Memory) -> None:
    """Balances of people, sums of the platform's accounts and what routes exchanged: zero in every asset."""
    books: dict[str, int] = defaultdict(int)
    for (_, kind), totals in memory.accounts.items():
        assert 0 <= totals.credits <= LARGEST
        assert 0 <= totals.debits <= LARGEST
        assert balance(kind, totals) >= 0
        books[KINDS[Kind(kind)].asset] += totals.credits - totals.debits
    for row in (row for rows in memory.entries.values() for row in rows):
        law = ROUTES[Route(row.route)]
        paid, received = (row.currency if KINDS[k].asset == MONEY else KINDS[k].asset for k in (law.pays, law.receives))
        assert paid
        assert received
        if not is_users(law.pays):
            books[paid] -= row.debit_amount
        if not is_users(law.receives):
            books[received] += row.credit_amount
        if paid != received:
            # The route's own accounts take the one asset and give the other.
            books[paid] += row.debit_amount
            books[received] -= row.credit_amount
    assert not any(books.values()), books


@given(HISTORIES)
def test_running_balances_number_and_tile_what_every_account_went_through(acts: list[Act]) -> None:
    desk = Desk()
    for _ in orders_of(desk, acts):
        pass
    sides: dict[tuple[int, int], list[tuple[int, int, int, int, int]]] = defaultdict(list)
    for row in (row for rows in desk.memory.entries.values() for row in rows):
        for user, kind, *side in both_sides(row):
            if user is not None:
                sides[user, kind].append(tuple(side))
    for account, moves in sides.items():
        running = Totals()
        for debit, credit, start, left, seq in sorted(moves, key=lambda move: move[-1]):
            assert start == (running.debits if debit else running.credits)
            running = Totals(running.credits + credit, running.debits + debit, running.seq + 1)
            assert (left, seq) == (balance(account[1], running), running.seq)
        totals = desk.memory.accounts[account]
        assert (running.credits, running.debits, running.seq) == (totals.credits, totals.debits, totals.seq)


def both_sides(row: Entry) -> Any:
    yield row.debit_user, row.debit_kind, row.debit_amount, 0, row.debit_start, row.debit_balance, row.debit_seq
    yield row.credit_user, row.credit_kind, 0, row.credit_amount, row.credit_start, row.credit_balance, row.credit_seq


@given(HISTORIES)
def test_what_an_order_moves_is_what_it_says_it_touches_and_what_it_takes_is_guarded(acts: list[Act]) -> None:
    desk = Desk()
    for order in orders_of(desk, acts):
        after = deepcopy(desk.memory)
        answer = answer_of(after, order)
        if isinstance(answer, tuple):
            continue
        before = desk.memory.accounts
        moved = {account for account, totals in after.accounts.items() if totals != before.get(account, Totals())}
        owed = {(row.debit_user, Kind.OWED) for row in answer.receipt.entries if isinstance(order, Reverse)}
        assert moved <= {*touched(order), *owed}
        taken = {a for a in moved if after.accounts[a].debits > before.get(a, Totals()).debits}
        assert taken - guards(answer) == {account for account in taken if account[1] == Kind.OWED}
