"""`riviere replay`: a recorded live stream becomes gifts in the books."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from riviere import clock
from riviere.cli.common import NOTHING_SAID, Common, err, operator, progress, table
from riviere.cli.verify import complain, ok_line
from riviere.connectors.detect import open_recording
from riviere.connectors.replay import Replay, Summary
from riviere.economy.policy import rate_from_text
from riviere.economy.tally import catch_up
from riviere.ledger.verify import Report

#: Rejected rows shown on the terminal; all of them are in the reject file.
_SHOWN = 10


def replay(
    path: Path,
    *,
    rate: Annotated[str | None, Parameter(help="Diamonds a coin for this import (default 1).")] = None,
    common: Common = NOTHING_SAID,
) -> int:
    """Book a recording of gifts: TikTok webcast JSONL, a Bilibili folder, or a gift log in JSONL or CSV.

    Every gift is booked once, however often this is run, stopped or killed. Rows that cannot be read are shown, kept
    in a reject file, and make the exit status 1.
    """
    thousandths = None if rate is None else rate_from_text(rate)
    recording = open_recording(path)
    with common.riviere() as riviere:
        run = Replay(riviere.connection, riviere.writer, riviere.signer, recording, riviere.database.folder.rejects)
        with progress() as bar:
            task = bar.add_task(f"{recording.format} {recording.source}", total=recording.size, rate="")

            def moved(done: int, _: int, gifts: int) -> None:
                bar.update(task, completed=done, rate=f"{gifts:,} gifts")

            summary = run.run(thousandths, operator(), clock.now(), moved)
        catch_up(riviere.connection)
        report = riviere.verify()
    for refused in [*run.refused()][:_SHOWN]:
        err.print(f"line {refused.line}: {refused.reason}", markup=False)
    if summary.rejected > _SHOWN:
        err.print(f"and {summary.rejected - _SHOWN} more")
    if summary.note:
        err.print(summary.note, markup=False)
    complain(report)
    answer = msgspec.structs.asdict(summary) | {"verified": report.ok}
    common.answer(answer, *_shown(summary, report))
    return 0 if report.ok and not summary.rejected else 1


def _shown(summary: Summary, report: Report) -> tuple[object, ...]:
    figures = [
        ("format", summary.format),
        ("rate", f"{summary.rate} diamonds a coin"),
        ("rows", f"{summary.rows:,}"),
        ("gifts", f"{summary.gifts:,} ({summary.new:,} new)"),
        ("free", f"{summary.free:,}"),
        ("coins", f"{summary.coins:,}"),
        ("diamonds", f"{Decimal(summary.diamonds):,f}"),
        ("rejected", f"{summary.rejected:,}" + (f", kept in {summary.rejects}" if summary.rejects else "")),
        ("not imported", ", ".join(f"{count:,} {kind}" for kind, count in summary.ignored.items()) or "nothing"),
        ("seconds", f"{summary.seconds}"),
    ]
    return table(("", ""), figures), ok_line(report), "next: riviere earnings · riviere export earnings --json"
