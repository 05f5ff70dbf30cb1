"""The catalogue over HTTP: gifts and coin packs, what they cost, from when on; nothing is edited."""

from datetime import datetime
from typing import Final, cast

from riviere import money
from riviere.clock import BadTime
from riviere.economy import catalogue, checks, dated, offers, pictures
from riviere.economy.catalogue import Catalogue
from riviere.economy.shelf import Pack as PackRow
from riviere.economy.shelf import Version
from riviere.economy.tiers import tier
from riviere.http import cursors
from riviere.http.cursors import Instant, Number
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.wire.catalogue import (
    AddGift,
    AddPack,
    AddVersion,
    CatalogueGift,
    CatalogueQuery,
    Pack,
    PackPrice,
    PacksQuery,
    PictureQuery,
    Retire,
    Tier,
)
from riviere.wire.common import Money, Page, Paged

_ROSE: Final = CatalogueGift(
    code="rose",
    name="Rose",
    coins=1,
    combo=True,
    unlock_level=0,
    regions=[],
    tier="glint",
    starts_at=EXAMPLE_TIME,
    ends_at=None,
)
_PACK: Final = Pack(
    code="pack-700",
    coins=700,
    bonus=20,
    bonus_days=30,
    price=Money(amount="7.99", currency="USD"),
    starts_at=EXAMPLE_TIME,
    ends_at=None,
)


@operation(
    "GET",
    "/v1/catalogue",
    id="listCatalogue",
    tag="Catalogue",
    scope="catalogue:read",
    raises=(BadTime,),
    answer=Page(data=[_ROSE]),
)
def list_gifts(call: Call, query: CatalogueQuery) -> Page[CatalogueGift]:
    """List the gifts on sale, cheapest first.

    The pages of one list are of the same instant, even where prices change while it is read.
    """
    after = cursors.read(query.cursor, tuple[Instant, Number, str])
    at = call.instant(query.at) if after is None else after[0]
    with call.reading() as connection:
        rows = Catalogue.load(connection).on_sale(at)
    wanted = [
        row
        for row in rows
        if (query.region is None or not row.regions or query.region in row.regions)
        and (query.level is None or row.unlock_level <= query.level)
        and (after is None or (row.coins, row.code) > after[1:])
    ]
    return cursors.page(wanted, query.limit, _gift, lambda row: (at, row.coins, row.code))


@operation(
    "GET",
    "/v1/catalogue/versions",
    id="listEveryVersion",
    tag="Catalogue",
    scope="catalogue:read",
    answer=Page(data=[_ROSE]),
)
def list_every_version(call: Call, query: Paged) -> Page[CatalogueGift]:
    """List every version of every gift, past, on sale and announced, by gift and time."""
    after = cursors.read(query.cursor, tuple[str, Instant])
    with call.reading() as connection:
        rows = Catalogue.load(connection).every_version()
    wanted = sorted((row for row in rows if after is None or _begun(row) > after), key=_begun)
    return cursors.page(wanted, query.limit, _gift, _begun)


@operation(
    "POST",
    "/v1/catalogue",
    id="addGift",
    tag="Catalogue",
    scope="catalogue:write",
    status=201,
    raises=(BadTime, checks.BadText, dated.StartsInPast, offers.GiftExists),
    asked=AddGift(code="rose", name="Rose", coins=1, combo=True),
    answer=_ROSE,
)
def add_gift(call: Call, body: AddGift) -> CatalogueGift:
    """Add a gift to the catalogue, on sale now or from some time on."""
    starts_at = call.instant(body.starts_at)
    with call.reading() as connection:
        added = offers.add_gift(
            connection,
            call.office.signer,
            body.code,
            body.name,
            body.coins,
            combo=body.combo,
            unlock_level=body.unlock_level,
            regions=body.regions,
            starts_at=starts_at,
            now=call.now,
        )
    return _gift(added)


@operation(
    "GET",
    "/v1/catalogue/{code}/versions",
    id="listVersions",
    tag="Catalogue",
    scope="catalogue:read",
    raises=(catalogue.UnknownGift,),
    answer=Page(data=[_ROSE]),
)
def list_versions(call: Call) -> Page[CatalogueGift]:
    """List every price that a gift had, has or will have, in order of time."""
    with call.reading() as connection:
        return Page(data=[_gift(row) for row in Catalogue.load(connection).versions(call.path["code"])])


@operation(
    "POST",
    "/v1/catalogue/{code}/versions",
    id="addVersion",
    tag="Catalogue",
    scope="catalogue:write",
    status=201,
    raises=(BadTime, catalogue.UnknownGift, dated.StartsInPast, offers.VersionOverlap),
    asked=AddVersion(coins=2),
    answer=_ROSE,
)
def add_version(call: Call, body: AddVersion) -> CatalogueGift:
    """Sell a gift at a new price or under new conditions, now or from some time on.

    What was sent keeps the price it was sent at, and a combo goes on at the price it began with.
    """
    starts_at = call.instant(body.starts_at)
    with call.reading() as connection:
        added = offers.new_version(
            connection,
            call.office.signer,
            call.path["code"],
            body.coins,
            combo=body.combo,
            unlock_level=body.unlock_level,
            regions=body.regions,
            starts_at=starts_at,
            now=call.now,
        )
    return _gift(added)


@operation(
    "POST",
    "/v1/catalogue/{code}/retire",
    id="retireGift",
    tag="Catalogue",
    scope="catalogue:write",
    raises=(BadTime, catalogue.RetiredGift, catalogue.UnknownGift, dated.StartsInPast, offers.VersionOverlap),
    asked=Retire(),
    answer=_ROSE,
)
def retire_gift(call: Call, body: Retire) -> CatalogueGift:
    """Take a gift off sale, now or at some time to come. A new version brings it back."""
    ends_at = call.instant(body.ends_at)
    with call.reading() as connection:
        return _gift(offers.retire(connection, call.office.signer, call.path["code"], ends_at, call.now))


@operation(
    "GET",
    "/v1/catalogue/{code}/picture",
    id="getPicture",
    tag="Catalogue",
    scope="catalogue:read",
    raises=(catalogue.UnknownGift,),
    gives="image/svg+xml",
    answer='<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"></svg>',
)
def get_picture(call: Call, query: PictureQuery) -> str:
    """Get a gift's picture at its latest price, as SVG.

    It is computed from code and price, so the same gift at the same price looks the same everywhere and always.
    """
    with call.reading() as connection:
        version = Catalogue.load(connection).versions(call.path["code"])[-1]
    return pictures.svg(version.code, version.coins, size=query.size, name=version.name)


@operation(
    "GET",
    "/v1/packs",
    id="listPacks",
    tag="Catalogue",
    scope="catalogue:read",
    raises=(BadTime,),
    answer=Page(data=[_PACK]),
)
def list_packs(call: Call, query: PacksQuery) -> Page[Pack]:
    """List the coin packs on sale, by currency and price.

    The pages of one list are of the same instant, even where prices change while it is read.
    """
    after = cursors.read(query.cursor, tuple[Instant, str, Number, str])
    at = call.instant(query.at) if after is None else after[0]
    with call.reading() as connection:
        rows = Catalogue.load(connection).packs_on_sale(at)
    wanted = [row for row in rows if after is None or (row.currency, row.price, row.code) > after[1:]]
    return cursors.page(wanted, query.limit, _pack, lambda row: (at, row.currency, row.price, row.code))


@operation(
    "GET",
    "/v1/packs/versions",
    id="listEveryPack",
    tag="Catalogue",
    scope="catalogue:read",
    answer=Page(data=[_PACK]),
)
def list_every_pack(call: Call, query: Paged) -> Page[Pack]:
    """List every coin pack as it was, is or will be sold, by code and time."""
    after = cursors.read(query.cursor, tuple[str, Instant])
    with call.reading() as connection:
        rows = Catalogue.load(connection).every_pack()
    wanted = sorted((row for row in rows if after is None or _begun(row) > after), key=_begun)
    return cursors.page(wanted, query.limit, _pack, _begun)


@operation(
    "POST",
    "/v1/packs",
    id="addPack",
    tag="Catalogue",
    scope="catalogue:write",
    status=201,
    raises=(BadTime, checks.BadText, dated.StartsInPast, money.BadFigure, money.UnknownCurrency, offers.VersionOverlap),
    asked=AddPack(code="pack-700", coins=700, price=PackPrice(amount="7.99", currency="USD"), bonus=20),
    answer=_PACK,
)
def add_pack(call: Call, body: AddPack) -> Pack:
    """Sell a coin pack, now or from some time on: new, or in place of what its code was.

    Bonus coins are given beside the pack's own; they are spent first, and expire.
    """
    starts_at = call.instant(body.starts_at)
    price = money.parse(body.price.amount, body.price.currency, "The price")
    with call.reading() as connection:
        added = offers.add_pack(
            connection,
            call.office.signer,
            body.code,
            coins=body.coins,
            bonus=body.bonus,
            bonus_days=body.bonus_days,
            price=price,
            currency=body.price.currency,
            starts_at=starts_at,
            now=call.now,
        )
    return _pack(added)


@operation(
    "POST",
    "/v1/packs/{code}/retire",
    id="retirePack",
    tag="Catalogue",
    scope="catalogue:write",
    raises=(BadTime, catalogue.PackNotSold, catalogue.UnknownPack, dated.StartsInPast, offers.VersionOverlap),
    asked=Retire(),
    answer=_PACK,
)
def retire_pack(call: Call, body: Retire) -> Pack:
    """Take a coin pack off sale, now or at some time to come."""
    ends_at = call.instant(body.ends_at)
    with call.reading() as connection:
        return _pack(offers.retire_pack(connection, call.office.signer, call.path["code"], ends_at, call.now))


def _begun(row: Version | PackRow) -> tuple[str, datetime]:
    return row.code, row.starts_at


def _gift(version: Version) -> CatalogueGift:
    return CatalogueGift(
        code=version.code,
        name=version.name,
        coins=version.coins,
        combo=version.combo,
        unlock_level=version.unlock_level,
        regions=version.regions,
        tier=cast("Tier", tier(version.coins).name.lower()),
        starts_at=version.starts_at,
        ends_at=version.ends_at,
    )


def _pack(pack: PackRow) -> Pack:
    return Pack(
        code=pack.code,
        coins=pack.coins,
        bonus=pack.bonus,
        bonus_days=pack.bonus_days,
        price=Money(amount=money.plain(pack.price, pack.currency), currency=pack.currency),
        starts_at=pack.starts_at,
        ends_at=pack.ends_at,
    )
