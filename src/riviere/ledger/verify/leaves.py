"""The journal as the chains see it: each row as the database sends a record, made into the leaf of its batch's tree.

Both write numbers the same way, the highest byte first, so nearly all of a leaf is copied as it comes. This is written
apart from riviere.ledger.merkle on purpose: that two of them come to the same root says more than one does twice.
"""

import struct
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from riviere.ledger import merkle

#: A record begins with the number of its values, in four bytes. Before each are its type and its length (-1: null).
_COUNT: Final = 4
_LENGTH: Final = struct.Struct(">4xi")


def _values(forms: str) -> str:
    return "".join(f"8x{form}" for form in forms.split())


#: What every row has: owner, id, leg, route, two kinds, count, two amounts, two times, request, writer, position and
#: batch.
_FIXED_FORM: Final = ">4x" + _values("8s 16s 4s 2s 2s 2s 4s 8s 8s q q 16s 2s i 8s")
_FIXED: Final = struct.Struct(_FIXED_FORM)
#: A gift, as the statement list_entries sends it: place, item and policy more, and both sides.
_GIFT: Final = struct.Struct(_FIXED_FORM + _values("8s 4s 4s" + " 8s" * 8))
_GIFT_VALUES: Final = 26
_GIFT_PRESENT: Final = 0b111
#: What any other row has more, or has not: place, item, policy, combo, currency, cause, time of expiry, hash of words.
_OPTIONAL: Final = tuple(struct.Struct(f">{form}") for form in ("8s", "4s", "4s", "4s", "3s", "16s", "q", "32s"))
_EXPIRES_AT: Final = 6

_TIMES: Final = struct.Struct(">qq")
_VERSION: Final = merkle.VERSION.to_bytes(1, "big")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: PostgreSQL counts time from 2000-01-01, in microseconds.
_LATER: Final = 946_684_800_000_000

#: What a row raises that was altered past its form.
UNHASHABLE: Final = (struct.error, TypeError, OverflowError)


class Row(NamedTuple):
    """A row of the journal: what every row has, what else is `present` (a bit each), and the figures of both sides."""

    fixed: tuple[Any, ...]
    present: int
    optional: bytes
    debit: bytes
    credit: bytes

    def __str__(self) -> str:
        """The beginning of its id, and its leg: how a detail names it."""
        return f"{self.fixed[1].hex()[:8]}/{int.from_bytes(self.fixed[2], 'big', signed=True)}"

    @property
    def booked(self) -> int:
        """When it was booked, in microseconds since 1970."""
        return int(self.fixed[10]) + _LATER

    @property
    def booked_at(self) -> datetime:
        """The same as people read it. Raises OverflowError for what no calendar has."""
        return _EPOCH + timedelta(microseconds=self.booked)

    @property
    def position(self) -> int:
        """Its place in its batch."""
        return int(self.fixed[13])


def row_of(record: bytes) -> Row:
    """A row out of a record of list_entries. Raises one of UNHASHABLE for values that no entry can have."""
    if record[_COUNT - 1] == _GIFT_VALUES:
        gift = _GIFT.unpack(record)
        sides = _VERSION + b"".join(gift[18:22]), _VERSION + b"".join(gift[22:])
        return Row(gift[:15], _GIFT_PRESENT, b"".join(gift[15:18]), *sides)
    rest = _rest(record)
    present, optional = 0, b""
    for bit, (value, form) in enumerate(zip(rest, _OPTIONAL, strict=False)):
        if value is not None:
            present |= 1 << bit
            optional += form.pack(int.from_bytes(value, "big", signed=True) + _LATER if bit == _EXPIRES_AT else value)
    return Row(_FIXED.unpack_from(record), present, optional, _side(rest[8:12]), _side(rest[12:]))


def _rest(record: bytes) -> list[bytes | None]:
    """The values behind those that every row has."""
    values: list[bytes | None] = []
    at = _FIXED.size
    while at < len(record):
        (length,) = _LENGTH.unpack_from(record, at)
        at += _LENGTH.size
        values.append(None if length < 0 else record[at : at + length])
        at += max(0, length)
    return values


def _side(figures: list[Any]) -> bytes:
    """A platform account has none."""
    return b"" if figures[0] is None else _VERSION + b"".join(figures)


def leaf_of(row: Row, batch_salt: bytes) -> bytes:
    """The leaf of a row in the tree of its batch. Raises one of UNHASHABLE for values that no entry can have."""
    fixed = row.fixed
    times = _TIMES.pack(fixed[9] + _LATER, fixed[10] + _LATER)
    where = fixed[13].to_bytes(4, "big")
    common = b"".join(
        (_VERSION, *fixed[:9], times, fixed[11], fixed[12], where, fixed[14], bytes((row.present,)), row.optional)
    )
    salts = merkle.side_salts(batch_salt, fixed[13])
    return merkle.leaf_of(common, merkle.side_digest(row.debit, salts[0]), merkle.side_digest(row.credit, salts[1]))
