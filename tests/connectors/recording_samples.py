"""One good row in each format, and any of its fields changed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from riviere.connectors.detect import open_recording
from riviere.connectors.model import Row

NOW = datetime(2026, 11, 1, tzinfo=UTC)
GONE = object()

LOG = {
    "id": "g1", "at": "2026-03-01T20:00:00Z", "sender": "viewer-ada", "creator": "creator-lin", "item": "rose",
    "unit_coins": 1, "count": 3, "stream": "harp-hour", "post": None,
}  # fmt: skip
LOG_HEADER = ",".join(LOG)

MESSAGE = {
    "type": "WebcastGiftMessage", "msgId": "m1", "roomId": "room-1", "hostId": "host-1", "createTime": 1778353204000,
    "user": {"userId": "viewer-ada"}, "toUserId": "creator-ravi", "giftId": 90001,
    "gift": {"id": 90001, "name": "Petal", "diamondCount": 2, "combo": True}, "groupId": "7", "repeatCount": 3,
}  # fmt: skip

ROOM = {
    "room_id": "room-1", "event_ts": "1781955031", "tid": "1781955031001", "user_id": "viewer-ada", "gift_id": "80001",
    "gift_name": "灯笼", "num": "3", "price": "100", "total_coin": "240", "coin_type": "gold",
}  # fmt: skip


def changed(row: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    """`row` with other values; a dot leads into an inner object, GONE takes a key out."""
    copy: dict[str, object] = json.loads(json.dumps(row))
    for name, value in changes.items():
        at, keys = copy, name.split(".")
        for key in keys[:-1]:
            inner = at[key]
            assert isinstance(inner, dict)
            at = inner
        if value is GONE:
            del at[keys[-1]]
        else:
            at[keys[-1]] = value
    return copy


def log_json(**changes: object) -> str:
    return json.dumps(changed(LOG, changes))


def log_csv(**changes: object) -> str:
    return ",".join("" if value in (None, GONE) else str(value) for value in (LOG | changes).values())


def webcast(changes: dict[str, object] | None = None) -> str:
    return json.dumps(changed(MESSAGE, changes or {}))


def room_csv(**changes: object) -> str:
    row = ROOM | changes
    return ",".join(row) + "\r\n" + ",".join("" if v in (None, GONE) else str(v) for v in row.values()) + "\r\n"


def in_log_json(path: Path, **changes: object) -> Row:
    return _second(path, f"{log_json()}\n{log_json(**changes)}\n")


def in_log_csv(path: Path, **changes: object) -> Row:
    return _second(path, f"{LOG_HEADER}\n{log_csv()}\n{log_csv(**changes)}\n")


def in_webcast(path: Path, **changes: object) -> Row:
    inner = {name.replace("__", "."): value for name, value in changes.items()}
    return _second(path, f"{webcast()}\n{webcast(inner)}\n")


def in_room(path: Path, **changes: object) -> Row:
    path.mkdir()
    header, good, _ = room_csv().split("\r\n")
    (path / "send_gift.csv").write_text(f"{header}\n{good}\n{room_csv(**changes).splitlines()[1]}\n")
    return rows(path)[1]


Placed = Callable[..., Row]


def rows(path: Path) -> list[Row]:
    return [row for _, row in open_recording(path).rows(NOW)]


def _second(path: Path, text: str) -> Row:
    path.write_text(text)
    first, second = rows(path)
    assert first.line < second.line
    return second
