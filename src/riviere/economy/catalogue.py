"""What is sold: every dated version of every gift and coin pack, as one snapshot to price things with.

Here it is filled, from the starter tables and from what records tell; offers.py is where an operator changes it.
Connections are in autocommit; a function that writes opens its own transaction and ends it with a signed head.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from psycopg.rows import class_row

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import dated, starter
from riviere.economy.shelf import Pack, Version, checked, close, insert, insert_pack
from riviere.errors import RiviereError
from riviere.ledger.evidence import Signer

SQL = load("riviere.economy")

_TICK: Final = timedelta(microseconds=1)


class UnknownGift(RiviereError):
    """There is no gift {gift!r} in the catalogue; add it, or correct the code."""

    code = "unknown_gift"


class RetiredGift(RiviereError):
    """The gift {gift!r} was retired at {ended_at}; choose one that is on sale."""

    code = "retired_gift"


class NotYetSold(RiviereError):
    """The gift {gift!r} is not on sale before {starts_at}; choose one that is."""

    code = "not_yet_sold"


class UnknownPack(RiviereError):
    """There is no coin pack {pack!r}; add it, or correct the code."""

    code = "unknown_pack"


class PackNotSold(RiviereError):
    """The coin pack {pack!r} is not on sale at {at}; choose one that is."""

    code = "pack_not_sold"


class Catalogue:
    """Every version of every gift and pack as they were when this was loaded."""

    def __init__(self, versions: Iterable[Version], packs: Iterable[Pack]) -> None:
        """Both in order of time."""
        self._versions: dict[str, list[Version]] = defaultdict(list)
        self._priced: dict[tuple[str, int], Version] = {}
        self._packs: dict[str, list[Pack]] = defaultdict(list)
        for version in versions:
            self._versions[version.code].append(version)
            self._priced[version.code, version.coins] = version
        for pack in packs:
            self._packs[pack.code].append(pack)

    @classmethod
    def load(cls, connection: Connection) -> "Catalogue":
        """The catalogue as it is now."""
        with connection.cursor(row_factory=class_row(Version)) as cursor:
            versions = cursor.execute(SQL["read_versions"]).fetchall()
        with connection.cursor(row_factory=class_row(Pack)) as cursor:
            return cls(versions, cursor.execute(SQL["read_packs"]))

    def versions(self, code: str) -> list[Version]:
        """Every version of a gift in order of time. Raises UnknownGift."""
        if code not in self._versions:
            raise UnknownGift(gift=code)
        return self._versions[code]

    def version(self, code: str, at: datetime) -> Version:
        """The version that is on sale at an instant. Raises UnknownGift, RetiredGift or NotYetSold."""
        versions = self.versions(code)
        found = dated.in_force(versions, at)
        if found is not None:
            return found
        for later in versions:
            if later.starts_at > at:
                raise NotYetSold(gift=code, starts_at=later.starts_at.isoformat())
        raise RetiredGift(gift=code, ended_at=dated.end(versions[-1]))

    def on_sale(self, at: datetime) -> list[Version]:
        """What can be sent at an instant, cheapest first."""
        found = [version for rows in self._versions.values() if (version := dated.in_force(rows, at))]
        return sorted(found, key=lambda version: (version.coins, version.code))

    def every_version(self) -> list[Version]:
        """Every version of every gift, past, present and announced, by price and time."""
        found = [version for rows in self._versions.values() for version in rows]
        return sorted(found, key=lambda version: (version.coins, version.code, version.starts_at))

    def priced(self, code: str, coins: int) -> Version | None:
        """The latest version of a gift with that list price, on sale or not: what an old record is priced with."""
        return self._priced.get((code, coins))

    def packs(self, code: str) -> list[Pack]:
        """Every version of a pack in order of time. Raises UnknownPack."""
        if code not in self._packs:
            raise UnknownPack(pack=code)
        return self._packs[code]

    def pack(self, code: str, at: datetime) -> Pack:
        """The pack as it is sold at an instant. Raises UnknownPack or PackNotSold."""
        found = dated.in_force(self.packs(code), at)
        if found is None:
            raise PackNotSold(pack=code, at=at.isoformat())
        return found

    def packs_on_sale(self, at: datetime) -> list[Pack]:
        """The packs as they are sold at an instant, by currency and price."""
        return [pack for pack in self.every_pack() if dated.in_force([pack], at)]

    def every_pack(self) -> list[Pack]:
        """Every version of every pack, past, present and announced, by price and time."""
        found = [pack for rows in self._packs.values() for pack in rows]
        return sorted(found, key=lambda pack: (pack.currency, pack.price, pack.code, pack.starts_at))

    def has_gift(self, code: str) -> bool:
        """Whether the gift was ever in the catalogue."""
        return code in self._versions

    def has_pack(self, code: str) -> bool:
        """Whether the pack was ever sold or announced."""
        return code in self._packs


def ensure_recorded(
    connection: Connection, signer: Signer, wanted: Iterable[tuple[str, str, int, bool]], now: datetime
) -> Catalogue:
    """The catalogue with every (code, name, coins, combo) in it, as records tell of them.

    A gift that is not known is added; a price that no version has starts a version from `now` on. A gift that is not
    on sale stays so: its version lasts a microsecond. One head is signed for all of it, none where nothing is new.
    Raises BadText or BadAmount.
    """
    rows = list(wanted)
    known = Catalogue.load(connection)
    if all(known.priced(code, coins) for code, _, coins, _ in rows):
        return known
    with dated.changing(connection, signer, now):
        known = Catalogue.load(connection)
        lines: dict[str, list[Version]] = {}
        for code, name, coins, combo in rows:
            line = lines.setdefault(code, known.versions(code)[:] if known.has_gift(code) else [])
            if all(version.coins != coins for version in line):
                wish = Version(0, 0, code, name, coins, combo, 0, [], now, None)
                _record(connection, line, checked(wish))
    return Catalogue.load(connection)


def stock(connection: Connection, signer: Signer, now: datetime) -> Catalogue:
    """The catalogue with the starter gifts and packs in it; a code that was ever there is left as it is."""
    known = Catalogue.load(connection)
    gifts = [row for row in starter.gifts() if not known.has_gift(row.code)]
    packs = [row for row in starter.packs() if not known.has_pack(row.code)]
    if not gifts and not packs:
        return known
    with dated.changing(connection, signer, now):
        known = Catalogue.load(connection)
        for row in gifts:
            if not known.has_gift(row.code):
                limits = (row.unlock_level, [*row.regions])
                insert(connection, Version(0, 0, row.code, row.name, row.coins, row.combo, *limits, now, None))
        for pack in packs:
            if not known.has_pack(pack.code):
                terms = (pack.coins, pack.bonus, pack.bonus_days, pack.price, pack.currency)
                insert_pack(connection, Pack(0, pack.code, *terms, now, None))
    return Catalogue.load(connection)


def _record(connection: Connection, line: list[Version], wish: Version) -> None:
    """Puts a version with a recorded price into a gift's line, which is changed; it takes over what is on sale."""
    if not line:
        line.append(insert(connection, wish))
        return
    starts_at = wish.starts_at
    while (on_sale := dated.in_force(line, starts_at)) is not None and on_sale.starts_at == starts_at:
        starts_at += _TICK
    ends_at = starts_at + _TICK if on_sale is None else on_sale.ends_at
    if on_sale is not None:
        close(connection, on_sale, starts_at)
        line[line.index(on_sale)] = msgspec.structs.replace(on_sale, ends_at=starts_at)
    line.append(
        insert(connection, msgspec.structs.replace(wish, gift=line[0].gift, starts_at=starts_at, ends_at=ends_at))
    )
