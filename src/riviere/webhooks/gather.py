"""From the journal to the outbox: what the ledger booked, as events.

Each writer's chain of batches is read from a cursor on, in the order of booking, and the cursor moves in the
transaction that tells. A chain has no gaps and its batches commit in order, so nothing is passed by and nothing is told
twice, whenever this is killed. Chains that start later are read from their first batch.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import class_row

from riviere import outbox
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.ledger.law import REVERSALS, SENT, Route
from riviere.ledger.model import Entry
from riviere.webhooks.model import COMBO_FINISHED, JOURNAL_KINDS, wants
from riviere.webhooks.words import Teller

SQL = load("riviere.webhooks")

#: Journal rows that a transaction tells of, at the most but for a last batch; and batches of one chain.
MOST_ENTRIES: Final = 5_000
MOST_BATCHES: Final = 1_000

#: A combo that took no step for this long is over.
QUIET: Final = timedelta(seconds=5)

_TOLD: Final = [route.value for route in (*SENT, *REVERSALS, Route.COINS_BUY, Route.COINS_BONUS)]


def gather(connection: Connection, now: datetime) -> bool:
    """Puts what was booked since the last time into the outbox; whether there is more to do at once.

    Does nothing while another process is at it. Where no endpoint wants such events the journal is passed over, so that
    one made later does not hear of the past.
    """
    with connection.transaction():
        if connection.execute(SQL["try_dispatch"]).fetchone() != (True,):
            return False
        wanted = wanted_of_journal(connection)
        if COMBO_FINISHED not in wanted:
            connection.execute(SQL["drop_all_combos"])
        if not wanted:
            connection.execute(SQL["skip_journal"])
            return False
        connection.execute(SQL["add_chains"])
        entries, more = _next_entries(connection)
        teller = Teller(connection, wanted)
        events = teller.tell(entries)
        if COMBO_FINISHED in wanted:
            _follow_combos(connection, entries)
            # While steps are still to be read, a combo only looks quiet.
            events += [] if more else teller.tell_quiet(now)
        for event in sorted(events, key=lambda event: event.subject):
            outbox.put(connection, event.kind, event.subject, event.data, event.at)
    return more


def wanted_of_journal(connection: Connection) -> set[str]:
    """The kinds of event that come from the journal and that some endpoint wants."""
    patterns = [pattern for _, kinds in connection.execute(SQL["list_wanting"]) for pattern in kinds]
    return {kind for kind in JOURNAL_KINDS if wants(patterns, kind)}


def _next_entries(connection: Connection) -> tuple[list[Entry], bool]:
    """The next rows in the order of booking, cursors moved behind them; and whether some were left."""
    spans: dict[int, tuple[int, int]] = {}
    rows = 0
    more = False
    for writer, number, count in connection.execute(SQL["next_batches"], {"most": MOST_BATCHES}).fetchall():
        first, _ = spans.get(writer, (number, number))
        spans[writer] = (first, number)
        rows += count
        # Behind the last batch that was asked for of one chain, what other chains hold may be too late to tell yet.
        more = rows >= MOST_ENTRIES or number - first + 1 == MOST_BATCHES
        if more:
            break
    entries: list[Entry] = []
    for writer, (first, last) in spans.items():
        with connection.cursor(row_factory=class_row(Entry)) as cursor:
            asked = {"writer": writer, "first": first, "last": last, "routes": _TOLD}
            entries += cursor.execute(SQL["read_entries"], asked).fetchall()
        connection.execute(SQL["move_cursor"], {"writer": writer, "last": last})
    entries.sort(key=lambda entry: (entry.booked_at, entry.writer, entry.batch, entry.position))
    return entries, more


def _follow_combos(connection: Connection, entries: Iterable[Entry]) -> None:
    """Notes when each combo counts as over; one that was undone is not told of."""
    quiet_at = {}
    undone = []
    for entry in entries:
        if entry.route in SENT and entry.upto is not None:
            quiet_at[entry.owner, entry.id] = entry.booked_at + QUIET
        elif entry.route in REVERSALS and entry.cause is not None:
            undone.append((entry.owner, entry.cause))
    running = {"owners": [owner for owner, _ in quiet_at], "ids": [combo for _, combo in quiet_at]}
    connection.execute(SQL["run_combos"], running | {"quiet_at": list(quiet_at.values())})
    stopped = {"owners": [owner for owner, _ in undone], "ids": [combo for _, combo in undone]}
    connection.execute(SQL["drop_combos"], stopped)
