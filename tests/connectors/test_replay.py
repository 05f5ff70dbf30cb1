"""Recorded streams become gifts in the books: once, at their rate, whatever happens to the file."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from recording_samples import LOG as GIFT_LOG
from recording_samples import LOG_HEADER, log_csv
from recording_samples import MESSAGE as WEBCAST

from riviere import clock, money
from riviere.connectors.detect import open_recording
from riviere.connectors.replay import Replay, Summary
from riviere.economy import people
from riviere.economy.catalogue import Catalogue
from riviere.economy.earned import earnings
from riviere.ledger.law import Kind
from riviere.ledger.statement import balance_at
from riviere.services import Riviere

EXAMPLES = Path(__file__).parents[2] / "examples"


def replay(riviere: Riviere, path: Path, rate: int | None = None) -> Summary:
    run = Replay(
        riviere.connection, riviere.writer, riviere.signer, open_recording(path), riviere.database.folder.rejects
    )
    return run.run(rate, "ada", clock.now(), lambda *_: None)


def log(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def figures(summary: Summary) -> tuple[int, int, int, str, int]:
    return summary.gifts, summary.new, summary.coins, summary.diamonds, summary.rejected


@pytest.mark.parametrize(
    ("name", "gifts", "coins", "free"),
    [
        ("gifts.jsonl", 40, 40_306, 0),
        ("gifts.csv", 40, 3_900, 0),
        ("webcast.jsonl", 11, 807, 1),
        ("room", 33, 31_500, 5),
    ],
)
def test_an_example_is_booked_once_however_often_it_is_run(
    riviere: Riviere, name: str, gifts: int, coins: int, free: int
) -> None:
    first = replay(riviere, EXAMPLES / name)
    assert (figures(first), first.free) == ((gifts, gifts, coins, str(coins), 0), free)
    again = replay(riviere, EXAMPLES / name)
    assert (figures(again), again.free) == ((gifts, 0, coins, str(coins), 0), free)


def test_the_recorded_webcast_holds_66_gifts_worth_343(riviere: Riviere, shared_data: Path) -> None:
    path = shared_data / "tiktok_webcast_capture" / "gift_events.jsonl"
    assert figures(replay(riviere, path)) == (66, 66, 343, "343", 0)
    assert figures(replay(riviere, path)) == (66, 0, 343, "343", 0)


def test_the_recorded_rooms_hold_5567_gifts(riviere: Riviere, shared_data: Path) -> None:
    summary = replay(riviere, shared_data / "bilibili_live_events", 500)
    assert figures(summary) == (5_567, 5_567, 56_903_100, "28451550", 0)
    assert (summary.rows, summary.free) == (5_857, 290)
    assert summary.ignored == {"super_chat": 159, "guard_buy": 115, "combo_end": 8_872}


def test_another_rate_books_nothing_and_says_so(riviere: Riviere) -> None:
    replay(riviere, EXAMPLES / "gifts.csv", 750)
    again = replay(riviere, EXAMPLES / "gifts.csv", 500)
    assert figures(again) == (40, 0, 3_900, "2925", 0)
    assert again.rate == "0.75"
    assert again.note is not None
    assert "nothing was booked" in again.note


def test_a_log_that_grew_and_moved_keeps_its_rate(riviere: Riviere, tmp_path: Path) -> None:
    replay(riviere, log(tmp_path / "a.jsonl", GIFT_LOG), 750)
    longer = log(tmp_path / "b.jsonl", GIFT_LOG, GIFT_LOG | {"id": "second"})
    summary = replay(riviere, longer)
    coins = 2 * 1 * 3
    assert figures(summary) == (2, 1, coins, money.plain(coins * 750, money.DIAMOND), 0)


def test_both_forms_of_one_log_are_one_log(riviere: Riviere, tmp_path: Path) -> None:
    replay(riviere, log(tmp_path / "log.jsonl", GIFT_LOG))
    csv = tmp_path / "log.csv"
    csv.write_text(f"{LOG_HEADER}\n{log_csv()}\n")
    assert replay(riviere, csv).new == 0


def test_a_streak_seen_longer_later_books_the_difference_and_is_not_new(riviere: Riviere, tmp_path: Path) -> None:
    step = WEBCAST | {"repeatCount": 3, "repeatEnd": 0}
    first = replay(riviere, log(tmp_path / "w.jsonl", step))
    price = 2
    assert figures(first) == (1, 1, 3 * price, str(3 * price), 0)
    later = [step | {"repeatCount": count, "repeatEnd": end} for count, end in ((10, 0), (7, 0), (10, 1))]
    longer = replay(riviere, log(tmp_path / "w.jsonl", step, *later))
    assert figures(longer) == (1, 0, 10 * price, str(10 * price), 0)


def test_a_record_of_another_price_starts_a_version_and_an_unknown_gift_is_added(
    riviere: Riviere, tmp_path: Path
) -> None:
    rows = [
        GIFT_LOG | {"id": f"g{number}", "item": "lantern", "unit_coins": price}
        for number, price in enumerate((20, 25, 20))
    ]
    replay(riviere, log(tmp_path / "log.jsonl", *rows))
    prices = [version.coins for version in Catalogue.load(riviere.connection).versions("lantern")]
    assert prices == [20, 25]
    (row,) = earnings.by_creator(riviere.connection)
    assert (row.gifts, row.coins) == (3, (20 + 25 + 20) * 3)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"count": 99}, "another request"),
        ({"item": "another"}, "another request"),
        ({"sender": "somebody-else"}, "another sender"),
        ({"at": "2999-01-01T00:00:00Z", "id": "later"}, "has not happened yet"),
        ({"at": "2026-01-01T00:00:00", "id": "zoneless"}, "zone"),
    ],
)
def test_a_row_that_cannot_be_used_is_kept_with_its_reason(
    riviere: Riviere, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    summary = replay(riviere, log(tmp_path / "log.jsonl", GIFT_LOG, GIFT_LOG | change))
    assert (summary.gifts, summary.new, summary.rejected) == (1, 1, 1)
    assert summary.rejects is not None
    (kept,) = [msgspec.json.decode(line) for line in Path(summary.rejects).read_bytes().splitlines()]
    assert kept["line"] == 2
    assert reason in kept["reason"]
    mended = replay(riviere, log(tmp_path / "log.jsonl", GIFT_LOG))
    assert (mended.rejected, mended.rejects) == (0, None)
    assert not Path(summary.rejects).exists()


def test_what_is_imported_waits_without_a_way_out(riviere: Riviere) -> None:
    replay(riviere, EXAMPLES / "gifts.csv")
    creator = people.find(riviere.connection, "creator-lin").id
    assert balance_at(riviere.connection, creator, Kind.UNBACKED) == 2_289_000
    assert balance_at(riviere.connection, creator, Kind.DIAMONDS) == 0


def test_a_recorded_stream_ends_with_its_last_gift(riviere: Riviere, tmp_path: Path) -> None:
    rows = [GIFT_LOG | {"id": f"g{day}", "at": f"2026-03-0{day}T10:00:00Z"} for day in (2, 5, 3)]
    replay(riviere, log(tmp_path / "log.jsonl", *rows))
    ends = riviere.connection.execute("SELECT opened_at, ended_at FROM place").fetchall()
    assert ends == [(datetime(2026, 3, 2, 10, tzinfo=UTC), datetime(2026, 3, 5, 10, tzinfo=UTC))]


GIFTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(1, 10**6), st.integers(1, 50)), min_size=1
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gifts=GIFTS)
def test_every_creator_gets_exactly_three_quarters_of_a_diamond_a_coin(
    riviere: Riviere, tmp_path: Path, gifts: list[tuple[str, str, int, int]]
) -> None:
    salt = uuid4()  # the ledger forgets nothing, so every example has people of its own
    rows = [
        GIFT_LOG
        | {"id": f"{salt}-{number}", "sender": f"{salt}-{sender}", "creator": f"{salt}-{creator}", "item": f"{unit}"}
        | {"unit_coins": unit, "count": count}
        for number, (sender, creator, unit, count) in enumerate(gifts)
    ]
    replay(riviere, log(tmp_path / f"{salt}.jsonl", *rows), 750)
    earned = {row.creator: row for row in earnings.by_creator(riviere.connection)}
    for creator in {creator for _, creator, _, _ in gifts}:
        coins = sum(unit * count for _, whose, unit, count in gifts if whose == creator)
        row = earned[f"{salt}-{creator}"]
        assert (row.coins, row.diamonds) == (coins, coins * 750)
