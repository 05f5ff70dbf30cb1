"""Files as they come: cut short, growing, damaged, enormous. Every row is accounted for and none raises."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_samples import LOG_HEADER, NOW, log_csv, log_json, room_csv, rows, webcast

from riviere.connectors import lines
from riviere.connectors.detect import open_recording
from riviere.connectors.model import GiftRecord, Reject, Row

# hypothesis draws times without a zone and adds it
YEARS_AGO = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
RECENTLY = datetime(2026, 10, 31, tzinfo=UTC).replace(tzinfo=None)
LATER = datetime(2026, 11, 3, tzinfo=UTC).replace(tzinfo=None)

CUT = "the file ends in the middle of a line"


def read(path: Path, content: bytes | str) -> list[Row]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return rows(path)


def outcome(found: list[Row]) -> list[tuple[int, str]]:
    """Line, and source id or reason."""
    assert all(isinstance(row, GiftRecord | Reject) for row in found)
    return [
        (row.line, row.reason if isinstance(row, Reject) else row.source_id)
        for row in found
        if isinstance(row, GiftRecord | Reject)
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "malformed|truncated"),
        (b"nonsense", "malformed"),
        (b"[1, 2]", "object"),
        (b"5", "object"),
        (b"null", "object"),
        (b"{} {}", "malformed"),
        (b"[" * 100_000, "object|nested"),
        (b'{"x": ' + b"[" * 100_000, "nested"),
        (log_json().encode().replace(b": 3", b": NaN"), "malformed"),
        (log_json().encode().replace(b": 3", b": Infinity"), "malformed"),
        (log_json().encode().replace(b": 3", b": 3e0"), "count must be a whole number"),
        (log_json().encode().replace(b": 3", b": 1e999"), "range"),
        (log_json().encode().replace(b": 3", b": " + b"9" * 5000), "range"),
        (log_json().encode().replace(b"rose", b"\\ud800"), "truncated|surrogate|malformed"),
        (log_json().encode().replace(b"rose", b"ros\xe9"), "not UTF-8"),
        (log_json().encode().replace(b"rose", b"ro\0se"), "NUL"),
        (log_json(item="x" * (1 << 20)).encode(), "longer than 1,048,576 bytes"),
    ],
)
def test_a_damaged_json_line_is_refused_and_the_next_one_read(tmp_path: Path, line: bytes, says: str) -> None:
    found = read(tmp_path / "log", log_json().encode() + b"\n" + line + b"\n" + log_json(id="g3").encode())
    assert [row.line for row in found] == [1, 2, 3]
    damaged = found[1]
    assert isinstance(damaged, Reject)
    assert any(word in damaged.reason for word in says.split("|")), damaged.reason
    assert damaged.raw[:10] == line[:10].decode()
    assert isinstance(found[2], GiftRecord)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"g2,2026", "2 fields where the header names 9"),
        (log_csv(id="g2").encode() + b",extra", "10 fields"),
        (log_csv(id='"g2').encode(), "a quote is opened and not closed"),
        (log_csv(id='"g2" no').encode(), "not CSV"),
        (log_csv(id='"' + "x" * 200_000 + '"').encode(), "not CSV"),
        (log_csv(id="g2\r").encode(), "control"),
        (log_csv(item="ros\udce9").encode(errors="surrogateescape"), "not UTF-8"),
        (log_csv(item="ro\0se").encode(), "NUL"),
        (b"x" * (3 << 20), "longer than"),
    ],
)
def test_a_damaged_csv_line_is_refused_and_the_next_one_read(tmp_path: Path, line: bytes, says: str) -> None:
    content = b"\n".join((LOG_HEADER.encode(), log_csv().encode(), line, log_csv(id="g3").encode(), b""))
    found = outcome(read(tmp_path / "log", content))
    assert [number for number, _ in found] == [2, 3, 4]
    assert [what for _, what in found[::2]] == ["g1", "g3"]
    assert says in found[1][1]


def test_one_stray_quote_swallows_no_other_row(tmp_path: Path) -> None:
    names = [f"g{number}" for number in range(2000)]
    written = [log_csv(id=name) for name in names]
    written[5] = log_csv(id="g5", sender='"ada')
    written[900] = log_csv(id="g900", sender='ada"')
    written[901] = log_csv(id="g901", sender='"ada')
    written[1000] += '"'
    found = outcome(read(tmp_path / "log", "\n".join((LOG_HEADER, *written)) + "\n"))
    assert [number for number, _ in found] == list(range(2, 2002))
    bad = {number - 2: what for number, what in found if what != f"g{number - 2}"}
    assert set(bad) == {5, 901, 1000}
    assert set(bad.values()) == {"a quote is opened and not closed."}


def test_a_quoted_field_may_go_on_over_lines(tmp_path: Path) -> None:
    text = f'{LOG_HEADER},message\r\n{log_csv()},"two\r\n\r\nlines, ""and"" more"\r\n{log_csv(id="g2")},\r\n'
    path = tmp_path / "log"
    assert outcome(read(path, text)) == [(2, "g1"), (5, "g2")]
    assert [done for done, _ in open_recording(path).rows(NOW)][-1] == len(text)


def test_a_last_line_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    for cut in (log_json(id="g2")[:-1], log_json(id="g2")[:20], "{"):
        assert outcome(read(tmp_path / "json", f"{log_json()}\n{cut}")) == [(1, "g1"), (2, CUT + ".")]
    for cut in (log_csv(id="g2")[:20], '"g2', log_csv(id="g2")[:-1]):
        content = f"{LOG_HEADER}\n{log_csv()}\n{cut}"
        assert outcome(read(tmp_path / "csv", content)) == [(2, "g1"), (3, CUT + ".")]
    cut_letter = f"{log_json()}\n".encode() + '{"id": "灯'.encode()[:-1]
    assert outcome(read(tmp_path / "letter", cut_letter)) == [(1, "g1"), (2, CUT + ".")]


def test_a_last_row_that_is_whole_needs_no_line_end(tmp_path: Path) -> None:
    assert outcome(read(tmp_path / "json", log_json())) == [(1, "g1")]
    assert outcome(read(tmp_path / "csv", f"{LOG_HEADER}\n{log_csv()}")) == [(2, "g1")]


def test_a_last_row_that_is_whole_and_wrong_says_what_is_wrong(tmp_path: Path) -> None:
    ((_, reason),) = outcome(read(tmp_path / "json", log_json(count=0)))
    assert "count must be" in reason


def test_what_is_appended_while_reading_waits_for_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(f"{log_json()}\n{log_json(id='g2')[:30]}")
    recording = open_recording(path)
    size = recording.size
    with path.open("a") as file:
        file.write(f"{log_json(id='g2')[30:]}\n{log_json(id='g3')}\n")
    found = list(recording.rows(NOW))
    assert outcome([row for _, row in found]) == [(1, "g1"), (2, "g2")]  # the line that had begun is read to its end
    assert recording.size == size
    assert outcome(rows(path)) == [(1, "g1"), (2, "g2"), (3, "g3")]


def test_a_file_that_became_empty_gives_no_rows(tmp_path: Path) -> None:
    for content in (f"{LOG_HEADER}\n{log_csv()}\n", log_json()):
        path = tmp_path / "log"
        path.write_text(content)
        recording = open_recording(path)
        path.write_text("")
        assert list(recording.rows(NOW)) == []


def test_the_same_gift_twice_is_shown_twice(tmp_path: Path) -> None:
    assert outcome(read(tmp_path / "log", f"{log_json()}\n{log_json()}\n")) == [(1, "g1"), (2, "g1")]


def test_an_endless_line_is_never_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 1000)
    path = tmp_path / "log"
    path.write_bytes(b"x" * 10_500 + b"\n" + log_json().encode() + b"\n" + b"y" * 1001)
    first, second, third = lines.read(path, path.stat().st_size)
    assert (first.number, first.end, first.ended, len(first.raw)) == (1, 10_501, True, 1001)
    assert (second.text, second.problem) == (log_json(), "")
    assert (third.number, third.end, third.ended) == (3, path.stat().st_size, False)


words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30).filter(str.strip)
gifts: st.SearchStrategy[dict[str, object]] = st.builds(
    dict,
    id=words,
    at=st.datetimes(YEARS_AGO, RECENTLY, timezones=st.just(UTC)),
    sender=words.map("v".__add__),
    creator=words.map("c".__add__),
    item=words,
    unit_coins=st.integers(1, 2**40),
    count=st.integers(1, 2**20),
    kind=st.sampled_from(["stream", "post"]),
    place=words,
)


def as_row(gift: dict[str, object]) -> dict[str, object]:
    at = gift["at"]
    assert isinstance(at, datetime)
    row = {key: value for key, value in gift.items() if key not in ("kind", "place")}
    return row | {"at": at.isoformat(), str(gift["kind"]): gift["place"]}


@given(logged=st.lists(gifts, min_size=1, max_size=8), form=st.sampled_from(["json", "csv"]))
def test_what_is_written_to_a_gift_log_is_read_from_it(
    tmp_path_factory: pytest.TempPathFactory, logged: list[dict[str, object]], form: str
) -> None:
    out = io.StringIO(newline="")
    if form == "csv":
        writer = csv.DictWriter(out, LOG_HEADER.split(","))
        writer.writeheader()
        writer.writerows(as_row(gift) for gift in logged)
    else:
        out.write("\n".join(json.dumps(as_row(gift)) for gift in logged))
    found = read(tmp_path_factory.getbasetemp() / "roundtrip", out.getvalue())
    assert len(found) == len(logged)
    for row, gift in zip(found, logged, strict=True):
        assert isinstance(row, GiftRecord), row
        assert (row.source_id, row.at, row.sender, row.creator) == tuple(
            gift[name] for name in ("id", "at", "sender", "creator")
        )
        assert (row.item, row.unit_coins, row.count) == (gift["item"], gift["unit_coins"], gift["count"])
        assert (row.place_kind, row.place, row.paid_coins) == (gift["kind"], gift["place"], None)


fragments = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b'"',
        b",",
        b"{",
        b"}",
        b"\0",
        b"\xff",
        log_json().encode(),
        log_csv().encode(),
        webcast().encode(),
    ]
)
damage = st.lists(st.one_of(st.binary(max_size=20), fragments), max_size=30).map(b"".join)


@given(damage=damage, form=st.sampled_from(["json", "csv", "webcast", "room"]))
def test_arbitrary_bytes_never_raise_and_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes, form: str
) -> None:
    start = {"json": log_json(), "csv": f"{LOG_HEADER}\n{log_csv()}", "webcast": webcast(), "room": room_csv()[:-2]}[
        form
    ]
    path = content = tmp_path_factory.getbasetemp() / f"damaged-{form}"
    if form == "room":
        path.mkdir(exist_ok=True)
        content = path / "send_gift.csv"
    content.write_bytes(start.encode() + b"\n" + damage)
    recording = open_recording(path)
    found = list(recording.rows(NOW))
    header = 1 if form in ("csv", "room") else 0
    written = [line for line in content.read_bytes().split(b"\n") if line.strip()]
    if b'"' not in damage or header == 0:
        assert len(found) + sum(recording.ignored().values()) + header == len(written)
    numbers = [row.line for _, row in found]
    assert numbers == sorted(set(numbers))
    assert [done for done, _ in found] == sorted(done for done, _ in found)
    assert found[0][1] == rows(path)[0]


@given(at=st.datetimes(RECENTLY, LATER, timezones=st.just(UTC)))
def test_only_what_lies_ahead_is_the_future(tmp_path_factory: pytest.TempPathFactory, at: datetime) -> None:
    (row,) = read(tmp_path_factory.getbasetemp() / "future", log_json(at=at.isoformat()))
    assert isinstance(row, Reject) == (at > NOW + timedelta(minutes=5))
