"""`riviere bench` with few gifts: what it measures, what it refuses, and that it says so when the books do not hold."""

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from riviere.cli.bench import crowd, over_http, tpcb, writer
from riviere.cli.bench.tpcb import TpcB
from riviere.cli.main import main
from riviere.database.database import Database
from riviere.services import Riviere
from shell import Ran

Benched = Callable[..., Ran]
NO_TPCB = TpcB(1000.0, "")


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Benched:
    """Runs `riviere bench` with these words, and with phases that last a moment each."""
    monkeypatch.setattr(writer, "SINGLE_SECONDS", 0.1)
    monkeypatch.setattr(writer, "WARM_UP", 20)
    monkeypatch.setattr(over_http, "WARM_UP", 0.1)
    monkeypatch.setattr(over_http, "REST", 0)
    monkeypatch.setattr(over_http, "BULK_SECONDS", 0.2)
    monkeypatch.setattr(over_http, "LINES", 50)
    monkeypatch.setattr(crowd, "VIEWERS", 300)
    monkeypatch.setattr(tpcb, "SCALE", 1)
    monkeypatch.setattr(tpcb, "SECONDS", 1)

    def command(*words: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["bench", *words])
        written = capsys.readouterr()
        return Ran(int(ended.value.code or 0), written.out, written.err)

    return command


@pytest.fixture
def here(database: Database, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Has a bench use the test's own database, and no pgbench."""
    monkeypatch.setattr(tpcb, "measure", lambda _: NO_TPCB)
    return "--database-url", database.owner_dsn


def keys(figures: dict[str, Any], *names: str) -> None:
    """The figures have these names; one with dots lies deeper."""
    for name in names:
        there: Any = figures
        for part in name.split("."):
            assert part in there, f"{name} is not there"
            there = there[part]


def test_a_bench_of_the_writer_measures_with_everything_on_and_leaves_nothing_behind(
    bench: Benched, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(data_folder))
    figures = bench("writer", "--gifts", "2000", "--json").json
    keys(figures, "gifts_per_s", "p50_ms", "p99_ms", "p999_ms", "bytes_per_gift", "wal_per_gift", "verified")
    keys(figures, "baseline.single_tps", "baseline.tpcb_tps", "ratio_to_tpcb")
    assert (figures["booked"], figures["refused"], figures["verified"]) == (2_000, 0, True)
    server = figures["server"]
    assert (server["fsync"], server["synchronous_commit"], server["full_page_writes"]) == ("on", "on", "on")
    assert server["version"].startswith("18.")
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["p999_ms"]
    # A row has two ids, two users and 22 numbers; the write-ahead log has at least what the pages have.
    assert figures["bytes_per_gift"] > 200
    assert figures["wal_per_gift"] > 200
    assert figures["batches"]["largest"] <= 2_000
    assert figures["batches"]["mean"] * figures["batches"]["count"] == pytest.approx(2_000, abs=1)
    baseline = figures["baseline"]
    assert figures["ratio_to_tpcb"] == pytest.approx(figures["gifts_per_s"] / baseline["tpcb_tps"], rel=0.01)
    assert figures["ratio_to_single"] == pytest.approx(figures["gifts_per_s"] / baseline["single_tps"], rel=0.01)
    assert figures["ratio_to_single"] > 1, "batches are what it is all about"
    assert figures["client_cpu_us"] > 0
    assert figures["machine"]["cores"] >= 1
    assert list(data_folder.iterdir()) == []


def test_one_gift_in_ten_without_coins_is_refused_and_counted(bench: Benched, here: tuple[str, str]) -> None:
    figures = bench("writer", "--gifts", "1000", "--refuse", "0.1", "--zipf", "1.1", *here, "--json").json
    assert (figures["booked"], figures["refused"]) == (900, 100)
    assert figures["answers_per_s"] == pytest.approx(figures["gifts_per_s"] / 0.9, rel=0.01)
    assert figures["baseline"]["tpcb_tps"] == 1000


def test_gifts_sent_before_are_there_and_all_of_them_go_to_one_creator(
    bench: Benched, here: tuple[str, str], database: Database
) -> None:
    figures = bench("writer", "--gifts", "600", "--preload", "700", "--hot", *here, "--json").json
    assert (figures["booked"], figures["preload"], figures["creators"]) == (600, 700, 1)
    with database.connect() as connection:
        rows = connection.execute("SELECT credit_user, count(*) FROM entry WHERE route = 11 GROUP BY 1").fetchall()
    assert len(rows) == 1
    # 20 of the warm-up, and at least one of those sent one by one.
    assert rows[0][1] > 600 + 700 + 20


def test_books_that_do_not_hold_end_a_bench_with_status_1(
    bench: Benched, here: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tampering(riviere: Riviere) -> TpcB:
        with riviere.database.connect_owner() as owner:
            owner.execute("UPDATE account SET credits = credits + 1 WHERE kind = 11")
        return NO_TPCB

    monkeypatch.setattr(tpcb, "measure", tampering)
    ran = bench("writer", "--gifts", "300", *here, "--json")
    assert ran.status == 1
    assert json.loads(ran.out)["verified"] is False
    assert "✗" in ran.err


def test_people_are_shown_a_table(bench: Benched, here: tuple[str, str]) -> None:
    ran = bench("writer", "--gifts", "300", *here)
    assert ran.status == 0, ran.err
    for words in ("300 booked", "gifts a second", "TPC-B", "WAL a gift", "fsync off", "✓ balanced"):
        assert words in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("writer", "--gifts", "0"),
        ("writer", "--refuse", "1"),
        ("writer", "--zipf", "0"),
        ("writer", "--hot", "--zipf", "1"),
        ("writer", "--preload", "-1"),
        ("http", "--seconds", "0"),
        ("http", "--connections", "0"),
        ("feed", "--clients", "0"),
        ("read", "--preload", "0"),
        ("start", "--runs", "0"),
        ("writer", "--database-url", "no address"),
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense_are_refused_in_one_line(bench: Benched, words: tuple[str, ...]) -> None:
    ran = bench(*words)
    assert ran.status == 2
    assert ran.err.count("\n") == 1


def test_a_database_that_is_in_use_is_left_alone(bench: Benched, here: tuple[str, str], database: Database) -> None:
    assert bench("writer", "--gifts", "100", *here).status == 0
    with database.connect() as connection:
        (before,) = connection.execute("SELECT count(*) FROM entry").fetchone() or ()
        ran = bench("http", *here)
        assert (ran.status, "has entries already" in ran.err) == (2, True)
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (before,)


def test_gifts_refused_for_anything_but_coins_end_a_bench(
    bench: Benched, here: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "GIFT", "no-such-gift")
    ran = bench("writer", "--gifts", "100", *here)
    assert (ran.status, "unknown_gift" in ran.err) == (2, True)


def test_without_pgbench_there_is_a_note_in_place_of_a_figure(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Opened:
        """As much of a Riviere as it takes."""

        def __init__(self) -> None:
            self.database = database

    opened: Any = Opened()
    monkeypatch.setattr(tpcb, "_program", lambda: None)
    assert tpcb.measure(opened) == TpcB(None, "no pgbench in the embedded server nor on the path")
    failing = tmp_path / "pgbench"
    failing.write_text("#!/bin/sh\necho 'no room' >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setattr(tpcb, "_program", lambda: str(failing))
    assert tpcb.measure(opened) == TpcB(None, "pgbench failed: no room")
    failing.write_text("#!/bin/sh\necho 'tps = much'\n")
    assert tpcb.measure(opened) == TpcB(None, "pgbench printed no figure")
    with database.connect_owner() as owner:
        left = owner.execute("SELECT count(*) FROM pg_database WHERE datname = 'riviere_bench_tpcb'").fetchone()
    assert left == (0,)


def test_a_bench_over_http_tells_gifts_from_posts_that_do_nothing(bench: Benched, here: tuple[str, str]) -> None:
    figures = bench("http", "--seconds", "1.2", "--connections", "4", *here, "--json").json
    keys(figures, "gift.rps", "gift.p50_ms", "gift.p99_ms", "noop.rps", "noop.p50_ms", "noop.p99_ms", "ratio")
    keys(figures, "bulk.gifts_per_s", "generator_cpu", "verified", "idle_mb.server", "busy_mb.postgres")
    assert figures["verified"] is True
    for kind in ("gift", "noop"):
        assert figures[kind]["statuses"].keys() == {"200"}
        assert figures[kind]["broken"] == 0
        assert 0 < figures[kind]["p50_ms"] <= figures[kind]["p99_ms"]
    assert figures["ratio"] == pytest.approx(figures["gift"]["rps"] / figures["noop"]["rps"], rel=0.01)
    assert figures["bulk"]["statuses"].keys() == {"200"}
    assert figures["bulk"]["statuses"]["200"] % 50 == 0
    assert 0 < figures["generator_cpu"] < 1
    assert figures["idle_mb"]["server"] > 20


def test_a_bench_of_reads_times_questions_about_one_famous_creator_and_others(
    bench: Benched, here: tuple[str, str], database: Database
) -> None:
    figures = bench("read", "--preload", "600", "--seconds", "0.2", *here, "--json").json
    for name in ("balance", "balance_at", "statement", "earnings_by_hour", "supporters"):
        query = figures[name]
        assert query["asked"] >= 10
        assert 0 < query["p50_ms"] <= query["p99_ms"]
        assert query["hot"]["p50_ms"] > 0
        assert query["spread"]["p50_ms"] > 0
    assert figures["verified"] is True
    with database.connect() as connection:
        gifts = "FROM entry WHERE route = 11"
        most = connection.execute(f"SELECT count(*) {gifts} GROUP BY credit_user ORDER BY 1 DESC LIMIT 1").fetchone()
        first = connection.execute(f"SELECT min(at) {gifts}").fetchone()
    assert most is not None
    assert 240 < most[0] < 360
    assert first is not None
    assert (datetime.now(UTC) - first[0]).days > 60


def test_a_bench_of_the_feed_insists_that_every_client_hears_everything(bench: Benched, here: tuple[str, str]) -> None:
    figures = bench("feed", "--clients", "30", "--rate", "40", "--seconds", "1", *here, "--json").json
    assert (figures["clients"], figures["events"], figures["verified"]) == (30, 40, True)
    assert (figures["lost"], figures["breaks"]) == (0, 0)
    assert 0 < figures["rate"] < 60
    assert 0 < figures["median_ms"] <= figures["p99_ms"] <= figures["p999_ms"]


def test_a_bench_of_the_start_waits_for_the_first_answer(bench: Benched, here: tuple[str, str]) -> None:
    figures = bench("start", "--runs", "1", "--preload", "20", *here, "--json").json
    assert figures["seconds"] == figures["runs"][0] > 0.1
    assert figures["fresh_seconds"] is None, "nobody's own server is fresh"


@pytest.mark.slow
def test_a_start_is_timed_on_a_stopped_folder_and_on_a_new_one(bench: Benched) -> None:
    figures = bench("start", "--runs", "3", "--json").json
    assert len(figures["runs"]) == 3
    assert sorted(figures["runs"])[1] == figures["seconds"] < figures["fresh_seconds"]
