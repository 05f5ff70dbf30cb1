"""People order coins and pay by card: credited once, as ordered, whatever Stripe, the network and the buyer do."""

import json
from typing import Any

import pytest
from buyers import Till, altered

from riviere.economy import offers
from riviere.errors import RiviereError
from riviere.ids import client_id
from riviere.ledger.refusals import KeyReused
from riviere.ledger.verify import verify
from riviere.payments import purchases, spending
from riviere.payments.checkout import checkouts
from riviere.payments.checkout.checking import check_checkouts
from riviere.payments.checkout.model import (
    BadEvent,
    BadSignature,
    CheckoutOver,
    ProcessorRefused,
    ProcessorUnsure,
    State,
    UnknownCheckout,
)
from riviere.payments.limits import OverOwnLimit


def coins(till: Till, viewer: str = "mia") -> tuple[int, int]:
    """Bought coins, and the bonus beside them."""
    wallet = till.world.wallet(viewer)
    return wallet.coins, wallet.bonus


def limit(till: Till, amount: int) -> None:
    """Mia wants to spend no more than that a day, in cents."""
    spending.set_limit(till.connection, till.world.id("mia"), "USD", "day", amount, "mia", till.world.now)


def cancel(till: Till, viewer: str = "mia", key: str = "k") -> Any:
    return checkouts.cancel(till.connection, till.writer, till.cards, till.world.id(viewer), key, till.world.now)


def test_coins_come_once_stripe_says_that_it_has_the_money(till: Till) -> None:
    checkout, secret = till.start(bonus=20)
    assert checkout.state == State.OPEN
    assert secret.startswith(f"{checkout.reference}_secret_")
    assert coins(till) == (0, 0)
    till.pay(checkout)
    till.hear(*till.told(checkout))
    assert coins(till) == (700, 20)
    bought = purchases.find(till.connection, till.world.id("mia"), "k")
    assert (bought.coins, bought.bonus, bought.price, bought.currency) == (700, 20, 700, "USD")
    assert till.found().state == State.PAID
    charge = till.connection.execute("SELECT processor, reference, amount, currency FROM charge").fetchall()
    assert charge == [("stripe", checkout.reference, 700, "USD")]


def test_the_same_order_again_is_the_same_checkout(till: Till) -> None:
    first, secret = till.start()
    assert till.start() == (first, secret)
    assert len(till.intents(first)) == 1
    with pytest.raises(KeyReused):
        till.start(coins=70)
    till.pay(first)
    # The browser asks again before the webhook comes: what Stripe answers is as good.
    assert till.start() == (till.found(), "")
    assert (till.found().state, coins(till)) == (State.PAID, (700, 0))


def test_an_event_that_comes_twice_or_late_credits_once(till: Till) -> None:
    checkout, _ = till.start()
    till.pay(checkout)
    body, signature = till.told(checkout)
    for _ in range(3):
        till.hear(body, signature)
    till.round(days=2)
    till.hear(body, signature)
    assert coins(till) == (700, 0)
    assert till.attention() == []


def test_where_no_event_comes_stripe_is_asked(till: Till) -> None:
    checkout, _ = till.start()
    till.pay(checkout)
    assert till.round(seconds=30) == 0
    assert till.round(seconds=31) == 1
    assert coins(till) == (700, 0)
    assert till.round(days=3) == 0


def test_a_declined_card_takes_nothing_and_another_may_pay(till: Till) -> None:
    checkout, _ = till.start()
    with pytest.raises(Exception, match="declined"):
        till.pay(checkout, "pm_card_chargeDeclined")
    till.round(minutes=2)
    assert (till.found().state, coins(till)) == (State.OPEN, (0, 0))
    till.pay(checkout)
    till.hear(*till.told(checkout))
    assert coins(till) == (700, 0)


def test_what_was_ordered_is_credited_whatever_is_on_sale_by_then(till: Till) -> None:
    checkout, _ = till.start(bonus=50)
    world = till.world
    offers.retire_pack(world.connection, world.signer, checkout.code, world.later(seconds=1), world.now)
    world.later(minutes=5)
    till.pay(checkout)
    till.hear(*till.told(checkout))
    assert coins(till) == (700, 50)
    report = {check.name: check for check in verify(world.connection, world.signer).checks}
    assert report["prices"].ok, report["prices"].detail
    assert report["charges"].ok


def test_a_checkout_that_nobody_pays_ends_after_a_day_and_frees_the_limit(till: Till) -> None:
    limit(till, 1_000)
    checkout, _ = till.start()
    with pytest.raises(OverOwnLimit):
        till.start(key="another")
    till.round(hours=24)
    assert till.found().state == State.CANCELLED
    assert [one.status for one in till.intents(checkout)] == ["canceled"]
    till.start(key="another")
    with pytest.raises(CheckoutOver):
        till.start()


def test_a_buyer_takes_it_back_and_a_paid_one_stands(till: Till) -> None:
    till.start()
    assert cancel(till).state == State.CANCELLED
    assert cancel(till).state == State.CANCELLED
    checkout, _ = till.start(key="paid")
    till.pay(checkout)
    assert cancel(till, key="paid").state == State.PAID
    assert coins(till) == (700, 0)
    with pytest.raises(UnknownCheckout):
        cancel(till, key="never")
    with pytest.raises(UnknownCheckout):
        till.found(key="")


def test_an_order_beyond_the_own_limit_reaches_nobody(till: Till) -> None:
    limit(till, 699)
    before = len(till.account.seen("asked"))
    with pytest.raises(OverOwnLimit):
        till.start()
    assert len(till.account.seen("asked")) == before
    with pytest.raises(UnknownCheckout):
        till.found()


def test_a_key_that_bought_something_else_orders_nothing(till: Till) -> None:
    till.world.buy("mia", 70, key="k")
    with pytest.raises(KeyReused):
        till.start()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"amount_received": 699}, "699 minor units of USD were paid, and 700 of USD"),
        ({"amount_received": 701}, "701 minor units of USD were paid, and 700 of USD"),
        ({"currency": "eur"}, "700 minor units of EUR were paid, and 700 of USD"),
        ({"id": "pi_another"}, "pi_another was paid, and the checkout is pi_"),
        ({"metadata": {"riviere": "5:not a checkout"}}, "names no checkout of ours: 5:not a checkout"),
        ({"metadata": {"riviere": f"5:{client_id('x')}"}}, "names no checkout of ours: 5:"),
    ],
)
def test_a_payment_that_is_not_what_was_ordered_waits_for_a_person(
    till: Till, fields: dict[str, Any], why: str
) -> None:
    checkout, _ = till.start()
    till.pay(checkout)
    till.hear(*altered(till.told(checkout)[0], **fields))
    assert coins(till) == (0, 0)
    (told,) = till.attention()
    assert why in told.reason
    till.hear(*till.told(checkout))
    assert coins(till) == (700, 0)


def test_a_payment_after_the_end_waits_for_a_person(till: Till) -> None:
    checkout, _ = till.start()
    cancel(till)
    body = till.told(checkout, "payment_intent.canceled")[0]
    said = json.loads(body) | {"type": "payment_intent.succeeded"}
    said["data"]["object"] |= {"status": "succeeded", "amount_received": 700}
    till.hear(*altered(json.dumps(said).encode(), livemode=False))
    assert "after it had been cancelled" in till.attention()[0].reason
    assert coins(till) == (0, 0)


def test_what_is_not_ours_is_kept_and_nothing_done_about_it(till: Till) -> None:
    checkout, _ = till.start()
    till.pay(checkout)
    body, signature = till.told(checkout)
    till.hear(*altered(body, metadata={}))
    kinds = {"charge.succeeded", "payment_intent.created"}
    for kind in kinds:
        heard = [(b, s or "") for s, b in till.hook.heard if json.loads(b)["type"] == kind]
        till.hear(*heard[0])
    assert coins(till) == (0, 0)
    assert till.attention() == []
    rows = till.connection.execute("SELECT type, state FROM provider_event").fetchall()
    assert {kind for kind, state in rows if state == "kept"} == {*kinds, "payment_intent.succeeded"}
    till.hear(body, signature)
    assert coins(till) == (700, 0)


@pytest.mark.parametrize("fault", ["dropped", "lost", "nonsense", "error", "failed"])
def test_an_answer_that_is_none_is_asked_for_again_with_the_same_key(till: Till, fault: str) -> None:
    till.account.steer("faults", operation="payment_intents.create", kind=fault, status=429, times=1)
    with pytest.raises(ProcessorUnsure):
        till.start()
    assert till.found().state == State.OPEN
    checkout, secret = None, ""
    for _ in range(4):
        try:
            checkout, secret = till.start()
            break
        except ProcessorUnsure:
            # A failure that Stripe has kept comes again under the same key, three times.
            assert fault == "failed"
    assert checkout is not None
    assert secret
    assert len(till.intents(checkout)) == (2 if fault == "failed" else 1)
    till.pay(checkout)
    till.hear(*till.told(checkout))
    assert coins(till) == (700, 0)


def test_a_payment_that_stripe_does_not_take_is_no_checkout(till: Till) -> None:
    limit(till, 10**9)
    with pytest.raises(ProcessorRefused, match="amount"):
        till.start(coins=10)
    assert till.found().state == State.CANCELLED
    windows = spending.read(till.connection, till.world.id("mia"), till.world.now).windows
    assert {window.spent for window in windows} == {0}


def test_somebody_who_is_told_nothing_when_the_payment_was_lost_pays_once(till: Till) -> None:
    checkout, _ = till.start()
    till.account.steer("faults", operation="payment_intents.retrieve", kind="dropped", times=1)
    till.pay(checkout)
    till.round(minutes=2)
    assert coins(till) == (0, 0)
    till.round(minutes=5)
    assert coins(till) == (700, 0)


@pytest.mark.parametrize("how", ["forged", "old", "unsigned", "truncated", "nothing", "garbage"])
def test_what_stripe_did_not_sign_is_not_heard(till: Till, how: str) -> None:
    checkout, _ = till.start()
    till.pay(checkout)
    body, signature = till.told(checkout)
    shown: dict[str, tuple[bytes, str]] = {
        "forged": (body, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
        "old": (body, f"t=1000000000,{signature.partition(',')[2]}"),
        "unsigned": (body, ""),
        "truncated": (body[:-5], signature),
        "nothing": (b"", signature),
        "garbage": (b"\xff\xfe", "t=x,v1=y"),
    }
    with pytest.raises(BadSignature):
        till.hear(*shown[how])
    assert coins(till) == (0, 0)
    assert till.connection.execute("SELECT count(*) FROM provider_event").fetchone() == (0,)
    till.round(minutes=2)


@pytest.mark.parametrize("body", [b"[]", b'{"id": "evt_1"}', b'{"id": 1, "type": "x", "created": 1, "data": {}}'])
def test_what_is_no_event_is_refused_though_it_is_signed(till: Till, body: bytes) -> None:
    import stripe

    from house_bench import WEBHOOK_SECRET

    signature = stripe.WebhookSignature.generate_signature_header(body.decode(), WEBHOOK_SECRET)
    with pytest.raises(BadEvent):
        till.hear(body, signature)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE checkout SET price = 1", "was 1 USD, 700 USD was credited"),
        ("UPDATE checkout SET currency = 'EUR'", "was 700 EUR, 700 USD was credited"),
        ("UPDATE checkout SET coins = 1", "was 1 coins of pack"),
        ("UPDATE checkout SET reference = 'pi_other'", "is payment pi_other, charge pi_"),
        ("UPDATE checkout SET request = id", "coins of pack"),
        ("DELETE FROM checkout", "is not there, but charge pi_"),
        ("UPDATE checkout SET id = request", "is paid, but nothing was credited"),
    ],
)
def test_what_was_altered_is_found(till: Till, change: str, said: str) -> None:
    checkout, _ = till.start()
    till.pay(checkout)
    till.hear(*till.told(checkout))
    with till.world.database.connect_owner() as owner, owner.transaction(force_rollback=True):
        owner.execute(change)
        check = check_checkouts(owner)
    assert not check.ok
    assert said in check.detail


def test_errors_say_nothing_of_a_secret(till: Till) -> None:
    from riviere.sandbox.cards import SECRET_KEY

    till.account.steer("faults", operation="payment_intents.create", kind="nonsense", times=1)
    with pytest.raises(RiviereError) as wrong:
        till.start()
    assert SECRET_KEY not in f"{wrong.value}{till.cards._keys!r}"
