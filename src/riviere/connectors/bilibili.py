"""A folder of Bilibili live events as CSV files, of which send_gift.csv holds the gifts.

1,000 gold is 1 CNY; silver is free. There is no receiver column: the creator is the room. What was paid is total_coin:
a blind box is paid at one price and shows a gift of another, and members buy the same gift at a discount.
"""

from collections.abc import Iterator
from datetime import datetime

from riviere.connectors import fields, table
from riviere.connectors.lines import Line
from riviere.connectors.model import BadRow, Free, GiftRecord, Ignored, Row
from riviere.money import shown

FORMAT = "bilibili"
GIFTS = "send_gift.csv"

#: Files beside the gifts that hold value of other kinds, which is not imported yet.
BESIDE = ("super_chat.csv", "guard_buy.csv", "combo_end.csv")

COLUMNS = (
    "room_id", "event_ts", "tid", "user_id", "gift_id", "gift_name", "num", "price", "total_coin", "coin_type",
)  # fmt: skip


def read(lines: Iterator[Line], now: datetime) -> Iterator[tuple[int, Row | Ignored]]:
    """The gifts of send_gift.csv, one row a record, with the bytes read so far."""
    return table.rows(lines, lambda row, number: _row(row, number, now))


def _row(row: dict[str, str], line: int, now: datetime) -> Row:
    coin = row["coin_type"]
    if coin == "silver":
        return Free(line)
    if coin != "gold":
        raise BadRow(reason=f"coin_type is {shown(coin)}, neither gold nor silver")
    sender = fields.name(row["user_id"], "user_id")
    room = fields.name(row["room_id"], "room_id")
    fields.two_people(sender, room)
    item = fields.name(f"bilibili:{fields.name(row['gift_id'], 'gift_id')}", "gift_id", fields.LONGEST_CODE)
    unit_coins = fields.coins(fields.digits(row["price"]), "price")
    seconds = fields.digits(row["event_ts"])
    if isinstance(seconds, str):
        raise BadRow(reason=f"event_ts must be whole seconds since 1970, not {shown(seconds)}")
    return GiftRecord(
        source_id=fields.name(row["tid"], "tid"),
        at=fields.moment(seconds * 1000, "event_ts", now),
        sender=sender,
        creator=room,
        item=item,
        item_name=fields.title(row["gift_name"], item),
        unit_coins=unit_coins,
        combo=False,
        count=fields.count(fields.digits(row["num"]), "num", unit_coins),
        paid_coins=fields.coins(fields.digits(row["total_coin"]), "total_coin"),
        place_kind="stream",
        place=room,
        line=line,
        streak=False,
    )
