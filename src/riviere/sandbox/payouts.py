"""The four calls of PayPal Payouts v1: make a batch, look at it, look at an item, take an unclaimed item back.

Time passes by being looked at: a look answers how an item stands and moves it on, so the next look finds what became
of it. Only the 30 days of a sender_batch_id and of an unclaimed item are days of the clock.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from riviere import ids
from riviere.sandbox.answers import Answer, Wrong, invalid, issue, item_error, missing
from riviere.sandbox.requests import checked
from riviere.sandbox.store import Batch, Item, Sender, Store

#: How long PayPal remembers a sender_batch_id, and how long an item may stay unclaimed (OpenAPI document 1.9).
REMEMBERED = timedelta(days=30)

#: What each look finds after PENDING, by the name of the receiver.
OUTCOMES = {
    "pending": [],
    "fails": ["FAILED"],
    "unclaimed": ["UNCLAIMED"],
    "held": ["ONHOLD"],
    "blocked": ["BLOCKED"],
    "returned": ["RETURNED"],
    "refunded": ["REFUNDED"],
    "reversed": ["REVERSED"],
    "returned-later": ["SUCCESS", "RETURNED"],
    "refunded-later": ["SUCCESS", "REFUNDED"],
    "reversed-later": ["SUCCESS", "REVERSED"],
}
_USUAL = ["SUCCESS"]

_PAGE = 1000
_TRUE = {"true": True, "false": False}


def create(store: Store, body: Any, base: str, now: datetime) -> Answer:
    """Takes a batch, all of it or nothing; its items are PENDING until they are looked at. 201.

    A sender_batch_id of the last 30 days is answered 400 with a link to its batch, unless that batch was DENIED.
    """
    header, asked = checked(body)
    name = header.get("sender_batch_id")
    if name is not None and (earlier := _remembered(store, name, now)):
        # The link is where PayPal's sandbox puts it: in the detail, under `link`.
        link = [_link(f"{base}/v1/payments/payouts/{earlier.id}", "self")]
        what = issue("SENDER_BATCH_ID", "Batch with given sender_batch_id already exists", link=link)
        raise Wrong(400, "USER_BUSINESS_ERROR", "User business error.", [what])
    batch = Batch(_id(), header, now, [_id() for _ in asked])
    store.put(batch)
    for name_of, item in zip(batch.items, asked, strict=True):
        outcome = OUTCOMES.get(item["receiver"].partition("@")[0].partition("+")[0], _USUAL)
        store.put(Item(name_of, batch.id, item, now, "PENDING", list(outcome), ["PENDING"], {}))
    if name is not None:
        store.put(Sender(name, batch.id))
    return Answer(201, {"batch_header": _header(batch, "PENDING"), "links": _links(base, batch)})


def show(store: Store, name: str, query: Mapping[str, str], base: str, now: datetime) -> Answer:
    """A batch and a page of its items, each looked at; fields, page, page_size and total_required are PayPal's."""
    batch = store.get(Batch, name)
    if batch is None:
        raise missing()
    page, size, totals = _paging(query)
    all_items = [_item(store, item, now) for item in batch.items]
    batch.seen = True
    store.put(batch)
    status = status_of(batch, all_items)
    items = all_items[(page - 1) * size : page * size]
    told: dict[str, Any] = {
        "batch_header": {
            **_header(batch, status),
            "amount": _sum(item.asked["amount"]["value"] for item in all_items) | _currency(all_items),
            "fees": {"value": "0.00"} | _currency(all_items),
            "funding_source": "BALANCE",
        },
        "items": [_told(item, batch, base) for item in items],
        "links": _links(base, batch),
    }
    if totals:
        told |= {"total_items": len(all_items), "total_pages": -(-len(all_items) // size)}
    for item in items:
        _move_on(store, item, now)
    fields = [field for field in query.get("fields", "").split(",") if field]
    return Answer(200, {field: told[field] for field in fields if field in told} if fields else told)


def show_item(store: Store, name: str, base: str, now: datetime) -> Answer:
    """One item, looked at."""
    item = _item(store, name, now)
    told = _told(item, _batch(store, item), base)
    _move_on(store, item, now)
    return Answer(200, told)


def cancel(store: Store, name: str, base: str, now: datetime) -> Answer:
    """Takes an unclaimed item back: it is RETURNED. Any other status is answered 400."""
    item = _item(store, name, now)
    if item.status == "RETURNED":
        raise Wrong(400, "ITEM_ALREADY_CANCELLED", "The requested item is already cancelled.")
    if item.status != "UNCLAIMED":
        raise Wrong(400, "ITEM_INCORRECT_STATUS", "You can only cancel items that have an Unclaimed state.")
    turn(store, item, "RETURNED", now)
    return Answer(200, _told(item, _batch(store, item), base))


def turn(store: Store, item: Item, status: str, now: datetime) -> None:
    """Gives an item another status; nothing lies ahead of it any more."""
    item.ahead = [status]
    _move_on(store, item, now)


def status_of(batch: Batch, items: list[Item]) -> str:
    """PENDING until somebody looks, PROCESSING while an item is PENDING, then DENIED if all failed, else SUCCESS."""
    if batch.status is not None:
        return batch.status
    statuses = {item.status for item in items}
    if "PENDING" in statuses:
        return "PROCESSING" if batch.seen else "PENDING"
    return "DENIED" if statuses == {"FAILED"} else "SUCCESS"


def _remembered(store: Store, name: str, now: datetime) -> Batch | None:
    sender = store.get(Sender, name)
    batch = store.get(Batch, sender.batch) if sender else None
    if batch is None or now - batch.at >= REMEMBERED:
        return None
    items = [item for one in batch.items if (item := store.get(Item, one))]
    return None if status_of(batch, items) == "DENIED" else batch


def _item(store: Store, name: str, now: datetime) -> Item:
    item = store.get(Item, name)
    if item is None:
        raise missing()
    if item.status == "UNCLAIMED" and now - item.at >= REMEMBERED:
        turn(store, item, "RETURNED", now)
    return item


def _batch(store: Store, item: Item) -> Batch:
    batch = store.get(Batch, item.batch)
    assert batch is not None, "an item is kept together with its batch"
    return batch


def _move_on(store: Store, item: Item, now: datetime) -> None:
    if item.ahead:
        item.status, *item.ahead = item.ahead
        item.history.append(item.status)
        item.at = now
        store.put(item)


def _paging(query: Mapping[str, str]) -> tuple[int, int, bool]:
    page, size = query.get("page", "1"), query.get("page_size", str(_PAGE))
    wrong = [
        issue(name, "Value is invalid (must be 1 to 1000)")
        for name, value in (("page", page), ("page_size", size))
        if not (value.isascii() and value.isdigit() and 1 <= int(value) <= _PAGE)
    ]
    totals = _TRUE.get(query.get("total_required", "false"))
    if totals is None:
        wrong.append(issue("total_required", "Value is invalid (must be true or false)"))
    if wrong:
        raise invalid(wrong)
    return int(page), int(size), bool(totals)


def _header(batch: Batch, status: str) -> dict[str, Any]:
    return {
        "payout_batch_id": batch.id,
        "batch_status": status,
        "time_created": _time(batch.at),
        "sender_batch_header": batch.header,
    }


def _told(item: Item, batch: Batch, base: str) -> dict[str, Any]:
    asked = item.asked | item.told
    sender = batch.header.get("sender_batch_id")
    paid = item.status in ("SUCCESS", "UNCLAIMED", "ONHOLD")
    return {
        "payout_item_id": item.id,
        "transaction_status": item.status,
        "payout_item_fee": {"currency": asked["amount"]["currency"], "value": "0.25" if paid else "0.00"},
        "payout_batch_id": item.batch,
        "payout_item": {"recipient_wallet": "PAYPAL", **asked},
        "time_processed": _time(item.at),
        "links": [
            _link(f"{base}/v1/payments/payouts-item/{item.id}", "item"),
            _link(f"{base}/v1/payments/payouts/{item.batch}", "batch"),
        ],
        **({"sender_batch_id": sender} if sender else {}),
        **({"transaction_id": item.id[::-1]} if paid else {}),
        **item_error(item.status),
    }


def _sum(values: Any) -> dict[str, str]:
    return {"value": str(sum((Decimal(value) for value in values), Decimal(0)))}


def _currency(items: list[Item]) -> dict[str, str]:
    return {"currency": items[0].asked["amount"]["currency"]}


def _links(base: str, batch: Batch) -> list[dict[str, str]]:
    return [_link(f"{base}/v1/payments/payouts/{batch.id}", "self")]


def _link(href: str, rel: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "method": "GET", "encType": "application/json"}


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _id() -> str:
    """Thirteen capitals and digits, as PayPal's ids are."""
    return ids.shown("", ids.random_id())[1:].upper()
