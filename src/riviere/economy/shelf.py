"""The rows of the catalogue: versions of gifts and of coin packs, what they may say, and how they are written.

Written inside `dated.changing` only; catalogue.py and offers.py decide what.
"""

from datetime import datetime
from typing import Final

import msgspec

from riviere import money
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks, people

SQL = load("riviere.economy")

#: Ten years: longer than any bonus lasts, and no sum with it leaves the calendar.
MOST_DAYS: Final = 3_650


class Version(msgspec.Struct, frozen=True):
    """A gift as it is sold for a time. `coins` is the list price of one; `regions` empty means everywhere."""

    id: int
    gift: int
    code: str
    name: str
    coins: int
    combo: bool
    unlock_level: int
    regions: list[str]
    starts_at: datetime
    ends_at: datetime | None


class Pack(msgspec.Struct, frozen=True):
    """A coin pack as it is sold for a time: `price` in minor units, `bonus` coins that last `bonus_days`."""

    id: int
    code: str
    coins: int
    bonus: int
    bonus_days: int
    price: int
    currency: str
    starts_at: datetime
    ends_at: datetime | None


def checked(version: Version) -> Version:
    """`version`, if it may be sold. Raises BadText, BadAmount, BadNumber or BadRegion."""
    checks.text(version.code, "A gift's code", checks.LONGEST_NAME)
    checks.text(version.name, "A gift's name", checks.LONGEST_NAME)
    money.amount(version.coins, "The price", unit="coins")
    checks.whole(version.unlock_level, "An unlock level", 0, people.HIGHEST_LEVEL)
    for region in version.regions:
        checks.region(region)
    return version


def checked_pack(pack: Pack) -> Pack:
    """`pack`, if it may be sold. Raises BadText, BadAmount, BadNumber or UnknownCurrency."""
    checks.text(pack.code, "A pack's code", checks.LONGEST_NAME)
    money.amount(pack.coins, "The coins of a pack", unit="coins")
    money.amount(pack.bonus, "The bonus of a pack", least=0, unit="coins")
    checks.whole(pack.bonus_days, "The days that a bonus lasts", 1, MOST_DAYS)
    money.scale(pack.currency)
    money.amount(pack.price, "The price", unit=f"minor units of {pack.currency}")
    return pack


def insert(connection: Connection, version: Version) -> Version:
    """Writes a version, and its gift where that is new (`gift` 0)."""
    gift = version.gift or _id(connection, "add_gift", {"code": version.code, "name": version.name})
    row = msgspec.structs.replace(version, gift=gift)
    return msgspec.structs.replace(row, id=_id(connection, "add_version", msgspec.structs.asdict(row)))


def insert_pack(connection: Connection, pack: Pack) -> Pack:
    """Writes a version of a pack."""
    return msgspec.structs.replace(pack, id=_id(connection, "add_pack", msgspec.structs.asdict(pack)))


def _id(connection: Connection, query: str, row: dict[str, object]) -> int:
    added = connection.execute(SQL[query], row).fetchone()
    assert added is not None
    return int(added[0])


def close(connection: Connection, row: Version | Pack, at: datetime) -> None:
    """Lets a row end at `at`."""
    query = "end_version" if isinstance(row, Version) else "end_pack"
    connection.execute(SQL[query], {"id": row.id, "at": at})
