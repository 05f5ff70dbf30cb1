"""The nightly report: what gifts brought each creator yesterday (UTC), and whose money is on its way.

    export RIVIERE_URL=http://127.0.0.1:8750 RIVIERE_KEY=rvk_…     # scopes earnings:read and redemptions:read
    python nightly_report.py report < creators.txt

Writes report/earnings.csv and report/redemptions.csv and prints a summary. The platform knows who its creators are: one
id a line on standard input. A second argument names another day (2026-01-31).
"""

import asyncio
import csv
import os
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from riviere.client import AsyncClient
from riviere.wire.earnings import Earnings, EarningsQuery
from riviere.wire.redemptions import Redemption

#: Where a redemption goes no further by itself. Money that came back is not at its end: it is owed.
OVER = {"refused", "paid", "failed", "cancelled"}
EARNED = ("creator", "gifts", "coins", "diamonds", "reversed_diamonds")
OPEN = ("creator", "id", "state", "requested_at", "net", "currency", "outlook")


async def read(creators: list[str], day: date) -> tuple[list[Earnings], list[Redemption]]:
    """The earnings of a day, and the redemptions that are open now; eight creators at a time."""
    midnight = datetime.combine(day, time(), UTC)
    query = EarningsQuery(since=midnight, until=midnight + timedelta(days=1))
    room = asyncio.Semaphore(8)

    async def one(creator: str) -> tuple[Earnings, list[Redemption]]:
        async with room:
            earned = await riviere.get_earnings(creator, query)
            return earned, [each async for each in riviere.list_redemptions(creator) if each.state not in OVER]

    async with AsyncClient(os.environ["RIVIERE_URL"], os.environ["RIVIERE_KEY"]) as riviere:
        told = await asyncio.gather(*map(one, creators))
    return [earned for earned, _ in told], [redemption for _, each in told for redemption in each]


def write(path: Path, columns: tuple[str, ...], rows: Iterable[dict[str, object]]) -> None:
    """A table as CSV."""
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)


def main() -> None:
    """Writes both tables and says what is in them."""
    folder = Path(sys.argv[1])
    day = date.fromisoformat(sys.argv[2]) if len(sys.argv) > 2 else datetime.now(UTC).date() - timedelta(days=1)
    earnings, redemptions = asyncio.run(read(sys.stdin.read().split(), day))
    rows = [{"creator": each.creator, **_fields(each.data[0])} for each in earnings if each.data[0].gifts]
    rows.sort(key=lambda row: -Decimal(str(row["diamonds"])))
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "earnings.csv", EARNED, rows)
    write(folder / "redemptions.csv", OPEN, map(_fields, redemptions))
    diamonds = sum((Decimal(str(row["diamonds"])) for row in rows), Decimal())
    print(f"{day}: {len(rows)} of {len(earnings)} creators earned {diamonds} diamonds")
    print(f"open redemptions: {len(redemptions)}")


def _fields(row: object) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
