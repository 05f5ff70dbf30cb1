"""TikTok webcast messages, one JSON object a line, under TikTok's own field names.

A streak is (roomId, user.userId, giftId, groupId); its repeatCount is cumulative and can jump, and its last message
(repeatEnd 1) repeats the count. The creator is toUserId: hostId names the same person by another id.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from riviere.connectors import fields, jsonl
from riviere.connectors.lines import Line
from riviere.connectors.model import BadRow, Free, GiftRecord, Ignored, Row
from riviere.money import shown

FORMAT = "tiktok_webcast"
GIFT = "WebcastGiftMessage"


class _User(msgspec.Struct, frozen=True, rename="camel"):
    user_id: object = None


class _Gift(msgspec.Struct, frozen=True, rename="camel"):
    name: object = None
    diamond_count: object = None
    combo: object = None


class _Kind(msgspec.Struct, frozen=True):
    type: object = None


class _Message(msgspec.Struct, frozen=True, rename="camel"):
    type: object = None
    msg_id: object = None
    room_id: object = None
    create_time: object = None
    user: _User = _User()
    to_user_id: object = None
    gift_id: object = None
    gift: _Gift = _Gift()
    group_id: object = None
    repeat_count: object = None


_MESSAGE = msgspec.json.Decoder(_Message)
_KIND = msgspec.json.Decoder(_Kind)


def is_kind(value: object) -> bool:
    """Whether `value` is the `type` of a webcast message."""
    return isinstance(value, str) and value.startswith("Webcast")


def read(lines: Iterator[Line], now: datetime) -> Iterator[tuple[int, Row | Ignored]]:
    """The gifts among the messages, one row a message, with the bytes read so far."""
    return jsonl.rows(lines, lambda text, number: _row(text, number, now))


def _row(text: str, line: int, now: datetime) -> Row | Ignored:
    try:
        message = _MESSAGE.decode(text)
    except msgspec.ValidationError:
        if _KIND.decode(text).type == GIFT:
            raise
        message = _Message(type=_KIND.decode(text).type)
    if message.type != GIFT:
        if is_kind(message.type):
            return Ignored(fields.name(message.type, "type"))
        raise BadRow(reason=f"type is {shown(message.type)}, not that of a webcast message")
    if type(message.gift.diamond_count) is int and message.gift.diamond_count == 0:
        return Free(line)
    return _gift(message, line, now)


def _gift(message: _Message, line: int, now: datetime) -> GiftRecord:
    room = fields.name(message.room_id, "roomId")
    sender = fields.name(message.user.user_id, "user.userId")
    creator = fields.name(message.to_user_id, "toUserId")
    fields.two_people(sender, creator)
    gift = fields.name(message.gift_id, "giftId")
    item = fields.name(f"tiktok:{gift}", "giftId", fields.LONGEST_CODE)
    combo = message.gift.combo
    if combo is not None and not isinstance(combo, bool):
        raise BadRow(reason=f"gift.combo must be true or false, not {shown(combo)}")
    streak = combo is True and message.group_id is not None
    unit_coins = fields.coins(message.gift.diamond_count, "gift.diamondCount")
    if streak:
        source_id = _streak(room, sender, gift, fields.name(message.group_id, "groupId"))
    else:
        source_id = fields.name(message.msg_id, "msgId")
    return GiftRecord(
        source_id=source_id,
        at=fields.moment(message.create_time, "createTime", now),
        sender=sender,
        creator=creator,
        item=item,
        item_name=fields.title(message.gift.name, item),
        unit_coins=unit_coins,
        combo=combo is True,
        count=fields.count(message.repeat_count, "repeatCount", unit_coins),
        paid_coins=None,
        place_kind="stream",
        place=room,
        line=line,
        streak=streak,
    )


def _streak(*parts: str) -> str:
    """The streak's own name. Colons inside a part are written otherwise, so that no two streaks share one."""
    return ":".join(("tiktok:streak", *(part.replace("%", "%25").replace(":", "%3A") for part in parts)))
