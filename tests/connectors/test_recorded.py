"""What real recordings, and the examples that come with Riviere, add up to."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from riviere.connectors.detect import open_recording
from riviere.connectors.model import Free, GiftRecord, Recording, Reject

NOW = datetime(2026, 11, 1, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2] / "examples"


def worth(gift: GiftRecord) -> int:
    return gift.unit_coins * gift.count if gift.paid_coins is None else gift.paid_coins


def totals(recording: Recording) -> tuple[int, int, int]:
    """Gifts, coins, free rows: a streak is one gift, worth its highest step. Nothing may be rejected."""
    gifts: dict[tuple[bool, str], int] = {}
    free = 0
    for _, row in recording.rows(NOW):
        assert not isinstance(row, Reject), row
        if isinstance(row, Free):
            free += 1
        else:
            key = (row.streak, row.source_id)
            assert row.streak or key not in gifts
            gifts[key] = max(gifts.get(key, 0), worth(row))
    return len(gifts), sum(gifts.values()), free


def test_a_recorded_tiktok_capture_holds_66_gifts_worth_343_coins(shared_data: Path) -> None:
    recording = open_recording(shared_data / "tiktok_webcast_capture" / "gift_events.jsonl")
    assert recording.format == "tiktok_webcast"
    assert totals(recording) == (66, 343, 0)
    rows = [row for _, row in recording.rows(NOW) if isinstance(row, GiftRecord)]
    assert len(rows) == 136
    assert len({row.source_id for row in rows if row.streak}) == 62
    assert sum(worth(row) for row in rows if not row.streak) == 103
    assert recording.ignored() == {}


def test_messages_of_other_kinds_are_counted_and_none_is_a_gift(shared_data: Path) -> None:
    path = shared_data / "tiktok_webcast_capture" / "other_events.jsonl"
    recording = open_recording(path)
    assert totals(recording) == (0, 0, 0)
    assert sum(recording.ignored().values()) == len(path.read_bytes().splitlines())


def test_a_recorded_bilibili_evening_holds_5567_gifts_and_290_free_ones(shared_data: Path) -> None:
    recording = open_recording(shared_data / "bilibili_live_events")
    assert recording.format == "bilibili"
    assert recording.source == "bilibili_live_events"
    assert totals(recording) == (5_567, 56_903_100, 290)
    assert recording.ignored() == {"super_chat": 159, "guard_buy": 115, "combo_end": 8_872}


@pytest.mark.parametrize(
    ("name", "form", "expected", "ignored"),
    [
        ("gifts.jsonl", "gift_log_jsonl", (40, 40_306, 0), {}),
        ("gifts.csv", "gift_log_csv", (40, 3_900, 0), {}),
        (
            "webcast.jsonl",
            "tiktok_webcast",
            (11, 807, 1),
            {"WebcastMemberMessage": 2, "WebcastChatMessage": 2, "WebcastLikeMessage": 3},
        ),
        ("room", "bilibili", (33, 31_500, 5), {"super_chat": 2, "guard_buy": 1, "combo_end": 3}),
    ],
)
def test_the_examples_add_up_to_what_their_readme_says(
    name: str, form: str, expected: tuple[int, int, int], ignored: dict[str, int]
) -> None:
    recording = open_recording(EXAMPLES / name)
    assert (recording.format, recording.source) == (form, name)
    assert totals(recording) == expected
    assert recording.ignored() == ignored
    assert f"{expected[1]:,}" in (EXAMPLES / "README.md").read_text("utf-8")


def test_the_examples_readme_says_what_each_creator_gets() -> None:
    readme = (EXAMPLES / "README.md").read_text("utf-8")
    cells: dict[str, list[str]] = {}
    for name in ("gifts.jsonl", "gifts.csv"):
        gifts, coins = Counter[str](), Counter[str]()
        for _, row in open_recording(EXAMPLES / name).rows(NOW):
            assert isinstance(row, GiftRecord)
            gifts[row.creator] += 1
            coins[row.creator] += worth(row)
        for creator in gifts:
            cells.setdefault(creator, []).append(f"{gifts[creator]}, {coins[creator]:,}")
    assert len(cells) == 3
    for creator, (first, second) in cells.items():
        assert f"| {creator} | {first} | {second} |" in readme
