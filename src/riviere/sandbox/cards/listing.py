"""Lists as Stripe answers them: newest first, a page at a time; and objects in place of their ids."""

from collections.abc import Callable, Sequence
from itertools import dropwhile, islice, takewhile
from typing import Any, Final

from riviere.sandbox.cards.answers import Answer, invalid
from riviere.sandbox.cards.call import Call
from riviere.sandbox.cards.form import Form

#: Objects on a page, unless another number is asked for, and the most that may be (docs.stripe.com/api/pagination).
USUAL: Final = 10
MOST: Final = 100

Shown = Callable[[dict[str, Any]], bool]

_KINDS: Final = {
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "du": "dispute",
    "txn": "balance_transaction",
    "po": "payout",
}
_SPANS: Final = ("gt", "gte", "lt", "lte")


def page(call: Call, kind: str, url: str, said: Form, filters: Sequence[str], shown: Shown = lambda _: True) -> Answer:
    """A page of a kind: `limit`, `starting_after`, `ending_before`, `created`, and fields that must be equal.

    Only those are there that `shown` says yes to.
    """
    limit = said.whole("limit")
    if limit is not None and not 1 <= limit <= MOST:
        raise invalid(f"Invalid integer: limit must be 1 to {MOST}", "limit")
    limit = limit or USUAL
    after, before = said.text("starting_after"), said.text("ending_before")
    wanted = {name: value for name in filters if (value := said.text(name)) is not None}
    spans = _created(said)
    said.done()
    for name, param in ((after, "starting_after"), (before, "ending_before")):
        if name is not None:
            call.find(kind, name, param)
    there = call.store.objects(kind)
    if after is not None:
        there = islice(dropwhile(lambda one: one["id"] != after, there), 1, None)
    if before is not None:
        there = takewhile(lambda one: one["id"] != before, there)
    found = (one for one in there if shown(one) and _matches(one, wanted, spans))
    # The page before an object ends at it, so all that lies before has to be seen.
    taken = [*found][-limit - 1 :] if before is not None else [*islice(found, limit + 1)]
    more = len(taken) > limit
    taken = taken[-limit:] if before is not None else taken[:limit]
    return Answer(200, {"object": "list", "data": taken, "has_more": more, "url": url})


def expand(call: Call, told: Any, path: list[str]) -> Any:
    """`told` with an object in place of its id at the end of the path."""
    if isinstance(told, list):
        return [expand(call, one, path) for one in told]
    if not isinstance(told, dict) or not path:
        return told
    name, *rest = path
    if name not in told:
        raise invalid(f"This property cannot be expanded ({name}).", "expand")
    value = told[name]
    if isinstance(value, str):
        kind = _KINDS.get(value.partition("_")[0])
        value = (call.store.object(kind, value) if kind else None) or value
    return {**told, name: expand(call, value, rest)}


def _created(said: Form) -> dict[str, int]:
    inside = said.inner("created")
    if inside is None:
        return {}
    spans = {name: value for name in _SPANS if (value := inside.whole(name)) is not None}
    inside.done()
    return spans


def _matches(one: dict[str, Any], wanted: dict[str, str], spans: dict[str, int]) -> bool:
    at = one["created"]
    within = (
        at > spans.get("gt", at - 1)
        and at >= spans.get("gte", at)
        and at < spans.get("lt", at + 1)
        and at <= spans.get("lte", at)
    )
    return within and all(one.get(name) == value for name, value in wanted.items())
