"""Rows of the journal as one parameter: the binary form of an array of rows, which PostgreSQL takes as it is.

A driver that converts a row value by value takes longer than PostgreSQL takes to store it; here most rows are one call.
The form is what `array_recv` and `record_recv` read (src/backend/utils/adt/arrayfuncs.c, rowtypes.c): before each value
its type's number and its length.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.adapt import Dumper
from psycopg.pq import Format

from riviere.ledger.merkle import microseconds
from riviere.ledger.model import Entry

#: PostgreSQL counts time from 2000-01-01, in microseconds.
_EPOCH: Final = 946_684_800_000_000

#: The numbers of PostgreSQL's own types, which never change (src/include/catalog/pg_type.dat).
_BYTEA, _BIGINT, _SMALLINT, _INTEGER, _TEXT, _INSTANT, _UUID = 17, 20, 21, 23, 25, 1184, 2950


def _head(kind: int, length: int) -> int:
    """What stands before a value: type and length, as one number of 64 bits."""
    return kind << 32 | length & 0xFFFF_FFFF


#: What stands before the values of a gift, and in the place of what it has none of.
_B, _I, _S, _U, _T = _head(_BIGINT, 8), _head(_INTEGER, 4), _head(_SMALLINT, 2), _head(_UUID, 16), _head(_INSTANT, 8)
_NO_UPTO, _NO_CURRENCY, _NO_CAUSE = _head(_INTEGER, -1), _head(_TEXT, -1), _head(_UUID, -1)
_NO_EXPIRY, _NO_MESSAGE = _head(_INSTANT, -1), _head(_BYTEA, -1)

#: A row of two users' accounts without any of the last five columns, which is nearly every gift.
_GIFT: Final = struct.Struct(">iiQqQ16sQiQhQhQhQi" + "Qq" * 10 + "QqQqQ16sQhQiQqQqQiQi" + "Q" * 5)
_COLUMNS: Final = len(msgspec.structs.fields(Entry))
_LENGTH: Final = _GIFT.size - 4


class Rows(bytes):
    """An array of rows of the journal, as a parameter."""


class RowsDumper(Dumper):
    """Hands Rows on as they are; their type is that of the statement's cast."""

    format = Format.BINARY

    def dump(self, obj: Rows) -> Rows:
        """The same."""
        return obj


def array_of(entries: Sequence[Entry], row_type: int) -> Rows:
    """The rows of these entries; `row_type` is the number of the journal's row type in this database."""
    rows = [struct.pack(">iiIii", 1, 0, row_type, len(entries), 1)]
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
            rows.append(_row(e))
            continue
        rows.append(
            pack(
                *(_LENGTH, _COLUMNS, _B, e.owner, _U, e.id.bytes, _I, e.leg, _S, e.route, _S, e.debit_kind),
                *(_S, e.credit_kind, _I, e.count, _B, e.debit_user, _B, e.debit_amount, _B, e.debit_start),
                *(_B, e.debit_balance, _B, e.debit_seq, _B, e.credit_user, _B, e.credit_amount, _B, e.credit_start),
                *(_B, e.credit_balance, _B, e.credit_seq, _T, at_number, _T, booked_number, _U, e.request.bytes),
                *(_S, e.writer, _I, e.position, _B, e.batch, _B, e.place, _I, e.item, _I, e.policy),
                *(_NO_UPTO, _NO_CURRENCY, _NO_CAUSE, _NO_EXPIRY, _NO_MESSAGE),
            )
        )
    return Rows(b"".join(rows))


def _row(entry: Entry) -> bytes:
    """Any row of the journal."""
    values = []
    for value, (kind, form) in zip(msgspec.structs.astuple(entry), _FORMS, strict=True):
        written = b"" if value is None else form(value)
        values.append(_head(kind, -1 if value is None else len(written)).to_bytes(8, "big") + written)
    body = _COLUMNS.to_bytes(4, "big") + b"".join(values)
    return len(body).to_bytes(4, "big") + body


def _whole(size: int) -> Callable[[int], bytes]:
    return lambda value: value.to_bytes(size, "big", signed=True)


def _of_uuid(value: UUID) -> bytes:
    return value.bytes


def _of_instant(value: datetime) -> bytes:
    return (microseconds(value) - _EPOCH).to_bytes(8, "big", signed=True)


_8, _4, _2 = (_BIGINT, _whole(8)), (_INTEGER, _whole(4)), (_SMALLINT, _whole(2))
_ID, _TIME = (_UUID, _of_uuid), (_INSTANT, _of_instant)

#: How each column is written, in the order of Entry's fields.
_FORMS: Final[tuple[tuple[int, Callable[[Any], bytes]], ...]] = (
    *(_8, _ID, _4, _2, _2, _2, _4),
    *(_8,) * 10,
    *(_TIME, _TIME, _ID, _2, _4, _8),
    *(_8, _4, _4, _4, (_TEXT, str.encode), _ID, _TIME, (_BYTEA, bytes)),
)
