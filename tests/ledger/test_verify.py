"""What `verify` says of ledgers that nobody touched, and where it runs."""

import threading
from typing import Any

import psycopg
import small_ledger as small
from small_ledger import CREATOR, MINA, OTTO, SIGNER

from riviere.database.database import Database
from riviere.ids import client_id
from riviere.ledger.law import Route
from riviere.ledger.verify import Check, Report, verify
from riviere.ledger.writer import Writer

NAMES = [
    "law", "roles", "migrations", "accounts", "running-balances", "books", "idempotency", "combos", "prices", "imports",
    "charges", "refunds", "messages", "references", "earnings", "maturity", "settlements", "provenance", "batches",
    "heads",
]  # fmt: skip


def looked_at(database: Database, signer: Any = SIGNER) -> Report:
    with database.connect() as connection:
        report = verify(connection, signer, connect=database.connect)
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    return report


def sound(report: Report) -> dict[str, Check]:
    assert [check for check in report.checks if not check.ok] == []
    assert report.ok
    assert [check.name for check in report.checks] == NAMES
    return {check.name: check for check in report.checks}


def test_an_empty_ledger_is_sound(database: Database) -> None:
    report = looked_at(database)
    checks = sound(report)
    assert report.entries == 0
    assert checks["books"].detail == "nothing was ever booked"
    assert checks["heads"].detail.startswith("no head was signed yet")


def test_everything_that_can_happen_is_sound_and_counted(database: Database) -> None:
    small.build(database)
    report = looked_at(database)
    checks = sound(report)
    with database.connect() as connection:
        count = lambda text: connection.execute(text).fetchone()[0]  # type: ignore[index] # noqa: E731
        routes = {row[0] for row in connection.execute("SELECT DISTINCT route FROM entry")}
        entries, batches = count("SELECT count(*) FROM entry"), count("SELECT count(*) FROM batch")
        sides = count("SELECT count(debit_user) + count(credit_user) FROM entry")
        accounts, hours = count("SELECT count(*) FROM account"), count("SELECT count(*) FROM earning")
        gifts = count("SELECT count(*) FROM entry WHERE route IN (11, 12, 13)")
        bought = count("SELECT count(*) FROM entry WHERE route IN (1, 2)")
    assert routes == set(Route)
    assert report.entries == entries
    rows = {name: check.rows for name, check in checks.items()}
    assert rows["law"] == entries + 16 + 24
    assert rows["accounts"] == accounts
    assert rows["running-balances"] == sides
    assert rows["idempotency"] == entries
    assert rows["combos"] == 5  # two steps, one, and two of the import
    assert rows["prices"] == gifts + bought
    assert rows["charges"] == 4
    assert rows["refunds"] == 2 + 2 + 2 + 2 + 2  # three freezes, a thaw and a refund, each of coins and bonus
    assert rows["messages"] == 2
    assert rows["earnings"] == hours
    assert rows["settlements"] == 2 + 2  # settlements, and holds that money was paid for
    assert rows["batches"] == entries + batches + 1
    assert rows["heads"] == 3
    assert "1 owners walked coin by coin; for 1 others" in checks["provenance"].detail
    assert checks["heads"].detail.endswith("not yet under a head: 2 batches")
    assert "DIAMOND: users 44, platform -44" in checks["books"].detail


def test_it_tells_how_far_it_is(database: Database) -> None:
    small.build(database)
    told: list[tuple[str, int, int]] = []
    with database.connect() as connection:
        report = verify(connection, None, progress=lambda *step: told.append(step))
    assert sound(report)
    assert list(dict.fromkeys(name for name, *_ in told)) == NAMES
    hashed = [done for name, done, _ in told if name == "batches"]
    assert hashed == sorted(hashed)
    assert len(hashed) > 3
    assert {total for *_, total in told} == {report.entries}


def test_checks_of_other_layers_are_run_too(database: Database) -> None:
    def seals(connection: Any) -> Check:
        connection.execute("SELECT 1 FROM users")
        return Check("seals", True, 4, "sealed")

    def lost_seals(connection: Any) -> Check:
        connection.execute("SELECT 1 FROM nowhere")
        raise AssertionError

    with database.connect() as connection:
        report = verify(connection, SIGNER, [seals, lost_seals, seals])
    assert not report.ok
    assert [check.name for check in report.checks] == [*NAMES, "seals", "lost-seals", "seals"]
    assert [check.ok for check in report.checks[-3:]] == [True, False, True]
    assert "could not be finished" in report.checks[-2].detail


def test_it_changes_nothing_even_as_the_owner(database: Database) -> None:
    def meddling(connection: Any) -> Check:
        connection.execute("INSERT INTO gift (code, name) VALUES ('x', 'X')")
        return Check("meddling", True, 0, "")

    with database.connect_owner() as connection:
        report = verify(connection, None, [meddling])
        assert "read-only transaction" in report.checks[-1].detail
        assert connection.execute("SELECT count(*) FROM gift").fetchone() == (0,)


def test_gifts_that_arrive_meanwhile_do_not_disturb_it(database: Database) -> None:
    small.build(database)
    stop = threading.Event()

    def give() -> None:
        with Writer(database.connect) as writer:
            for number in range(10_000):
                if stop.is_set():
                    break
                writer.write([small.buy(OTTO, f"more-{number}", 1), small.gift(OTTO, f"gift-{number}")])

    giver = threading.Thread(target=give)
    giver.start()
    try:
        reports = [looked_at(database) for _ in range(5)]
    finally:
        stop.set()
        giver.join()
    assert all(sound(report) for report in reports)
    assert reports[-1].entries > reports[0].entries > 0


def test_a_viewer_with_a_reversal_brings_an_imported_streak_in_two_steps(database: Database) -> None:
    small.build(database)
    small.write(
        database,
        small.gift(OTTO, "taken-back"),
        small.reverse(OTTO, "taken-back"),
        small.imported(OTTO, "streak", 2),
        small.imported(OTTO, "streak", 5),
    )
    assert "2 owners walked coin by coin; for 0 others" in sound(looked_at(database))["provenance"].detail


def test_words_may_be_erased(database: Database) -> None:
    small.build(database)
    with database.connect() as connection:
        connection.execute("DELETE FROM message WHERE id = %s", (client_id("g1"),))
    assert sound(looked_at(database))["messages"].rows == 1


def test_a_second_chain_of_batches_goes_under_the_same_head(database: Database) -> None:
    small.build(database)
    with Writer(database.connect) as first, Writer(database.connect) as second:
        first.write([small.buy(MINA, "one"), small.gift(MINA, "one-gift")])
        second.write([small.buy(OTTO, "two"), small.gift(OTTO, "two-gift", creator=CREATOR)])
        first.write([small.gift(MINA, "third")])
    small.sign(database)
    checks = sound(looked_at(database))
    assert "2 writers" in checks["batches"].detail
    assert checks["heads"].detail.endswith("not yet under a head: 0 batches")
