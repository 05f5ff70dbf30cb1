"""The states and their table, what speaks against a redemption, waits, and what to believe of a provider. Pure."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from riviere import ids
from riviere.ledger.model import Hold, PayAgain, Release, Return, Settle
from riviere.ledger.refusals import NotMatured
from riviere.payouts import books, judging, model
from riviere.payouts.model import FIRST, NEXT, OUTLOOK, Row, State, is_booked, may, wait
from riviere.payouts.provider import ItemStatus, Standing
from riviere.payouts.refusals import Facts, refusals, shortage

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TERMS = (10_000_000, 5_000, 85)

READY = Facts(
    asked=10_000_000,
    gross=5_000,
    fee=85,
    method="paypal",
    currency="USD",
    expires_at=NOW + timedelta(minutes=15),
    used_by=None,
    minimum=10_000_000,
    cap=100_000,
    taken_today=0,
    diamonds=10_000_000,
    owed=0,
    unbacked=0,
    matured=10_000_000,
    maturity_days=7,
    identity="verified",
    suspended=None,
    receives=("paypal", "USD"),
    methods=("paypal",),
)


def row(state: State, payments: int = 0, attempt: int = 1) -> Row:
    terms = {"asked": TERMS[0], "diamonds": TERMS[0], "gross": TERMS[1], "fee": TERMS[2], "currency": "USD"}
    return Row(
        creator=7, id=UUID(int=5), quote=1, payout_method=1, requested_at=NOW, state=state, step=1, booking=None,
        actor=None, reason=None, payments=payments, attempt=attempt, due_at=None, tries=0, attention=None, **terms,
        rate_policy=1, fee_policy=2, method="paypal", receiver="jo@example.com", asked_at=NOW, reference="r", item=None,
        status=None,
    )  # fmt: skip


@some.composite
def courses(draw: some.DrawFn) -> list[State]:
    """A lawful life of a redemption."""
    course, payments = [draw(some.sampled_from(sorted(FIRST)))], 0
    for _ in range(draw(some.integers(0, 25))):
        after = [state for state in sorted(NEXT[course[-1]]) if may(course[-1], state, payments)]
        if not after:
            break
        course.append(draw(some.sampled_from(after)))
        payments += course[-1] == State.PAID
    return course


def test_every_state_is_in_the_table_and_has_words_for_the_creator() -> None:
    assert set(NEXT) == set(OUTLOOK) == set(State)
    reached = set(FIRST).union(*NEXT.values())
    assert reached == set(State)


@given(courses())
def test_in_every_life_money_goes_out_at_most_once_more_than_it_came_back(course: list[State]) -> None:
    payments = returns = 0
    for before, after in pairwise(course):
        payments += after == State.PAID
        returns += (before, after) == (State.PAID, State.RETURNED)
        out = payments - returns
        assert out in (0, 1)
        assert (out == 1) == (after == State.PAID)
        # Diamonds come back only where no money ever went out.
        if after in (State.FAILED, State.CANCELLED):
            assert payments == 0
        if after == State.RETURNED:
            assert payments > 0


@given(courses())
def test_each_booked_move_changes_what_the_ledger_must_say_and_no_other_does(course: list[State]) -> None:
    payments = 0
    for before, after in pairwise(course):
        was = books.booked(before, payments, *TERMS)
        then = payments + (after == State.PAID)
        is_now = books.booked(after, then, *TERMS)
        assert (was != is_now) == is_booked(before, after), (before, after)
        if is_booked(before, after):
            moved(row(before, payments), after, was, is_now)
        payments = then


def moved(before: Row, to: State, was: books.Booked, is_now: books.Booked) -> None:
    """The order that is written comes to what must be booked after it."""
    order = books.order(before, to, NOW, NOW)
    difference = books.Booked(*(now - then for now, then in zip(is_now, was, strict=True)))
    net = before.gross - before.fee
    match order:
        case Hold():
            assert difference == books.Booked(held=order.diamonds)
        case Release():
            assert difference == books.Booked(released=before.diamonds)
        case Settle():
            assert difference == books.Booked(settled=before.diamonds, gross=order.gross, fee=order.fee, paid=net)
        case Return():
            assert difference == books.Booked(returned=order.amount)
            assert order.number == before.payments
        case PayAgain():
            assert difference == books.Booked(paid=order.amount)
            assert order.number == before.payments + 1
        case _:
            pytest.fail(f"{order} is no order of a redemption")


def test_nothing_speaks_against_who_is_ready() -> None:
    assert refusals(READY, NOW) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"suspended": "fraud"}, "payouts_suspended"),
        ({"identity": "pending"}, "identity_unverified"),
        ({"receives": None}, "no_payout_method"),
        ({"receives": ("paypal", "EUR")}, "no_payout_method"),
        ({"method": "bank", "receives": ("bank", "USD")}, "no_payout_provider"),
        ({"used_by": "x"}, "quote_used"),
        ({"expires_at": NOW}, "quote_expired"),
        ({"minimum": 10_000_001}, "below_minimum"),
        ({"fee": 5_000}, "nothing_arrives"),
        ({"matured": 9_999_999}, "still_maturing"),
        ({"diamonds": 9_999_999, "matured": 9_999_999, "unbacked": 1}, "import_not_backed"),
        ({"diamonds": 9_999_999, "matured": 9_999_999}, "not_enough_diamonds"),
        ({"owed": 1, "matured": 9_999_999}, "not_enough_diamonds"),
        ({"taken_today": 95_001}, "over_daily_cap"),
        ({"cap": 4_999}, "over_daily_cap"),
    ],
)
def test_each_fact_that_is_wrong_has_its_own_refusal(change: dict[str, object], code: str) -> None:
    wrong = refusals(msgspec.structs.replace(READY, **change), NOW)
    assert [refusal.code for refusal in wrong] == [code]


def test_at_the_limit_of_the_cap_and_of_the_fee_it_goes_on() -> None:
    assert refusals(msgspec.structs.replace(READY, taken_today=95_000, fee=4_999), NOW) == []


amounts = some.integers(0, 30_000)


@given(amounts, amounts, amounts, amounts, amounts)
def test_what_is_refused_for_want_of_diamonds_is_what_the_ledger_would_not_hold(
    asked: int, diamonds: int, owed: int, unbacked: int, recent: int
) -> None:
    matured = max(0, diamonds - owed - recent)
    facts = msgspec.structs.replace(
        READY, asked=asked, diamonds=diamonds, owed=owed, unbacked=unbacked, matured=matured
    )
    found = list(shortage(facts))
    assert bool(found) == (asked > matured)
    assert len(found) <= 1
    assert not any(isinstance(refusal, NotMatured) for refusal in found)


def test_waits_double_from_a_quarter_of_a_minute_to_six_hours() -> None:
    waits = [wait(tries) for tries in range(14)]
    assert waits[:3] == [timedelta(seconds=3), timedelta(seconds=6), timedelta(seconds=12)]
    assert waits[-1] == wait(10**9) == timedelta(hours=6)
    assert waits == sorted(waits)


statuses = some.builds(
    ItemStatus,
    id=some.sampled_from([row(State.SUBMITTED).batch, "other"]),
    reference=some.just("i"),
    standing=some.sampled_from(Standing),
    status=some.just("WORD"),
    amount=some.sampled_from([4_915, 4_914, 5_000]),
    currency=some.sampled_from(["USD", "EUR", "???"]),
    receiver=some.sampled_from(["jo@example.com", "Jo@Example.com", "eve@example.com", ""]),
    reason=some.sampled_from([None, "no"]),
)


@given(some.sampled_from([State.SUBMITTED, *judging.ENDED]), some.integers(0, 2), some.lists(statuses, max_size=3))
def test_only_a_true_answer_about_our_own_payment_moves_anything(
    state: State, payments: int, answers: list[ItemStatus]
) -> None:
    payments = max(payments, state in (State.PAID, State.RETURNED)) * (state != State.FAILED)
    asked = row(state, payments)
    verdict = judging.judge(asked, "bank", answers)
    ours = [answer for answer in answers if answer.id == asked.batch]
    truths = [
        answer
        for answer in ours
        if (answer.amount, answer.currency, answer.receiver.lower()) == (4_915, "USD", "jo@example.com")
    ]
    if verdict.to is not None:
        assert not verdict.note
        assert ours
        assert ours == truths
        assert may(state, verdict.to, payments)
        told = Counter(answer.standing for answer in ours)
        assert len(told) == 1
        assert (verdict.to == State.PAID) == (Standing.PAID in told)
    elif ours and not verdict.note:
        assert {answer.standing for answer in ours} <= {Standing.WAITING} | (
            {Standing.PAID} if state == State.PAID else set()
        ) | ({Standing.FAILED, Standing.RETURNED} if state in (State.FAILED, State.RETURNED) else set())


@given(some.emails())
def test_a_masked_address_shows_one_letter_and_the_domain(address: str) -> None:
    name, _, domain = address.rpartition("@")
    assert model.masked(address) == f"{name[0]}…@{domain}"


@given(some.integers(0, 2**63 - 1))
def test_an_id_that_was_shown_is_read_as_it_was(number: int) -> None:
    assert ids.read("q", ids.shown("q", number)) == number


@given(some.text(max_size=16) | some.text("0123456789abcdefghjkmnpqrstvwxyz_q", min_size=13, max_size=16))
def test_whatever_is_read_as_an_id_is_one(text: str) -> None:
    try:
        number = ids.read("q", text)
    except ids.BadId:
        return
    assert ids.shown("q", number) == text
