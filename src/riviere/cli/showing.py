"""How results are shown: instants in UTC, numbers grouped for people and exact for programs, tables as CSV."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from riviere import money
from riviere.money import COIN, DIAMOND
from riviere.wire.gifts import Gift, Reversal
from riviere.wire.purchases import Purchase


def when(instant: datetime | None) -> str:
    """An instant for a person, in UTC, to the second; empty for none."""
    return "" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def iso(instant: datetime | None) -> str | None:
    """An instant for a program: ISO 8601 in UTC."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def state(starts_at: datetime, ends_at: datetime | None, now: datetime) -> str:
    """Where a dated row stands: announced, in force or past."""
    if starts_at > now:
        return "announced"
    return "in force" if ends_at is None or now < ends_at else "past"


def exact(units: int, asset: str) -> int | str:
    """An amount for a program: coins as a number, everything with decimals as a decimal string."""
    return units if asset == COIN else money.plain(units, asset)


def diamonds(units: int) -> str:
    """Diamonds for a person."""
    return money.grouped(units, DIAMOND)


def units(text: str, asset: str) -> int:
    """A decimal string, as the API has it, in the asset's smallest unit; it may be below zero."""
    whole = money.parse(text.removeprefix("-"), asset, least=0)
    return -whole if text.startswith("-") else whole


def amount(text: str, asset: str) -> str:
    """A decimal string, as the API has it, for a person."""
    return money.grouped(units(text, asset), asset)


def receipt_of(done: Gift | Purchase | Reversal, key: str) -> dict[str, Any]:
    """What every movement of value is answered with."""
    return {"key": key, "id": done.id, "repeated": done.repeated, "booked_at": iso(done.booked_at)}


def again(done: Gift | Purchase | Reversal) -> str:
    """Says of what stood before that it did."""
    return f" (booked before, at {when(done.booked_at)} UTC; nothing moved)" if done.repeated else ""


def signed(units: int, asset: str) -> str:
    """What an account gained or lost, with its sign."""
    return ("+" if units > 0 else "") + money.grouped(units, asset)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 gift", "2,000 gifts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """A table as CSV on standard output: a head line, then the rows; lists with spaces between."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else value
