"""`riviere export`: tables for other programs, as CSV on standard output or as a JSON array."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from riviere import clock
from riviere.cli.common import NOTHING_SAID, Common
from riviere.cli.earnings import as_row
from riviere.cli.inputs import Since, Until, period, write_file
from riviere.cli.showing import counted, iso, write_csv
from riviere.cli.statement import read_page
from riviere.economy.catalogue import Catalogue
from riviere.economy.earned import earnings as sums
from riviere.economy.pictures import sheet
from riviere.economy.shelf import Version
from riviere.wire.wallets import Account

export = App(name="export", help="Write tables for other programs: CSV, or a JSON array with --json.")

_EARNED = ("creator", "gifts", "coins", "diamonds", "pieces", "reversed_gifts", "reversed_coins", "reversed_diamonds")
_GIFT = ("gift", "name", "coins", "combo", "unlock_level", "regions", "starts_at", "ends_at")
_LINE = ("seq", "booked_at", "at", "route", "what", "who", "amount", "balance", "id")


@export.command
def earnings(*, since: Since = None, until: Until = None, common: Common = NOTHING_SAID) -> None:
    """One row a creator: gifts, coins, diamonds, and apart from them what was reversed."""
    period(since, until)
    with common.riviere() as riviere:
        rows = sums.by_creator(riviere.connection, None, since, until)
    _write(common, _EARNED, [as_row(row) for row in rows])


@export.command
def catalogue(
    *,
    pictures: Annotated[Path | None, Parameter(help="Write a page with every gift's picture instead.")] = None,
    common: Common = NOTHING_SAID,
) -> None:
    """The gifts on sale now, cheapest first."""
    with common.riviere() as riviere:
        gifts = Catalogue.load(riviere.connection).on_sale(clock.now())
    if pictures is None:
        _write(common, _GIFT, [gift_row(gift) for gift in gifts])
        return
    write_file(pictures, sheet(gifts).encode())
    common.answer({"file": str(pictures), "gifts": len(gifts)}, f"{pictures}: {counted(len(gifts), 'picture')}")


@export.command
def statement(
    user: str,
    *,
    account: Annotated[Account | None, Parameter(help="Diamonds if the user ever earned, else coins.")] = None,
    since: Since = None,
    until: Until = None,
    common: Common = NOTHING_SAID,
) -> None:
    """The lines of one account, in order."""
    with common.riviere() as riviere:
        page = read_page(riviere.connection, user, account, since, until)
    _write(common, _LINE, page.rows())


def gift_row(gift: Version) -> dict[str, Any]:
    """A gift as it is sold for a time, for a program."""
    return {
        "gift": gift.code,
        "name": gift.name,
        "coins": gift.coins,
        "combo": gift.combo,
        "unlock_level": gift.unlock_level,
        "regions": gift.regions,
        "starts_at": iso(gift.starts_at),
        "ends_at": iso(gift.ends_at),
    }


def _write(common: Common, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    if common.json:
        common.answer(rows)
    else:
        write_csv(columns, rows)
