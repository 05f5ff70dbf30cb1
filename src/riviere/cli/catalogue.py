"""`riviere admin gifts`, `gift`, `packs` and `pack`: what is sold, at what price, from when on."""

from datetime import datetime
from typing import Annotated, Any

from cyclopts import App, Parameter

from riviere import clock, money
from riviere.cli.common import NOTHING_SAID, Common, table
from riviere.cli.export import gift_row
from riviere.cli.inputs import At, From, MaybeWhole, Whole
from riviere.cli.showing import iso, state, when
from riviere.economy import offers
from riviere.economy.catalogue import Catalogue
from riviere.economy.shelf import Pack, Version
from riviere.economy.tiers import tier

gift = App(name="gift", help="Add a gift, give it a new price, take it off sale.")
pack = App(name="pack", help="Add a coin pack or take it off sale.")

Coins = Annotated[Whole, Parameter(help="Its price in coins.")]
Regions = Annotated[
    list[str] | None, Parameter(name="--region", negative=(), help="Where it is sold (JP); may be given again.")
]


def gifts(*, common: Common = NOTHING_SAID) -> None:
    """List every gift on sale or announced, cheapest first."""
    with common.riviere() as riviere:
        now = clock.now()
        rows = [row for row in Catalogue.load(riviere.connection).every_version() if not _over(row, now)]
    columns = ("gift", "name", ">coins", "tier", "combo", ">level", "state", "from (UTC)", "until (UTC)", "regions")
    lines = [
        (
            row.code,
            row.name,
            f"{row.coins:,}",
            tier(row.coins).name.lower(),
            "combo" if row.combo else "",
            f"{row.unlock_level:,}" if row.unlock_level else "",
            state(row.starts_at, row.ends_at, now),
            when(row.starts_at),
            when(row.ends_at),
            " ".join(row.regions),
        )
        for row in rows
    ]
    answer = {"gifts": [gift_row(row) for row in rows]}
    common.answer(answer, table(columns, lines) if rows else "no gifts on sale: riviere admin defaults")


def packs(*, common: Common = NOTHING_SAID) -> None:
    """List every coin pack on sale or announced."""
    with common.riviere() as riviere:
        now = clock.now()
        rows = [row for row in Catalogue.load(riviere.connection).every_pack() if not _over(row, now)]
    columns = ("pack", ">coins", ">bonus", ">days it lasts", ">price", "", "state", "from (UTC)", "until (UTC)")
    lines = [
        (
            row.code,
            f"{row.coins:,}",
            f"{row.bonus:,}" if row.bonus else "",
            f"{row.bonus_days:,}" if row.bonus else "",
            money.grouped(row.price, row.currency),
            row.currency,
            state(row.starts_at, row.ends_at, now),
            when(row.starts_at),
            when(row.ends_at),
        )
        for row in rows
    ]
    answer = {"packs": [_pack_row(row) for row in rows]}
    common.answer(answer, table(columns, lines) if rows else "no packs on sale: riviere admin defaults")


@gift.command(name="add")
def add_gift(
    code: str,
    name: str,
    coins: Coins,
    *,
    combo: Annotated[bool, Parameter(negative=(), help="It can be sent as a combo.")] = False,
    level: Annotated[Whole, Parameter(help="The viewer's level that unlocks it.")] = 0,
    regions: Regions = None,
    starts_at: From = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Add a gift to the catalogue."""
    with common.riviere() as riviere:
        now = clock.now()
        added = offers.add_gift(
            riviere.connection,
            riviere.signer,
            code,
            name,
            coins,
            combo=combo,
            unlock_level=level,
            regions=regions or (),
            starts_at=starts_at or now,
            now=now,
        )
    _answer_gift(common, added)


@gift.command(name="price")
def price_gift(
    code: str,
    coins: Coins,
    *,
    combo: Annotated[bool | None, Parameter(help="Whether it can be sent as a combo; as before if not given.")] = None,
    level: Annotated[MaybeWhole, Parameter(help="The viewer's level that unlocks it; as before if not given.")] = None,
    regions: Regions = None,
    starts_at: From = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Sell a gift at a new price; what was sent keeps the price it was sent at."""
    with common.riviere() as riviere:
        now = clock.now()
        version = offers.new_version(
            riviere.connection,
            riviere.signer,
            code,
            coins,
            combo=combo,
            unlock_level=level,
            regions=regions,
            starts_at=starts_at or now,
            now=now,
        )
    _answer_gift(common, version)


@gift.command(name="retire")
def retire_gift(code: str, *, at: At = None, common: Common = NOTHING_SAID) -> None:
    """Take a gift off sale, now or at a time to come."""
    with common.riviere() as riviere:
        now = clock.now()
        offers.retire(riviere.connection, riviere.signer, code, at or now, now)
    common.answer({"gift": code, "ends_at": iso(at or now)}, f"{code} is off sale from {when(at or now)} UTC on")


@pack.command(name="add")
def add_pack(
    code: str,
    coins: Annotated[Whole, Parameter(help="The coins in it.")],
    price: Annotated[str, Parameter(help="What it costs (9.99).")],
    currency: Annotated[str, Parameter(help="In which currency (USD).")],
    *,
    bonus: Annotated[Whole, Parameter(help="Coins given beside them.")] = 0,
    bonus_days: Annotated[Whole, Parameter(help="Days that the bonus can be spent.")] = 30,
    starts_at: From = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Sell a coin pack, new or in place of what its code was."""
    minor_units = money.parse(price, currency, "The price")
    with common.riviere() as riviere:
        now = clock.now()
        added = offers.add_pack(
            riviere.connection,
            riviere.signer,
            code,
            coins=coins,
            bonus=bonus,
            bonus_days=bonus_days,
            price=minor_units,
            currency=currency,
            starts_at=starts_at or now,
            now=now,
        )
    said = f"{code}: {added.coins:,} coins for {money.grouped(added.price, currency)} {currency}"
    common.answer(_pack_row(added), f"{said} from {when(added.starts_at)} UTC on")


@pack.command(name="retire")
def retire_pack(code: str, *, at: At = None, common: Common = NOTHING_SAID) -> None:
    """Take a coin pack off sale, now or at a time to come."""
    with common.riviere() as riviere:
        now = clock.now()
        offers.retire_pack(riviere.connection, riviere.signer, code, at or now, now)
    common.answer({"pack": code, "ends_at": iso(at or now)}, f"{code} is off sale from {when(at or now)} UTC on")


def _over(row: Version | Pack, now: datetime) -> bool:
    return row.ends_at is not None and row.ends_at <= now


def _answer_gift(common: Common, row: Version) -> None:
    said = f"{row.code}: {row.name} at {row.coins:,} coins from {when(row.starts_at)} UTC on"
    common.answer(gift_row(row), said)


def _pack_row(row: Pack) -> dict[str, Any]:
    return {
        "pack": row.code,
        "coins": row.coins,
        "bonus": row.bonus,
        "bonus_days": row.bonus_days,
        "price": money.plain(row.price, row.currency),
        "currency": row.currency,
        "starts_at": iso(row.starts_at),
        "ends_at": iso(row.ends_at),
    }
