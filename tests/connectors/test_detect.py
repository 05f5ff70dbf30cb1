"""A path is opened: what it holds is told from its content, and what cannot be read says why."""

import json
import os
from pathlib import Path

import pytest
from recording_samples import LOG_HEADER, NOW, log_csv, log_json, room_csv, webcast

from riviere.connectors import bilibili, lines
from riviere.connectors.detect import open_recording
from riviere.connectors.model import (
    BadHeader,
    EmptyRecording,
    GiftRecord,
    NoGiftFile,
    NoSuchPath,
    NotText,
    UnknownFormat,
    UnreadablePath,
)
from riviere.errors import RiviereError


def test_content_and_not_the_name_decides(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(webcast())
    (tmp_path / "b.xml").write_text(log_json())
    (tmp_path / "c.jsonl").write_text(f"{LOG_HEADER}\n{log_csv()}\n")
    room = tmp_path / "d.txt"
    room.mkdir()
    (room / "send_gift.csv").write_text(room_csv())
    found = [open_recording(tmp_path / name).format for name in ("a.csv", "b.xml", "c.jsonl", "d.txt")]
    assert found == ["tiktok_webcast", "gift_log_jsonl", "gift_log_csv", "bilibili"]


def test_a_format_is_found_behind_broken_lines_and_other_messages(tmp_path: Path) -> None:
    path = tmp_path / "mixed"
    path.write_bytes(b'{"type": "Webc\n\xff\xfe\n[1]\n{"type": "WebcastChatMessage"}\n' + webcast().encode())
    recording = open_recording(path)
    assert recording.format == "tiktok_webcast"
    assert recording.first_record == b'{"type": "Webc'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path, mark: str, end: str) -> None:
    for number, written in enumerate(([log_json(), log_json(id="g2")], [LOG_HEADER, log_csv(), log_csv(id="g2")])):
        path = tmp_path / str(number)
        path.write_bytes((mark + end.join(written) + end).encode())
        recording = open_recording(path)
        assert recording.first_record == written[number].encode()
        assert recording.size == path.stat().st_size
        rows = list(recording.rows(NOW))
        assert [row.source_id for _, row in rows if isinstance(row, GiftRecord)] == ["g1", "g2"]
        assert rows[-1][0] == recording.size


def test_a_file_that_grew_and_moved_has_the_same_first_record(tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.write_text(log_json())
    opened = open_recording(before)
    after = before.rename(tmp_path / "after")
    with after.open("a") as file:
        file.write("\n" + log_json(id="g2") + "\n")
    assert open_recording(after).first_record == opened.first_record == log_json().encode()


def broken(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    columns = LOG_HEADER.split(",")
    contents: dict[str, bytes] = {
        "empty": b"",
        "blank": b"\xef\xbb\xbf\n \r\n\n",
        "header only": LOG_HEADER.encode(),
        "no places": (",".join(columns[:-2]) + "\n1,2,3,4,5,6,7\n").encode(),
        "no count": (",".join(c for c in columns if c != "count") + "\n1,2,3,4,5,6,7,8\n").encode(),
        "count twice": (LOG_HEADER + ",count\n" + log_csv() + ",1\n").encode(),
        "prose": b"Once upon a time\nthere was a rose.\n",
        "one quote": b'"Once upon a time\n',
        "array": b"[" + log_json().encode() + b"]",
        "other json": b'{"name": "rose"}\n',
        "deep": b"[" * 100_000,
        "utf-16": log_json().encode("utf-16"),
        "picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "one long line": b"[" + b"0," * (1 << 20) + b"0]",
    }
    if name in contents:
        path.write_bytes(contents[name])
    elif name == "folder":
        path.mkdir()
    elif name in ("short room", "empty room"):
        path.mkdir()
        (path / "send_gift.csv").write_text("tid,num\n1,2\n" if name == "short room" else room_csv().split("\n")[0])
    elif name == "pipe":
        os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("nothing here", NoSuchPath, "nothing at"),
        ("folder", NoGiftFile, "no send_gift.csv"),
        ("pipe", UnreadablePath, "neither a file nor a folder"),
        ("empty", EmptyRecording, "no records"),
        ("blank", EmptyRecording, "no records"),
        ("header only", EmptyRecording, "no records"),
        ("empty room", EmptyRecording, "no records"),
        ("short room", BadHeader, "no column room_id, event_ts"),
        ("no places", BadHeader, "no column stream or post"),
        ("no count", BadHeader, "no column count"),
        ("count twice", BadHeader, "count more than once"),
        ("prose", UnknownFormat, "TikTok"),
        ("one quote", UnknownFormat, "gift log"),
        ("array", UnknownFormat, "Bilibili"),
        ("other json", UnknownFormat, "gift log"),
        ("deep", UnknownFormat, "gift log"),
        ("utf-16", NotText, "not UTF-8|NUL"),
        ("picture", NotText, "not UTF-8|NUL"),
        ("one long line", NotText, "longer than"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, name: str, error: type[RiviereError], says: str
) -> None:
    path = broken(tmp_path, name)
    with pytest.raises(error, match=says) as caught:
        open_recording(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Who runs the tests may read everything, so the refusal is played.
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "log"
    path.write_text(log_json())
    monkeypatch.setattr(lines, "read", refuse)
    with pytest.raises(UnreadablePath, match="Permission denied"):
        open_recording(path)


def test_one_missing_key_in_a_row_does_not_hide_the_format(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(json.dumps({"id": "1", "at": 0, "creator": "c", "item": "rose"}))
    assert open_recording(path).format == "gift_log_jsonl"


def test_only_the_files_that_are_there_are_counted(tmp_path: Path) -> None:
    (tmp_path / bilibili.GIFTS).write_text(room_csv())
    (tmp_path / "guard_buy.csv").write_text("a,b\r\n1,2\r\n3,4")
    (tmp_path / "combo_end.csv").write_text("")
    assert open_recording(tmp_path).ignored() == {"guard_buy": 2, "combo_end": 0}
