"""What a row says, and every reason for which one is refused."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recording_samples import GONE, NOW, Placed, in_log_csv, in_log_json, in_room, in_webcast, webcast

from riviere.connectors.detect import open_recording
from riviere.connectors.model import Free, GiftRecord, Reject


def test_a_gift_log_row_is_read_whole(tmp_path: Path) -> None:
    expected = GiftRecord(
        source_id="g1",
        at=datetime(2026, 3, 1, 20, tzinfo=UTC),
        sender="viewer-ada",
        creator="creator-lin",
        item="rose",
        item_name="rose",
        unit_coins=1,
        combo=False,
        count=3,
        paid_coins=None,
        place_kind="stream",
        place="harp-hour",
        line=2,
        streak=False,
    )
    assert in_log_json(tmp_path / "json") == expected
    as_csv = in_log_csv(tmp_path / "csv", stream="", post="recipe")
    assert isinstance(as_csv, GiftRecord)
    assert (as_csv.place_kind, as_csv.place, as_csv.line) == ("post", "recipe", 3)


def test_ids_may_be_numbers_and_times_milliseconds(tmp_path: Path) -> None:
    row = in_log_json(tmp_path / "json", id=7, sender=8, at=1772395200000, stream=9, count=2**31 - 1)
    assert isinstance(row, GiftRecord)
    assert (row.source_id, row.sender, row.place, row.count) == ("7", "8", "9", 2**31 - 1)
    assert row.at == datetime(2026, 3, 1, 20, tzinfo=UTC)
    row = in_log_csv(tmp_path / "csv", at="1772395200000", unit_coins=2**63 - 1, count="001")
    assert isinstance(row, GiftRecord)
    assert (row.unit_coins, row.count, row.at) == (2**63 - 1, 1, datetime(2026, 3, 1, 20, tzinfo=UTC))


def test_a_streak_is_named_by_room_viewer_gift_and_group(tmp_path: Path) -> None:
    assert in_webcast(tmp_path / "one") == GiftRecord(
        source_id="tiktok:streak:room-1:viewer-ada:90001:7",
        at=datetime(2026, 5, 9, 19, 0, 4, tzinfo=UTC),
        sender="viewer-ada",
        creator="creator-ravi",
        item="tiktok:90001",
        item_name="Petal",
        unit_coins=2,
        combo=True,
        count=3,
        paid_coins=None,
        place_kind="stream",
        place="room-1",
        line=2,
        streak=True,
    )


def test_two_streaks_never_share_a_name(tmp_path: Path) -> None:
    one = in_webcast(tmp_path / "one", roomId="a:b", user__userId="c")
    other = in_webcast(tmp_path / "other", roomId="a", user__userId="b:c")
    again = in_webcast(tmp_path / "again", roomId="a%3Ab", user__userId="c")
    names = {row.source_id for row in (one, other, again) if isinstance(row, GiftRecord)}
    assert len(names) == 3


@pytest.mark.parametrize("changes", [{"groupId": None}, {"gift__combo": False}, {"gift__combo": GONE}])
def test_without_combo_or_group_a_message_is_one_gift(tmp_path: Path, changes: dict[str, object]) -> None:
    row = in_webcast(tmp_path / "one", **changes)
    assert isinstance(row, GiftRecord)
    assert (row.source_id, row.streak, row.count) == ("m1", False, 3)


def test_a_room_row_keeps_listed_and_paid_price(tmp_path: Path) -> None:
    assert in_room(tmp_path / "room") == GiftRecord(
        source_id="1781955031001",
        at=datetime(2026, 6, 20, 11, 30, 31, tzinfo=UTC),
        sender="viewer-ada",
        creator="room-1",
        item="bilibili:80001",
        item_name="灯笼",
        unit_coins=100,
        combo=False,
        count=3,
        paid_coins=240,
        place_kind="stream",
        place="room-1",
        line=3,
        streak=False,
    )


def test_silver_and_gifts_that_cost_nothing_are_free(tmp_path: Path) -> None:
    assert in_room(tmp_path / "silver", coin_type="silver") == Free(3)
    assert in_room(tmp_path / "total", coin_type="silver", total_coin="") == Free(3)
    assert in_webcast(tmp_path / "gift", gift__diamondCount=0) == Free(2)


@pytest.mark.parametrize("name", ["", None, 5, " \x00\n "])
def test_a_gift_without_a_name_is_called_by_its_code(tmp_path: Path, name: object) -> None:
    row = in_webcast(tmp_path / "one", gift__name=name)
    assert isinstance(row, GiftRecord)
    assert row.item_name == "tiktok:90001"


def test_a_name_fits_into_the_catalogue(tmp_path: Path) -> None:
    row = in_webcast(tmp_path / "one", gift__name="Pe\x07tal " + "x" * 200)
    assert isinstance(row, GiftRecord)
    assert row.item_name == ("Petal " + "x" * 200)[:100]


AMOUNTS = [
    (GONE, "nothing"),
    (-1, "-1"),
    (0, "0"),
    (1.5, "1.5"),
    (3.0, "3.0"),
    (True, "True"),
    ("3", "'3'"),
    (None, "nothing"),
    (2**63, str(2**63)),
    ([], "[]"),
]
WRITTEN = [
    ("", "nothing"),
    ("-1", "-1"),
    ("0", "0"),
    ("1.5", "1.5"),
    ("3.0", "3.0"),
    ("1e3", "1e3"),
    ("+3", "3"),
    (" 3", "3"),
    ("1_0", "1_0"),
    ("٣", "٣"),
    ("²", "²"),
    ("NaN", "NaN"),
    (str(2**63), str(2**63)),
    ("9" * 5000, "999"),
]
IDS = [
    (GONE, "missing"),
    ("", "missing"),
    ("  ", "missing"),
    (None, "missing"),
    (True, "True"),
    (1.5, "1.5"),
    ({}, "{}"),
    ("x" * 201, "201 characters"),
    ("a\x00b", "control"),
    ("a\nb", "control"),
    ("a\x85b", "control"),
]
TIMES = [
    ("2026-03-01T20:00:00", "zone"),
    ("yesterday", "zone"),
    ("", "zone"),
    (GONE, "zone"),
    (True, "zone"),
    (1.5, "zone"),
    (2**80, "range|zone"),
    ("2026-13-01T20:00:00Z", "zone"),
    ("2027-01-01T00:00:00Z", "not happened"),
    (1900000000000, "not happened"),
]


def refused(row: object, *says: str) -> None:
    """That the row is refused, with line, reason and what it said."""
    assert isinstance(row, Reject), row
    assert row.line in (2, 3)
    assert row.raw
    for part in says:
        assert re.search(part, row.reason), row.reason
    assert "\n" not in row.reason


@pytest.mark.parametrize(("value", "shown"), AMOUNTS)
@pytest.mark.parametrize(
    ("place", "field"),
    [
        (in_log_json, "unit_coins"),
        (in_log_json, "count"),
        (in_webcast, "gift__diamondCount"),
        (in_webcast, "repeatCount"),
    ],
)
def test_an_amount_in_json_is_a_whole_number(
    tmp_path: Path, place: Placed, field: str, value: object, shown: str
) -> None:
    row = place(tmp_path / "x", **{field: value})
    if field == "gift__diamondCount" and value == 0:
        assert row == Free(2)
        return
    refused(row, field.rsplit("__")[-1], "whole number", shown.replace("[", r"\["))


@pytest.mark.parametrize(("value", "shown"), WRITTEN)
@pytest.mark.parametrize(
    ("place", "field"),
    [(in_log_csv, "unit_coins"), (in_log_csv, "count"), (in_room, "price"), (in_room, "num"), (in_room, "total_coin")],
)
def test_an_amount_in_csv_is_plain_digits(tmp_path: Path, place: Placed, field: str, value: object, shown: str) -> None:
    refused(place(tmp_path / "x", **{field: value}), field, "whole number", shown)


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        (in_log_json, {"unit_coins": 2**62, "count": 2}),
        (in_log_csv, {"unit_coins": 2**62, "count": 2}),
        (in_webcast, {"gift__diamondCount": 2**62, "repeatCount": 2}),
        (in_room, {"price": 2**62, "num": 2}),
    ],
)
def test_a_gift_beyond_what_the_ledger_holds_is_refused(
    tmp_path: Path, place: Placed, changes: dict[str, object]
) -> None:
    refused(place(tmp_path / "x", **changes), "more than 2.63 - 1")


@pytest.mark.parametrize("place", [in_log_json, in_log_csv])
def test_more_items_than_a_journal_row_holds_are_refused(tmp_path: Path, place: Placed) -> None:
    refused(place(tmp_path / "x", count=2**31), "count", "2,147,483,647")


@pytest.mark.parametrize(("value", "says"), IDS)
@pytest.mark.parametrize(
    ("place", "field"),
    [
        (in_log_json, "id"),
        (in_log_json, "sender"),
        (in_log_json, "creator"),
        (in_log_json, "item"),
        (in_webcast, "roomId"),
        (in_webcast, "user__userId"),
        (in_webcast, "toUserId"),
        (in_webcast, "giftId"),
    ],
)
def test_an_id_is_short_text_or_a_number(tmp_path: Path, place: Placed, field: str, value: object, says: str) -> None:
    refused(place(tmp_path / "x", **{field: value}), field.replace("__", "."), says)


@pytest.mark.parametrize(
    ("place", "changes", "says"),
    [
        (in_webcast, {"groupId": "x" * 201}, "groupId"),
        (in_webcast, {"groupId": None, "msgId": GONE}, "msgId is missing"),
        (in_webcast, {"giftId": "x" * 94}, "giftId"),
        (in_webcast, {"gift__combo": 1}, "gift.combo"),
        (in_webcast, {"gift__combo": "true"}, "gift.combo"),
        (in_webcast, {"gift": None}, "gift"),
        (in_webcast, {"user": "ada"}, "user"),
        (in_webcast, {"type": GONE}, "type is nothing"),
        (in_webcast, {"type": 5}, "type is 5"),
        (in_webcast, {"type": "gift", "user": []}, "type is 'gift'"),
        (in_webcast, {"toUserId": "viewer-ada"}, "nobody gifts themselves"),
        (in_log_json, {"creator": "viewer-ada"}, "nobody gifts themselves"),
        (in_log_json, {"sender": 5, "creator": "5"}, "nobody gifts themselves"),
        (in_log_csv, {"creator": "viewer-ada"}, "nobody gifts themselves"),
        (in_room, {"user_id": "room-1"}, "nobody gifts themselves"),
        (in_log_json, {"item": "x" * 101}, "item is 101 characters"),
        (in_log_json, {"stream": None}, "neither"),
        (in_log_json, {"stream": GONE, "post": GONE}, "neither"),
        (in_log_json, {"post": "recipe"}, "both"),
        (in_log_json, {"stream": "x" * 201}, "stream is 201"),
        (in_log_json, {"stream": None, "post": []}, "post must be text"),
        (in_log_csv, {"stream": " "}, "neither"),
        (in_log_csv, {"post": "recipe"}, "both"),
        (in_log_csv, {"id": ""}, "id is missing"),
        (in_log_csv, {"sender": "a\x07"}, "control"),
        (in_room, {"coin_type": "copper"}, "neither gold nor silver"),
        (in_room, {"coin_type": ""}, "neither gold nor silver"),
        (in_room, {"tid": ""}, "tid is missing"),
        (in_room, {"room_id": ""}, "room_id is missing"),
        (in_room, {"user_id": "x" * 201}, "user_id is 201"),
        (in_room, {"gift_id": ""}, "gift_id is missing"),
        (in_room, {"event_ts": ""}, "event_ts must be whole seconds"),
        (in_room, {"event_ts": "2021-12-30T19:34:56"}, "event_ts must be whole seconds"),
        (in_room, {"event_ts": "1900000000"}, "event_ts is .* not happened"),
        (in_room, {"event_ts": "9" * 19}, "event_ts"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(
    tmp_path: Path, place: Placed, changes: dict[str, object], says: str
) -> None:
    refused(place(tmp_path / "x", **changes), says)


@pytest.mark.parametrize(("value", "says"), TIMES)
@pytest.mark.parametrize(("place", "field"), [(in_log_json, "at"), (in_webcast, "createTime")])
def test_a_time_is_an_instant_that_has_happened(
    tmp_path: Path, place: Placed, field: str, value: object, says: str
) -> None:
    refused(place(tmp_path / "x", **{field: value}), field, says)


def test_another_kind_of_message_may_look_as_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(webcast() + "\n" + webcast({"type": "WebcastChatMessage", "user": None, "gift": []}))
    recording = open_recording(path)
    assert len(list(recording.rows(NOW))) == 1
    assert len(list(recording.rows(NOW))) == 1
    assert recording.ignored() == {"WebcastChatMessage": 1}
