"""How the catalogue changes: gifts and packs are added, sold at a new price, retired; nothing is edited.

A new price is a new version. Connections are in autocommit; a function that writes opens its own transaction and ends
it with a signed head.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from riviere.database.connection import Connection
from riviere.economy import dated
from riviere.economy.catalogue import Catalogue, PackNotSold, RetiredGift
from riviere.economy.shelf import Pack, Version, checked, checked_pack, close, insert, insert_pack
from riviere.errors import RiviereError
from riviere.ledger.evidence import Signer

Row = TypeVar("Row", Version, Pack)


class GiftExists(RiviereError):
    """There is a gift {gift!r} already; give it a new version instead."""

    code = "gift_exists"


class VersionOverlap(RiviereError):
    """{what} {code!r} has another version {during}; start {beyond}."""

    code = "version_overlap"


def add_gift(
    connection: Connection,
    signer: Signer,
    code: str,
    name: str,
    coins: int,
    *,
    combo: bool = False,
    unlock_level: int = 0,
    regions: Sequence[str] = (),
    starts_at: datetime,
    now: datetime,
) -> Version:
    """A new gift at `coins` coins a piece.

    Raises GiftExists, StartsInPast, BadText, BadAmount, BadNumber or BadRegion.
    """
    wanted = checked(Version(0, 0, code, name, coins, combo, unlock_level, [*regions], starts_at, None))
    dated.not_past(starts_at, now, f"gift {code}")
    with dated.changing(connection, signer, now):
        if Catalogue.load(connection).has_gift(code):
            raise GiftExists(gift=code)
        return insert(connection, wanted)


def new_version(
    connection: Connection,
    signer: Signer,
    code: str,
    coins: int,
    *,
    combo: bool | None = None,
    unlock_level: int | None = None,
    regions: Sequence[str] | None = None,
    starts_at: datetime,
    now: datetime,
) -> Version:
    """The gift at another price or under other conditions from `starts_at` on; what is None stays as it was last.

    Ends the version that is open. Raises UnknownGift, StartsInPast, VersionOverlap, BadAmount, BadNumber, BadRegion.
    """
    dated.not_past(starts_at, now, f"gift {code}")
    with dated.changing(connection, signer, now):
        versions = Catalogue.load(connection).versions(code)
        last = versions[-1]
        wanted = Version(
            0,
            last.gift,
            code,
            last.name,
            coins,
            last.combo if combo is None else combo,
            last.unlock_level if unlock_level is None else unlock_level,
            last.regions if regions is None else [*regions],
            starts_at,
            None,
        )
        checked(wanted)
        _make_room(connection, versions, starts_at)
        return insert(connection, wanted)


def retire(connection: Connection, signer: Signer, code: str, ends_at: datetime, now: datetime) -> Version:
    """Takes a gift off sale at `ends_at`, and answers its last version.

    Raises UnknownGift, RetiredGift, StartsInPast or VersionOverlap.
    """
    dated.not_past(ends_at, now, f"gift {code}")
    with dated.changing(connection, signer, now):
        last = Catalogue.load(connection).versions(code)[-1]
        if last.ends_at is not None:
            raise RetiredGift(gift=code, ended_at=dated.end(last))
        _make_room(connection, [last], ends_at)
        return msgspec.structs.replace(last, ends_at=ends_at)


def add_pack(
    connection: Connection,
    signer: Signer,
    code: str,
    *,
    coins: int,
    bonus: int = 0,
    bonus_days: int = 30,
    price: int,
    currency: str,
    starts_at: datetime,
    now: datetime,
) -> Pack:
    """A coin pack from `starts_at` on, new or in place of what its code was: `price` in minor units of `currency`.

    Raises StartsInPast, VersionOverlap, BadText, BadAmount, BadNumber or UnknownCurrency.
    """
    dated.not_past(starts_at, now, f"pack {code}")
    pack = checked_pack(Pack(0, code, coins, bonus, bonus_days, price, currency, starts_at, None))
    with dated.changing(connection, signer, now):
        known = Catalogue.load(connection)
        if known.has_pack(code):
            _make_room(connection, known.packs(code), starts_at)
        return insert_pack(connection, pack)


def retire_pack(connection: Connection, signer: Signer, code: str, ends_at: datetime, now: datetime) -> Pack:
    """Takes a pack off sale at `ends_at`, and answers its last version.

    Raises UnknownPack, PackNotSold, StartsInPast or VersionOverlap.
    """
    dated.not_past(ends_at, now, f"pack {code}")
    with dated.changing(connection, signer, now):
        last = Catalogue.load(connection).packs(code)[-1]
        if last.ends_at is not None:
            raise PackNotSold(pack=code, at=last.ends_at.isoformat())
        _make_room(connection, [last], ends_at)
        return msgspec.structs.replace(last, ends_at=ends_at)


def _make_room(connection: Connection, rows: Sequence[Row], starts_at: datetime) -> None:
    """Ends the open row at `starts_at`, so that nothing holds from there on. Raises VersionOverlap."""
    before, clash = dated.room(rows, starts_at)
    if clash is not None:
        what = "The gift" if isinstance(clash, Version) else "The pack"
        raise VersionOverlap(what=what, code=clash.code, during=dated.span(clash), beyond=dated.beyond(clash))
    if before is not None:
        close(connection, before, starts_at)
