"""`riviere db`: the database that the books lie in."""

from cyclopts import App

from riviere.cli.common import NOTHING_SAID, Common, table
from riviere.cli.showing import counted, iso, when
from riviere.database import migrate as migrations
from riviere.ledger.journal import count_entries

db = App(name="db", help="The database that the books lie in.")


@db.command
def status(*, common: Common = NOTHING_SAID) -> None:
    """Show which database this is, its migrations, its size and how many entries the journal has."""
    with common.riviere() as riviere:
        kind, folder = riviere.database.kind(), str(riviere.database.folder.path)
        applied = migrations.status(riviere.database.owner_dsn)
        size = migrations.size(riviere.database.owner_dsn)
        entries = count_entries(riviere.connection)
    answer = {
        "database": kind,
        "data": folder,
        "bytes": size,
        "entries": entries,
        "migrations": [{"number": number, "name": name, "applied_at": iso(at)} for number, name, at in applied],
    }
    common.answer(
        answer,
        f"{kind} · data in {folder}",
        f"{counted(entries, 'entry', 'entries')} in {size >> 20:,} MiB",
        table((">migration", "name", "applied at (UTC)"), [(f"{n:04}", name, when(at)) for n, name, at in applied]),
    )


@db.command
def migrate(*, common: Common = NOTHING_SAID) -> None:
    """Apply the migrations that the database lacks, as every command does when it starts."""
    with common.riviere() as riviere:
        applied = riviere.database.migrated
    said = f"applied {', '.join(applied)}" if applied else "nothing to do: the database has every migration"
    common.answer({"applied": applied}, said)
