"""People give back coins that they have not spent: the money goes back once, or the coins do."""

from typing import Any
from uuid import UUID

import pytest
from buyers import Till
from test_checkouts_crash import CrashingCards

from fuses import Crash, CrashingConnection, CrashingWriter, Fuse
from riviere.economy import gifts, policies
from riviere.economy.wallet import Wallet
from riviere.ids import client_id
from riviere.ledger.refusals import KeyReused, NotRefundable, UnknownEntry
from riviere.money import BadAmount
from riviere.payments import purchases
from riviere.payments.refunds import refunds
from riviere.payments.refunds.checking import check_refunds
from riviere.payments.refunds.model import Row, State, TooLateToRefund, UnknownRefund


def bought(till: Till, coins: int = 700, bonus: int = 0, key: str = "b") -> UUID:
    """Coins that mia has paid for by card; the purchase."""
    checkout, _ = till.start(coins=coins, bonus=bonus, key=key)
    till.pay(checkout)
    till.hear(*till.told(checkout))
    return client_id(key)


def ask(till: Till, purchase: UUID, coins: int | None = None, key: str = "r", viewer: str = "mia") -> Row:
    givers = {"stripe": till.cards, "sandbox": till.world.processor}
    return refunds.ask(
        till.connection,
        till.writer,
        givers,
        user=viewer,
        purchase=purchase,
        coins=coins,
        key=key,
        now=till.world.now,
    )


def goes_on(till: Till, **passed: int) -> int:
    """Time passes, and the server looks after refunds."""
    givers = {"stripe": till.cards, "sandbox": till.world.processor}
    return refunds.advance_due(till.connection, till.writer, givers, till.world.later(**passed))


def found(till: Till, key: str = "r") -> Row:
    return refunds.find(till.world.connection, till.world.id("mia"), key)


def wallet(till: Till) -> tuple[int, int, int]:
    held: Wallet = till.world.wallet("mia")
    return held.coins, held.bonus, held.frozen


def given_back(till: Till) -> list[tuple[int, str]]:
    """What Stripe gave back for mia's refunds, and how each stands."""
    listed = till.account.stripe.refunds.list({"limit": 100}).data
    name = f"refund:{till.world.id('mia')}:"
    return [(one.amount, one.status) for one in listed if one.metadata.to_dict().get("riviere", "").startswith(name)]


@pytest.fixture(autouse=True)
def _sound(till: Till) -> Any:
    """At the end of each scenario refunds, coins and money fit together."""
    yield
    check = check_refunds(till.world.connection)
    assert check.ok, check.detail


def test_unspent_coins_go_back_for_their_share_of_the_price(till: Till) -> None:
    purchase = bought(till, bonus=70)
    offer = refunds.offer(till.connection, till.world.id("mia"), purchase, till.world.now)
    assert (offer.coins, offer.bonus, offer.price, offer.currency) == (700, 70, 700, "USD")
    row = ask(till, purchase, 300)
    assert (row.state, row.coins, row.bonus, row.amount) == (State.PAID, 300, 30, 300)
    assert wallet(till) == (400, 40, 0)
    assert given_back(till) == [(300, "succeeded")]
    rest = ask(till, purchase, key="rest")
    assert (rest.coins, rest.bonus, rest.amount) == (400, 40, 400)
    assert wallet(till) == (0, 0, 0)
    with pytest.raises(NotRefundable):
        ask(till, purchase, key="more")


def test_who_spent_the_bonus_keeps_the_coins_it_came_beside(till: Till) -> None:
    till.world.creator("jo")
    purchase = bought(till, bonus=70)
    till.world.give("mia", "jo", "rose", 35)
    offer = refunds.offer(till.connection, till.world.id("mia"), purchase, till.world.now)
    assert (offer.coins, offer.bonus, offer.price) == (350, 35, 350)
    with pytest.raises(NotRefundable):
        ask(till, purchase, 351)
    assert found(till).state == State.REFUSED
    assert "350 coins" in found(till).reason
    ask(till, purchase, key="all")
    assert wallet(till) == (350, 0, 0)


def test_what_was_refused_may_be_asked_again_under_its_key(till: Till) -> None:
    till.world.creator("jo")
    purchase = bought(till, 10_000)
    given = till.world.give("mia", "jo", "rose", 10_000)
    with pytest.raises(NotRefundable):
        ask(till, purchase, 5_000)
    gifts.undo(till.world.writer, given.owner, given.id, till.world.now)
    assert ask(till, purchase, 5_000).state == State.PAID
    with pytest.raises(KeyReused):
        ask(till, purchase, 5_001)
    with pytest.raises(KeyReused):
        ask(till, purchase, 1, key="b")


def test_the_same_again_is_the_same_refund(till: Till) -> None:
    purchase = bought(till)
    first = ask(till, purchase, 300)
    assert ask(till, purchase, 300) == first
    assert given_back(till) == [(300, "succeeded")]


def test_coins_are_frozen_until_the_money_is_back(till: Till) -> None:
    checkout, _ = till.start(key="b")
    till.pay(checkout, "pm_card_pendingRefund")
    till.hear(*till.told(checkout))
    assert ask(till, client_id("b"), 300).state == State.FROZEN
    assert wallet(till) == (400, 0, 300)
    assert goes_on(till, seconds=61) == 1
    assert found(till).state == State.FROZEN
    till.account.steer(f"refunds/{found(till).reference}", status="succeeded")
    goes_on(till, minutes=10)
    assert found(till).state == State.PAID
    assert wallet(till) == (400, 0, 0)
    assert goes_on(till, days=3) == 0


def test_a_refund_that_fails_brings_the_coins_back(till: Till) -> None:
    checkout, _ = till.start(key="b", bonus=70)
    till.pay(checkout, "pm_card_pendingRefund")
    till.hear(*till.told(checkout))
    row = ask(till, client_id("b"), 300)
    till.account.steer(f"refunds/{row.reference}", status="failed")
    heard(till, "refund.failed", row)
    assert (found(till).state, wallet(till)) == (State.FAILED, (700, 70, 0))
    assert found(till).reason
    assert ask(till, client_id("b"), 300) == found(till)
    assert ask(till, client_id("b"), 700, key="again").state == State.FROZEN


def test_a_refund_that_comes_back_after_it_was_paid_waits_for_a_person(till: Till) -> None:
    purchase = bought(till)
    row = ask(till, purchase, 300)
    till.account.steer(f"refunds/{row.reference}", status="failed")
    heard(till, "refund.failed", row)
    (told,) = till.attention()
    assert "came back after it was paid" in told.reason
    assert (found(till).state, wallet(till)) == (State.PAID, (400, 0, 0))


def heard(till: Till, kind: str, row: Row) -> None:
    """The webhook of that type about a refund arrives."""
    till.hear(*till.told(row, kind))


def test_after_the_days_it_is_too_late(till: Till) -> None:
    purchase = bought(till)
    till.world.later(days=14, minutes=5)
    with pytest.raises(TooLateToRefund, match="14 days"):
        ask(till, purchase)
    assert refunds.offer(till.connection, till.world.id("mia"), purchase, till.world.now).coins == 0
    at = {"starts_at": till.world.now, "by": "kim", "now": till.world.now}
    policies.announce(till.connection, till.world.signer, "refund_days", "", 30, **at)
    assert ask(till, purchase).state == State.PAID


def test_what_nobody_bought_is_not_given_back(till: Till) -> None:
    purchase = bought(till)
    till.world.viewer("kim")
    for viewer, entry in (("mia", client_id("nothing")), ("kim", purchase)):
        with pytest.raises(UnknownEntry):
            ask(till, entry, viewer=viewer)
    for coins in (0, -1):
        with pytest.raises(BadAmount):
            ask(till, purchase, coins)
    with pytest.raises(UnknownRefund):
        found(till)
    with pytest.raises(UnknownRefund):
        found(till, "")


def test_coins_bought_in_the_sandbox_go_back_in_the_sandbox(till: Till) -> None:
    till.world.buy("mia", 70, key="s")
    bought_before = purchases.find(till.connection, till.world.id("mia"), "s")
    row = ask(till, bought_before.id, 30)
    assert (row.state, row.amount, row.processor) == (State.PAID, 30, "sandbox")
    assert wallet(till) == (40, 0, 0)


@pytest.mark.parametrize("fault", ["dropped", "lost", "nonsense", "error", "failed"])
def test_an_answer_that_is_none_is_asked_for_again_and_pays_back_once(till: Till, fault: str) -> None:
    purchase = bought(till)
    till.account.steer("faults", operation="refunds.create", kind=fault, status=429, times=1)
    assert ask(till, purchase, 300).state == State.FROZEN
    assert wallet(till) == (400, 0, 300)
    goes_on(till, minutes=2)
    assert given_back(till) == [(300, "succeeded")]
    assert (found(till).state, wallet(till)) == (State.PAID, (400, 0, 0))


def test_stripe_that_is_away_for_long_pays_back_once_though_it_forgot_the_keys(till: Till) -> None:
    purchase = bought(till)
    till.account.steer("faults", operation="refunds.create", kind="lost", times=1)
    ask(till, purchase, 300)
    till.account.steer("keys/forget")
    goes_on(till, days=2)
    assert given_back(till) == [(300, "succeeded")]
    assert found(till).state == State.PAID


def test_a_charge_that_was_given_back_by_hand_leaves_the_coins(till: Till) -> None:
    purchase = bought(till)
    till.account.stripe.refunds.create({"payment_intent": str(till.found(key="b").reference)})
    row = ask(till, purchase, 300)
    assert (row.state, row.reason) == (State.FAILED, "charge_already_refunded")
    assert wallet(till) == (700, 0, 0)


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_pendingRefund"])
def test_dying_anywhere_on_the_way_back_gives_the_money_back_once(till: Till, card: str) -> None:
    acts = 0
    while True:
        acts += 1
        key, refund = f"b {acts}", f"r {acts}"
        checkout, _ = till.start(coins=100, key=key)
        till.pay(checkout, card)
        till.hear(*till.told(checkout))
        fuse = Fuse(acts)
        kept = till.connection, till.writer, till.cards
        till.connection, till.writer = CrashingConnection(till.connection, fuse), CrashingWriter(till.writer, fuse)
        till.cards = CrashingCards(till.cards, fuse)
        try:
            ask(till, client_id(key), 40, refund)
        except Crash:
            pass
        finally:
            till.connection, till.writer, till.cards = kept
        row = ask(till, client_id(key), 40, refund)
        if row.state == State.FROZEN and row.reference is not None and card != "pm_card_visa":
            till.account.steer(f"refunds/{row.reference}", status="succeeded")
        goes_on(till, hours=acts)
        assert found(till, refund).state == State.PAID
        assert given_back(till) == [(40, "succeeded")] * acts
        assert wallet(till) == (60 * acts, 0, 0)
        if fuse.left > 0:
            break
    assert acts > 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE refund SET coins = 1", "is of 1 coins and 0 of bonus, others are frozen"),
        ("UPDATE refund SET amount = 1", "is of 1 USD, 300 USD was paid"),
        ("UPDATE refund SET state = 'failed', reason = 'x'", "is failed, and money was paid"),
        ("UPDATE refund SET purchase = id", "others are frozen"),
        ("DELETE FROM refund", "froze coins that nobody asked to give back"),
        ("UPDATE refund SET id = purchase", "is paid, and nothing was frozen"),
        ("UPDATE refund SET state = 'refused', reason = 'x'", "was refused, and coins are frozen"),
    ],
)
def test_what_was_altered_is_found(till: Till, change: str, said: str) -> None:
    ask(till, bought(till), 300)
    with till.world.database.connect_owner() as owner, owner.transaction(force_rollback=True):
        owner.execute(change)
        check = check_refunds(owner)
    assert not check.ok
    assert said in check.detail
