"""PaymentIntents: a payment from the first thought of it until the money is there, or nobody wants it any more."""

from typing import Any, Final

from riviere.sandbox.cards import numbers
from riviere.sandbox.cards.answers import Answer, Wrong, invalid, refused
from riviere.sandbox.cards.behind import Behind, behaviour
from riviere.sandbox.cards.call import Call, new_id
from riviere.sandbox.cards.charges import begin, decline, pay
from riviere.sandbox.cards.form import Form
from riviere.sandbox.cards.typed import checked

#: The least and most that is charged, in the currency's smallest unit (docs.stripe.com/currencies, for US dollars).
LEAST: Final = 50
MOST: Final = 99_999_999

#: Where a PaymentIntent may still be confirmed, and where it may still be cancelled.
_CONFIRMED_FROM = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELLED_FROM = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")

_REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")

#: What a page sees of a PaymentIntent with the publishable key and its client secret.
_PUBLIC = (
    "id", "object", "amount", "automatic_payment_methods", "canceled_at", "cancellation_reason", "capture_method",
    "client_secret", "confirmation_method", "created", "currency", "description", "last_payment_error", "livemode",
    "next_action", "payment_method", "payment_method_types", "processing", "receipt_email", "setup_future_usage",
    "shipping", "source", "status",
)  # fmt: skip


def create(call: Call, behind: Behind, said: Form) -> Answer:
    """A new PaymentIntent, confirmed at once where that is asked for."""
    amount, currency = said.whole("amount"), said.need("currency").lower()
    if amount is None:
        raise invalid("Missing required param: amount.", "amount", "parameter_missing")
    if amount < LEAST:
        raise invalid("Amount must convert to at least 50 cents.", "amount", "amount_too_small")
    if amount > MOST:
        raise invalid("Amount must be no more than $999,999.99.", "amount", "amount_too_large")
    if not (len(currency) == 3 and currency.isalpha()):
        raise invalid(f"Invalid currency: {currency[:20]}.", "currency")
    automatic, types = said.inner("automatic_payment_methods"), said.texts("payment_method_types")
    if automatic and types:
        raise invalid("You may only specify one of these parameters: automatic_payment_methods, payment_method_types.")
    made = _blank(call, amount, currency)
    made["metadata"] = said.metadata()
    made["payment_method_types"] = types or ["card"]
    if types is None:
        enabled = automatic is None or automatic.yes("enabled") is not False
        redirects = "always" if automatic is None else automatic.text("allow_redirects") or "always"
        made["automatic_payment_methods"] = {"enabled": enabled, "allow_redirects": redirects}
    for name in ("customer", "description", "receipt_email", "statement_descriptor_suffix", "transfer_group"):
        made[name] = said.text(name)
    confirm, method = said.yes("confirm"), _method(call.now, behind, said)
    _passed_over(said)
    said.done()
    if method is not None:
        made["payment_method"], made["status"] = method["id"], "requires_confirmation"
    call.store.put_object(made)
    call.tell("payment_intent.created", made)
    if not confirm:
        return Answer(200, made)
    if method is None:
        raise _no_method(made)
    return _confirmed(call, made, method)


def confirm(call: Call, behind: Behind, name: str, said: Form) -> Answer:
    """The customer says yes, with a card or with the one that was named before."""
    made = call.find("payment_intent", name, "intent")
    method = _method(call.now, behind, said)
    said.skip("receipt_email", "client_secret")
    _passed_over(said)
    said.done()
    if made["status"] not in _CONFIRMED_FROM:
        raise _unexpected(made, f"You cannot confirm this PaymentIntent because it has already {_past(made)}.")
    if method is None and made["payment_method"] is not None:
        method = behind.named(made["payment_method"])
    if method is None:
        raise _no_method(made)
    return _confirmed(call, made, method)


def authenticate(call: Call, behind: Behind, name: str, said: Form) -> Answer:
    """The customer's bank has asked (3-D Secure): `success` says whether they proved who they are."""
    made = call.find("payment_intent", name, "intent")
    success = said.yes("success")
    said.skip("client_secret")
    said.done()
    if made["status"] != "requires_action":
        raise _unexpected(made, "This PaymentIntent waits for nothing.")
    made["next_action"] = None
    method = behind.named(made["payment_method"])
    if success:
        return _charged(call, made, method)
    error = {
        "type": "invalid_request_error",
        "code": "payment_intent_authentication_failure",
        "message": "We are unable to authenticate your payment method. Please choose another one and try again.",
    }
    _failed(call, made, method, error)
    return Answer(200, made)


def cancel(call: Call, name: str, said: Form) -> Answer:
    """Nobody will pay this any more."""
    made = call.find("payment_intent", name, "intent")
    reason = said.one_of("cancellation_reason", _REASONS)
    said.done()
    if made["status"] not in _CANCELLED_FROM:
        raise _unexpected(
            made,
            f"You cannot cancel this PaymentIntent because it has a status of {made['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(_CANCELLED_FROM)}.",
        )
    made |= {"status": "canceled", "canceled_at": call.now, "cancellation_reason": reason, "next_action": None}
    call.store.put_object(made)
    call.tell("payment_intent.canceled", made)
    return Answer(200, made)


def seen_by_page(answer: Answer) -> Answer:
    """What a page hears, which has shown no more than the publishable key and a client secret."""
    made = answer.body if answer.status == 200 else answer.body["error"]["payment_intent"]
    seen = {name: made[name] for name in _PUBLIC}
    return Answer(
        answer.status, seen if answer.status == 200 else {"error": {**answer.body["error"], "payment_intent": seen}}
    )


def _method(now: int, behind: Behind, said: Form) -> dict[str, Any] | None:
    name, data = said.text("payment_method"), said.inner("payment_method_data")
    if name is not None and data is not None:
        raise invalid("You may only specify one of these parameters: payment_method, payment_method_data.")
    if data is not None:
        return behind.card(checked(data, now))
    return None if name is None else behind.named(name)


def _passed_over(said: Form) -> None:
    """What changes nothing here: there is one kind of payment method, and no page to be sent back to."""
    said.skip("return_url", "use_stripe_sdk", "off_session", "error_on_requires_action", "payment_method_options")
    said.skip("capture_method", "confirmation_method", "setup_future_usage", "mandate_data", "statement_descriptor")


def _confirmed(call: Call, made: dict[str, Any], method: dict[str, Any]) -> Answer:
    made |= {"payment_method": method["id"], "last_payment_error": None}
    if behaviour(method["card"]).asks:
        made["status"] = "requires_action"
        sdk = {"type": "three_d_secure_redirect", "stripe_js": "", "source": new_id("src")}
        made["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": sdk}
        call.store.put_object(made)
        call.tell("payment_intent.requires_action", made)
        return Answer(200, made)
    return _charged(call, made, method)


def settle(call: Call, name: str, card: numbers.Card) -> dict[str, Any]:
    """A payment that took its time is through, or has failed, as the card says."""
    made = call.find("payment_intent", name, "intent")
    if made["status"] != "processing":
        raise _unexpected(made, "This PaymentIntent is not processing.")
    charge = call.find("charge", made["latest_charge"])
    method = {"id": charge["payment_method"], "card": charge["payment_method_details"]["card"]}
    _settled(call, made, charge, method, card)
    return made


def _charged(call: Call, made: dict[str, Any], method: dict[str, Any]) -> Answer:
    charge = begin(call, made, method)
    made["latest_charge"] = charge["id"]
    steered = call.store.steered()
    if steered.slow == 0:
        return _settled(call, made, charge, method, behaviour(method["card"]))
    steered.slow -= 1
    call.store.put(steered)
    made["status"] = "processing"
    call.store.put_object(made)
    call.tell("charge.pending", charge)
    call.tell("payment_intent.processing", made)
    return Answer(200, made)


def _settled(
    call: Call, made: dict[str, Any], charge: dict[str, Any], method: dict[str, Any], card: numbers.Card
) -> Answer:
    if card.code is None:
        made |= {"status": "succeeded", "amount_received": made["amount"]}
        call.store.put_object(made)
        pay(call, charge, card)
        call.tell("payment_intent.succeeded", made)
        return Answer(200, made)
    decline(call, charge, card)
    error: dict[str, Any] = {"type": "card_error", "code": card.code, "charge": charge["id"]}
    error["message"] = numbers.said_of(card)
    if card.reason is not None:
        error["decline_code"] = card.reason
    _failed(call, made, method, error)
    return Answer(402, {"error": {**made["last_payment_error"], "payment_intent": made}})


def _failed(call: Call, made: dict[str, Any], method: dict[str, Any], error: dict[str, Any]) -> None:
    shown = {"id": method["id"], "object": "payment_method", "type": "card", "card": method["card"]}
    made["last_payment_error"] = {**error, "payment_method": shown}
    made |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
    call.store.put_object(made)
    call.tell("payment_intent.payment_failed", made)


def _unexpected(made: dict[str, Any], message: str) -> Wrong:
    return refused(message, "payment_intent_unexpected_state", payment_intent=made)


def _no_method(made: dict[str, Any]) -> Wrong:
    message = (
        "You cannot confirm this PaymentIntent because it's missing a payment method. Update the PaymentIntent with a "
        "payment method and then confirm it again."
    )
    return _unexpected(made, message)


def _past(made: dict[str, Any]) -> str:
    return "been canceled" if made["status"] == "canceled" else "succeeded after being previously confirmed"


def _blank(call: Call, amount: int, currency: str) -> dict[str, Any]:
    name = new_id("pi")
    return {
        "id": name,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": new_id(f"{name}_secret"),
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": currency,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "processing": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "status": "requires_payment_method",
        "transfer_data": None,
    }
