"""What a new economy starts with: our own gifts and coin packs, from two tables beside this file.

The price ladders are facts of the trade; names, codes and bonuses are ours. Gifts: every distinct price of TikTok's
gift list as its webcast endpoint gave it from 2023-09-02 to 2024-01-05, and unlock levels seen at those prices
(github.com/jwdeveloper/TikTokLiveJava). Packs: TikTok's prices in its own app, in US dollars.
"""

import csv
from importlib.resources import files

import msgspec


class StarterGift(msgspec.Struct, frozen=True):
    """A gift: price in coins, whether it can be sent as a combo, the viewer level that unlocks it (0: none).

    `regions` are ISO 3166 country codes; empty means everywhere.
    """

    code: str
    name: str
    coins: int
    combo: bool
    unlock_level: int
    regions: tuple[str, ...]


class StarterPack(msgspec.Struct, frozen=True):
    """Coins for money: `bonus` coins more that expire after `bonus_days`, `price` in minor units of `currency`."""

    code: str
    coins: int
    bonus: int
    bonus_days: int
    price: int
    currency: str


def gifts() -> list[StarterGift]:
    """The starter catalogue, cheapest first."""
    rows = [{**row, "regions": row["regions"].split()} for row in _table("catalogue.csv")]
    return msgspec.convert(rows, list[StarterGift], strict=False)


def packs() -> list[StarterPack]:
    """The starter coin packs, smallest first."""
    return msgspec.convert(_table("packs.csv"), list[StarterPack], strict=False)


def _table(name: str) -> list[dict[str, str]]:
    text = files("riviere.economy").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
