"""Rows of the journal as COPY's binary format has them (https://www.postgresql.org/docs/18/sql-copy.html).

A driver that converts a row value by value takes longer than PostgreSQL takes to store it; here most rows are one call.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from riviere.ledger.merkle import microseconds
from riviere.ledger.model import Entry

#: What comes before the first row, and after the last one.
HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"

_NULL: Final = b"\xff\xff\xff\xff"
_COLUMNS: Final = len(msgspec.structs.fields(Entry))
#: PostgreSQL counts time from 2000-01-01, in microseconds.
_EPOCH: Final = 946_684_800_000_000

#: A row of two users' accounts without any of the last five columns, which is nearly every gift: each value with its
#: length before it, and five nulls.
_GIFT: Final = struct.Struct(">h" + "iqi16siiihihihii" + "iq" * 10 + "iqiqi16sihiiiqiqiiii" + "i" * 5)

_INT2, _INT4, _INT8 = struct.Struct(">ih"), struct.Struct(">ii"), struct.Struct(">iq")


def _int2(value: int) -> bytes:
    return _INT2.pack(2, value)


def _int4(value: int) -> bytes:
    return _INT4.pack(4, value)


def _int8(value: int) -> bytes:
    return _INT8.pack(8, value)


def _uuid(value: Any) -> bytes:
    return b"\0\0\0\x10" + bytes(value.bytes)


def _instant(value: datetime) -> bytes:
    return _INT8.pack(8, microseconds(value) - _EPOCH)


def _bytes(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _text(value: str) -> bytes:
    return _bytes(value.encode())


#: How each column is written, in the order of Entry's fields.
_FORMS: Final[tuple[Callable[[Any], bytes], ...]] = (
    *(_int8, _uuid, _int4, _int2, _int2, _int2, _int4),
    *(_int8,) * 10,
    *(_instant, _instant, _uuid, _int2, _int4, _int8),
    *(_int8, _int4, _int4, _int4, _text, _uuid, _instant, _bytes),
)


def block(entries: Sequence[Entry]) -> bytes:
    """The rows of these entries, without header and trailer."""
    rows = []
    pack = _GIFT.pack
    at = booked_at = None
    at_number = booked_number = 0
    for e in entries:
        if e.at is not at:
            at, at_number = e.at, microseconds(e.at) - _EPOCH
        if e.booked_at is not booked_at:
            booked_at, booked_number = e.booked_at, microseconds(e.booked_at) - _EPOCH
        if (
            e.debit_user is None
            or e.credit_user is None
            or e.place is None
            or e.upto is not None
            or e.cause is not None
            or e.message is not None
        ):
            rows.append(row(e))
            continue
        rows.append(
            pack(
                *(_COLUMNS, 8, e.owner, 16, e.id.bytes, 4, e.leg, 2, e.route, 2, e.debit_kind, 2, e.credit_kind),
                *(4, e.count, 8, e.debit_user, 8, e.debit_amount, 8, e.debit_start, 8, e.debit_balance),
                *(8, e.debit_seq, 8, e.credit_user, 8, e.credit_amount, 8, e.credit_start, 8, e.credit_balance),
                *(8, e.credit_seq, 8, at_number, 8, booked_number, 16, e.request.bytes, 2, e.writer),
                *(4, e.position, 8, e.batch, 8, e.place, 4, e.item, 4, e.policy, -1, -1, -1, -1, -1),
            )
        )
    return b"".join(rows)


def row(entry: Entry) -> bytes:
    """Any row of the journal."""
    values = zip(_FORMS, msgspec.structs.astuple(entry), strict=True)
    written = [_NULL if value is None else form(value) for form, value in values]
    return _COLUMNS.to_bytes(2, "big") + b"".join(written)
