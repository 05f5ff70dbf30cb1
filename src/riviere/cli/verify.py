"""`riviere verify`: proof that the books balance, check by check."""

from riviere.cli import remote
from riviere.cli.common import NOTHING_SAID, Common, err, progress, table
from riviere.ledger.verify import Check, Report


def verify(*, common: Common = NOTHING_SAID) -> int:
    """Check every invariant of the books: what was checked, how many rows, and the first row where one breaks."""
    report = _there(common) if common.server else _here(common)
    rows = [("✓" if check.ok else "✗", check.name, f"{check.rows:,}", check.detail) for check in report.checks]
    common.answer(report, table(("", "check", ">rows", "what was checked"), rows), ok_line(report))
    if common.json:
        complain(report)
    return 0 if report.ok else 1


def _here(common: Common) -> Report:
    with common.riviere() as riviere, progress() as bar:
        task = bar.add_task("verify", total=None, rate="")

        def moved(name: str, done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        return riviere.verify(moved)


def _there(common: Common) -> Report:
    with progress() as bar:
        bar.add_task("verify", total=None, rate="")
        told = remote.ask(common, remote.verification)
    checks = [Check(check.name, check.ok, check.rows, check.detail) for check in told.checks]
    return Report(told.ok, told.entries, told.seconds, checks)


def ok_line(report: Report) -> str:
    """The verdict in one line."""
    if report.ok:
        return f"✓ balanced: {len(report.checks)} checks over {report.entries:,} entries in {report.seconds:.2f} s"
    broken = ", ".join(check.name for check in report.checks if not check.ok)
    return f"✗ NOT balanced: {broken}"


def complain(report: Report) -> None:
    """Says on standard error what is broken, if anything is."""
    for check in report.checks:
        if not check.ok:
            err.print(f"✗ {check.name}: {check.detail}", markup=False)
