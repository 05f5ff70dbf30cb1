"""Our own gift log, JSONL or CSV: id, at, sender, creator, item, unit_coins, count, and stream or post."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from riviere.connectors import fields, jsonl, table
from riviere.connectors.lines import Line
from riviere.connectors.model import BadRow, GiftRecord, Ignored, Row

JSONL = "gift_log_jsonl"
CSV = "gift_log_csv"

COLUMNS = ("id", "at", "sender", "creator", "item", "unit_coins", "count")
PLACES = ("stream", "post")


class _Gift(msgspec.Struct, frozen=True):
    id: object = None
    at: object = None
    sender: object = None
    creator: object = None
    item: object = None
    unit_coins: object = None
    count: object = None
    stream: object = None
    post: object = None


_GIFT = msgspec.json.Decoder(_Gift)


def read_jsonl(lines: Iterator[Line], now: datetime) -> Iterator[tuple[int, Row | Ignored]]:
    """The gifts of a log in JSON Lines, with the bytes read so far."""
    return jsonl.rows(lines, lambda text, number: _record(_GIFT.decode(text), number, now))


def read_csv(lines: Iterator[Line], now: datetime) -> Iterator[tuple[int, Row | Ignored]]:
    """The gifts of a log in CSV, with the bytes read so far."""
    return table.rows(lines, lambda row, number: _record(_of_text(row), number, now))


def _of_text(row: dict[str, str]) -> _Gift:
    return _Gift(
        id=row["id"],
        at=row["at"],
        sender=row["sender"],
        creator=row["creator"],
        item=row["item"],
        unit_coins=fields.digits(row["unit_coins"]),
        count=fields.digits(row["count"]),
        stream=row.get("stream"),
        post=row.get("post"),
    )


def _record(gift: _Gift, line: int, now: datetime) -> GiftRecord:
    source_id = fields.name(gift.id, "id")
    sender = fields.name(gift.sender, "sender")
    creator = fields.name(gift.creator, "creator")
    fields.two_people(sender, creator)
    item = fields.name(gift.item, "item", fields.LONGEST_CODE)
    unit_coins = fields.coins(gift.unit_coins, "unit_coins")
    if fields.absent(gift.stream) is fields.absent(gift.post):
        both = "neither" if fields.absent(gift.post) else "both"
        raise BadRow(reason=f"a gift goes to a stream or to a post, and this row names {both}")
    to_stream = fields.absent(gift.post)
    return GiftRecord(
        source_id=source_id,
        at=fields.moment(gift.at, "at", now),
        sender=sender,
        creator=creator,
        item=item,
        item_name=item,
        unit_coins=unit_coins,
        combo=False,
        count=fields.count(gift.count, "count", unit_coins),
        paid_coins=None,
        place_kind="stream" if to_stream else "post",
        place=fields.name(gift.stream, "stream") if to_stream else fields.name(gift.post, "post"),
        line=line,
        streak=False,
    )
