"""How a test steers the stand-in: how the next calls go wrong, what becomes of webhooks, and what was asked.

All under `/_sandbox/`, JSON in and out, with the secret key as a bearer token:

- `POST /_sandbox/faults` `{"operation", "kind", "times", "status", "milliseconds"}`: the next calls of an operation
  (`payment_intents.create` and so on, as in `GET /_sandbox/asked`) go wrong. Kinds: `error` (nothing is done, answered
  with the status; Stripe keeps a 500 for the request's idempotency key, and not a 429), `failed` (done, and answered
  with a 500 that is kept), `nonsense` (nothing is done, answered 200 with a page), `dropped` (nothing is done, the
  connection ends), `lost` (done, the connection ends without the answer), `late` (done, answered after so many
  milliseconds).
- `POST /_sandbox/faults/end` `{}`: nothing goes wrong any more, and what is late is answered.
- `POST /_sandbox/endpoints` `{"url", "secret", "events"}`: webhooks go there, too; the same address again changes it.
- `POST /_sandbox/webhooks/hold` `{"holding"}`: new webhooks wait; `false` lets all of them go, and whatever else
  waits for its next try.
- `POST /_sandbox/webhooks/send` `{"events", "how", "secret"}`: sends events now, one after the other in that order,
  held or delivered before, and answers the statuses that came back. `how`: `signed` (as always), `forged` (with
  another secret), `truncated` (half of the body, signed as a whole), `altered` (another amount than was signed), `old`
  (signed an hour ago), `unsigned`.
- `POST /_sandbox/events` `{"type", "object"}`: an event of any type happens, known to Stripe or not.
- `POST /_sandbox/keys/forget` `{}`: idempotency keys are forgotten, as after 24 hours.
- `POST /_sandbox/clock` `{"ahead"}`: the clock runs ahead by so many seconds; webhooks are signed with the true time.
- `POST /_sandbox/disputes` `{"charge", "amount", "reason", "inquiry"}`: a cardholder disputes a charge (or the charge
  of a PaymentIntent), all of it where no amount is named; `POST /_sandbox/disputes/{id}` `{"status"}` takes it on:
  `won`, `lost`, `under_review`, `warning_closed`, or `needs_response` where an inquiry becomes a dispute.
- `POST /_sandbox/refunds` `{"charge", "amount", "reason"}`: somebody refunds by hand at Stripe's dashboard;
  `POST /_sandbox/refunds/{id}` `{"status"}`: one that was pending is through (`succeeded`), or one fails, even after it
  had succeeded (`failed`).
- `POST /_sandbox/warnings` `{"charge"}`: the card's bank warns of fraud.
- `POST /_sandbox/slow` `{"times"}`: the next payments stay `processing`; `POST /_sandbox/intents/{id}` `{"status"}`
  settles one: `succeeded` or `failed`.
- `POST /_sandbox/balance` `{"type", "amount", "currency", "description"}`: Stripe itself takes or gives (`stripe_fee`,
  `adjustment`); `POST /_sandbox/payouts` `{"currency"}`: all that is available goes to the bank.
- `GET /_sandbox/asked`: every request that came, with its key and the answer's status.
- `GET /_sandbox/webhooks`: every delivery, how often it was tried, what came of it, and whether it is over (`done`).
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from riviere.sandbox.cards import outside
from riviere.sandbox.cards.answers import Answer, Wrong, missing
from riviere.sandbox.cards.call import Call
from riviere.sandbox.cards.store import Asked, Delivered, Delivery, Endpoint, Fault, Kept, Store
from riviere.sandbox.cards.webhooks import Webhooks, signature, written

_HOUR: Final = 3600


class _SetFault(msgspec.Struct, forbid_unknown_fields=True):
    operation: str
    kind: Literal["error", "failed", "nonsense", "dropped", "lost", "late"]
    times: int = 1
    status: int = 500
    milliseconds: int = 0


class _SetEndpoint(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    secret: str
    events: list[str] = msgspec.field(default_factory=lambda: ["*"])


class _Hold(msgspec.Struct, forbid_unknown_fields=True):
    holding: bool


class _Send(msgspec.Struct, forbid_unknown_fields=True):
    events: list[str]
    how: Literal["signed", "forged", "truncated", "altered", "old", "unsigned"] = "signed"
    secret: str = "whsec_of_somebody_else"  # noqa: S105 -- nobody's


class _Happen(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    object: dict[str, Any]


class _Clock(msgspec.Struct, forbid_unknown_fields=True):
    ahead: int


_DONE: Final = Answer(200, {})


async def steer(call: Call, webhooks: Webhooks, method: str, path: list[str], body: Any) -> Answer:
    """Answers one of the calls above; Wrong for any other and for a body of another form."""
    call = msgspec.structs.replace(call, request=None, key=None)
    try:
        if (method, path) == ("POST", ["webhooks", "send"]):
            return await _send(call.store, webhooks, msgspec.convert(body, _Send))
        with call.store.transaction():
            answer = _steered(call, method, path, body)
    except msgspec.ValidationError as error:
        raise Wrong(400, "invalid_request_error", str(error)) from None
    webhooks.wake()
    return answer


def put_endpoint(store: Store, url: str, secret: str, events: list[str]) -> None:
    """Webhooks go there from now on."""
    name = "we_" + hashlib.blake2b(url.encode(), digest_size=12).hexdigest()
    store.put(Endpoint(name, url, secret, events))


def fault_of(store: Store, operation: str, but: tuple[str, ...] = ()) -> Fault | None:
    """How this call is to go wrong, if it is, other than in the ways of `but`; it counts as one that was asked for."""
    fault = store.get(Fault, operation)
    if fault is None or fault.left <= 0 or fault.kind in but:
        return None
    fault.left -= 1
    store.put(fault)
    return fault


def _steered(call: Call, method: str, path: list[str], body: Any) -> Answer:
    store = call.store
    match method, path:
        case "POST", ["faults"]:
            wrong = msgspec.convert(body, _SetFault)
            store.put(Fault(wrong.operation, wrong.kind, wrong.times, wrong.status, wrong.milliseconds))
        case "POST", ["faults", "end"]:
            for fault in store.every(Fault):
                store.drop(Fault, fault.id)
        case "POST", ["endpoints"]:
            endpoint = msgspec.convert(body, _SetEndpoint)
            put_endpoint(store, endpoint.url, endpoint.secret, endpoint.events)
        case "POST", ["webhooks", "hold"]:
            _hold(store, msgspec.convert(body, _Hold).holding)
        case "POST", ["events"]:
            happened = msgspec.convert(body, _Happen)
            call.tell(happened.type, happened.object)
        case "POST", ["keys", "forget"]:
            for kept in store.every(Kept):
                store.drop(Kept, kept.id)
        case "POST", ["clock"]:
            steered = store.steered()
            steered.ahead = msgspec.convert(body, _Clock).ahead
            store.put(steered)
        case "GET", ["asked"]:
            return Answer(200, msgspec.to_builtins(store.every(Asked)))
        case "GET", ["webhooks"]:
            return Answer(200, [*_told(store.every(Delivery), False), *_told(store.every(Delivered), True)])
        case _:
            return outside.happen(call, method, path, body)
    return _DONE


def _told(deliveries: Sequence[Delivery], done: bool) -> list[dict[str, Any]]:
    return [{**msgspec.to_builtins(one), "done": done} for one in deliveries]


def _hold(store: Store, holding: bool) -> None:
    steered = store.steered()
    steered.holding = holding
    store.put(steered)
    if not holding:
        for delivery in store.every(Delivery):
            delivery.held, delivery.due = False, 0.0
            store.put(delivery)


async def _send(store: Store, webhooks: Webhooks, wanted: _Send) -> Answer:
    statuses = []
    for name in wanted.events:
        event = store.object("event", name)
        if event is None:
            raise missing("event", name)
        for endpoint in store.every(Endpoint):
            if wanted.how == "signed":
                delivery = store.get(Delivery, f"{name}:{endpoint.id}") or Delivery("", name, endpoint.id, 0.0)
                delivery.id = f"{name}:{endpoint.id}"
                statuses.append(await webhooks.deliver(delivery))
            else:
                statuses.append(await _send_badly(webhooks, endpoint, event, wanted))
    return Answer(200, {"statuses": statuses})


async def _send_badly(webhooks: Webhooks, endpoint: Endpoint, event: dict[str, Any], wanted: _Send) -> int | None:
    body = written(event)
    signed: str | None = signature(body, wanted.secret if wanted.how == "forged" else endpoint.secret)
    match wanted.how:
        case "truncated":
            body = body[: len(body) // 2]
        case "altered":
            body = written({**event, "data": {"object": {**event["data"]["object"], "amount": 1}}})
        case "old":
            signed = signature(body, endpoint.secret, _HOUR)
        case "unsigned":
            signed = None
    return await webhooks.post(endpoint.url, body, signed)
