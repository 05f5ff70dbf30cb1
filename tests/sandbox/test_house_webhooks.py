"""Webhooks come as Stripe sends them: signed, again until they are taken, in their own order; and as forgers do."""

from typing import Any

import pytest
import stripe

from house_bench import WEBHOOK_SECRET, Account, Hook, until


@pytest.fixture(autouse=True)
def _quiet(account: Account, hook: Hook) -> None:
    """Nothing is under way any more, and the hook has heard nothing."""
    account.steer("webhooks/hold", holding=False)
    until(lambda: all(one["done"] for one in account.seen("webhooks")), "what was under way")
    hook.heard.clear()


def intent(account: Account) -> stripe.PaymentIntent:
    return account.stripe.payment_intents.create({"amount": 499, "currency": "usd"}, {"idempotency_key": "k"})


def happened(account: Account, about: str) -> list[str]:
    """The events about an object, oldest first."""
    listed = account.stripe.events.list({"limit": 100}).data
    return [one.id for one in reversed(listed) if one.data.object["id"] == about]


def test_an_event_comes_whole_and_signed(account: Account, hook: Hook) -> None:
    account.steer("keys/forget")
    made = intent(account)
    until(lambda: hook.heard, "the webhook")
    (event,) = hook.events()
    assert (event.type, event.object, event.livemode) == ("payment_intent.created", "event", False)
    assert event.id.startswith("evt_")
    assert event.data.object["id"] == made.id
    request: Any = event.request
    assert (request.id, request.idempotency_key) == (made.last_response.request_id, "k")
    assert event.api_version == made.last_response.headers["stripe-version"]
    until(lambda: account.stripe.events.retrieve(event.id).pending_webhooks == 0, "the answer to be noted")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(hook.heard[0][1], str(hook.heard[0][0]), "whsec_wrong")


def test_it_comes_again_until_it_is_taken(account: Account, hook: Hook) -> None:
    hook.statuses = [500, 302]
    account.steer("events", type="product.invented", object={"id": "x_1", "object": "invention"})
    until(lambda: len(hook.heard) == 3, "three tries")
    assert hook.types() == ["product.invented"] * 3
    assert len({event.id for event in hook.events()}) == 1
    until(lambda: account.seen("webhooks")[-1]["done"], "the last to be noted")
    assert account.seen("webhooks")[-1]["tries"] == 3


def test_what_is_held_comes_in_the_order_that_is_wanted_and_again(account: Account, hook: Hook) -> None:
    account.steer("webhooks/hold", holding=True)
    paid = account.bought()
    first, last = happened(account, paid.id)
    assert account.steer("webhooks/send", events=[last, first, last])["statuses"] == [200, 200, 200]
    assert hook.types() == ["payment_intent.succeeded", "payment_intent.created", "payment_intent.succeeded"]
    assert all(one["done"] for one in account.seen("webhooks") if one["event"] in (first, last))
    account.steer("webhooks/hold", holding=False)
    until(lambda: "charge.succeeded" in hook.types(), "the rest")


@pytest.mark.parametrize("how", ["forged", "truncated", "altered", "old", "unsigned"])
def test_what_is_not_stripes_can_be_told(account: Account, hook: Hook, how: str) -> None:
    made = account.bought()
    until(lambda: len(hook.heard) == 3, "the true ones")
    hook.heard.clear()
    assert account.steer("webhooks/send", events=[happened(account, made.id)[-1]], how=how)["statuses"] == [200]
    ((signed, body),) = hook.heard
    if how == "unsigned":
        assert signed is None
    else:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, str(signed), WEBHOOK_SECRET)
    if how == "old":
        tolerant = 2 * 3600
        assert stripe.Webhook.construct_event(body, str(signed), WEBHOOK_SECRET, tolerance=tolerant).livemode is False


def test_another_secret_and_fewer_types_may_be_wanted(account: Account, hook: Hook) -> None:
    other = f"{hook.url}?other"
    account.steer("endpoints", url=other, secret="whsec_other", events=["charge.succeeded"])
    account.bought()
    until(lambda: len(hook.heard) == 4, "three and one")
    signed_otherwise = []
    for signed, body in hook.heard:
        try:
            stripe.Webhook.construct_event(body, str(signed), WEBHOOK_SECRET)
        except stripe.SignatureVerificationError:
            signed_otherwise.append(stripe.Webhook.construct_event(body, str(signed), "whsec_other").type)
    assert signed_otherwise == ["charge.succeeded"]
    account.steer("endpoints", url=other, secret="whsec_other", events=[])


def test_events_are_found_again_by_type_for_thirty_days(account: Account) -> None:
    paid = account.bought()
    of_type = account.stripe.events.list({"type": "payment_intent.*", "limit": 2}).data
    assert [one.type for one in of_type] == ["payment_intent.succeeded", "payment_intent.created"]
    several = account.stripe.events.list({"types": ["charge.succeeded", "payment_intent.created"], "limit": 2}).data
    assert [one.type for one in several] == ["charge.succeeded", "payment_intent.created"]
    assert several[0].data.object["payment_intent"] == paid.id
    account.steer("clock", ahead=30 * 24 * 3600)
    left = {one.id for one in account.stripe.events.list({"limit": 100}).auto_paging_iter()}
    assert not left & {one.id for one in several}
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        account.stripe.events.retrieve(several[0].id)
    account.steer("clock", ahead=0)


def test_a_steering_that_means_nothing_is_refused(account: Account) -> None:
    secret = {"authorization": f"Bearer {account.secret}"}
    for path, body in (
        ("webhooks/send", {"events": ["evt_nobody"]}),
        ("webhooks/send", {"events": [], "how": "sideways"}),
        ("faults", {"operation": "payment_intents.create", "kind": "bad weather"}),
        ("weather", {}),
    ):
        assert account.http.post(f"/_sandbox/{path}", json=body, headers=secret).status_code in (400, 404)
    assert account.http.post("/_sandbox/faults", content=b"{", headers=secret).status_code == 400
