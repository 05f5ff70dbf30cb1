"""Events, as an account asks for them afterwards: Stripe has them for 30 days (docs.stripe.com/api/events)."""

from typing import Any, Final

from riviere.sandbox.cards.answers import Answer, invalid, missing
from riviere.sandbox.cards.call import Call
from riviere.sandbox.cards.form import Form
from riviere.sandbox.cards.listing import page as page_of
from riviere.sandbox.cards.store import Delivery

KEPT_SECONDS: Final = 30 * 24 * 3600
#: Types that are asked for at once, at the most.
MOST_TYPES: Final = 20


def page(call: Call, said: Form) -> Answer:
    """A page of them, of one `type` (`charge.*` for all that begin so) or of several `types`."""
    kind, types = said.text("type"), said.texts("types")
    if kind and types:
        raise invalid("You may only specify one of these parameters: type, types.")
    if types and len(types) > MOST_TYPES:
        raise invalid(f"You may filter by up to {MOST_TYPES} event types.", "types")
    wanted = types or ([kind] if kind else ["*"])

    def shown(event: dict[str, Any]) -> bool:
        return _is_kept(call, event) and any(_is_of(event["type"], one) for one in wanted)

    told = page_of(call, "event", "/v1/events", said, (), shown)
    told.body["data"] = [_pending(call, event) for event in told.body["data"]]
    return told


def one(call: Call, name: str) -> Answer:
    """One of them."""
    found = call.find("event", name)
    if not _is_kept(call, found):
        raise missing("event", name)
    return Answer(200, _pending(call, found))


def _is_kept(call: Call, event: dict[str, Any]) -> bool:
    kept: bool = call.now - event["created"] < KEPT_SECONDS
    return kept


def _is_of(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted


def _pending(call: Call, event: dict[str, Any]) -> dict[str, Any]:
    waiting = sum(one.event == event["id"] for one in call.store.every(Delivery))
    return {**event, "pending_webhooks": waiting}
