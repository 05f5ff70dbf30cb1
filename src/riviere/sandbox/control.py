"""How a test steers the sandbox: what the next calls do, what becomes of an item, and what is true.

All under `/_sandbox/`, JSON in and out, with the client's id and secret (basic authentication):

- `POST /_sandbox/faults` `{"operation", "kind", "times", "status", "milliseconds"}`: the next calls of an operation
  (token, create, show, show_item, cancel) go wrong. Kinds: `error` (nothing is done, answered with the status),
  `dropped` (nothing is done, the connection ends), `lost` (done, the connection ends without the answer), `late`
  (done, answered after so many milliseconds), `double` (done, and every item listed twice).
- `POST /_sandbox/items/{payout_item_id}` `{"status", "told"}`: the item has another status from now on; `told` are
  fields of the item that the sandbox lies about (`{"amount": {"currency": "USD", "value": "9.99"}}`).
- `POST /_sandbox/batches/{payout_batch_id}` `{"status"}`: a batch status that does not follow from its items.
- `GET /_sandbox/items`: every item as it truly is, with all the statuses it has had.
"""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from riviere.sandbox.answers import Answer, malformed, missing
from riviere.sandbox.payouts import turn
from riviere.sandbox.store import Batch, Fault, Item, Store

Status = Literal["SUCCESS", "FAILED", "PENDING", "UNCLAIMED", "RETURNED", "ONHOLD", "BLOCKED", "REFUNDED", "REVERSED"]
BatchStatus = Literal["PENDING", "PROCESSING", "SUCCESS", "DENIED", "CANCELED"]


class _SetFault(msgspec.Struct, forbid_unknown_fields=True):
    operation: Literal["token", "create", "show", "show_item", "cancel"]
    kind: Literal["error", "dropped", "lost", "late", "double"]
    times: int = 1
    status: int = 500
    milliseconds: int = 0


class _SetItem(msgspec.Struct, forbid_unknown_fields=True):
    status: Status | None = None
    told: dict[str, Any] | None = None


class _SetBatch(msgspec.Struct, forbid_unknown_fields=True):
    status: BatchStatus


_DONE: Final = Answer(200, {})


def steer(store: Store, method: str, path: list[str], body: Any, now: datetime) -> Answer:
    """Answers one of the calls above; Wrong for any other and for a body of another form."""
    try:
        match method, path:
            case "POST", ["faults"]:
                fault = msgspec.convert(body, _SetFault)
                store.put(Fault(fault.operation, fault.kind, fault.times, fault.status, fault.milliseconds))
            case "POST", ["items", name]:
                _set_item(store, name, msgspec.convert(body, _SetItem), now)
            case "POST", ["batches", name]:
                batch = store.get(Batch, name)
                if batch is None:
                    raise missing()
                batch.status = msgspec.convert(body, _SetBatch).status
                store.put(batch)
            case "GET", ["items"]:
                return Answer(200, [_truth(store, item) for item in store.every(Item)])
            case _:
                raise missing()
    except msgspec.ValidationError:
        raise malformed() from None
    return _DONE


def fault_of(store: Store, operation: str) -> Fault | None:
    """How this call of an operation is to go wrong, if it is; it counts as one of those that were asked for."""
    fault = store.get(Fault, operation)
    if fault is None or fault.left <= 0:
        return None
    fault.left -= 1
    store.put(fault)
    return fault


def _set_item(store: Store, name: str, wanted: _SetItem, now: datetime) -> None:
    item = store.get(Item, name)
    if item is None:
        raise missing()
    if wanted.told is not None:
        item.told = wanted.told
        store.put(item)
    if wanted.status is not None:
        turn(store, item, wanted.status, now)


def _truth(store: Store, item: Item) -> dict[str, Any]:
    batch = store.get(Batch, item.batch)
    return {
        "payout_item_id": item.id,
        "payout_batch_id": item.batch,
        "sender_batch_id": batch.header.get("sender_batch_id") if batch else None,
        "payout_item": item.asked,
        "history": item.history,
        "lies": bool(item.told),
    }
