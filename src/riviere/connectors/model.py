"""What a recording of gifts is made of, whichever format it came in."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from riviere.connectors import lines
from riviere.connectors.lines import Line
from riviere.errors import RiviereError

#: What can be read, as people are told it.
FORMATS = (
    "TikTok webcast gift messages (JSONL), a Bilibili folder with send_gift.csv, or a gift log "
    "(JSONL or CSV with id, at, sender, creator, item, unit_coins, count and stream or post)"
)


class UnknownFormat(RiviereError):
    """{path} is in no format that can be read: name {formats}."""

    code = "unknown_format"


class NoSuchPath(RiviereError):
    """There is nothing at {path}: name a recording that exists."""

    code = "no_such_path"


class NoGiftFile(RiviereError):
    """The folder {path} has no send_gift.csv in it: name a folder that has one, or a file."""

    code = "no_gift_file"


class EmptyRecording(RiviereError):
    """{path} holds no records yet."""

    code = "empty_recording"


class BadHeader(RiviereError):
    """The first line of {path} {problem}: add or rename columns and try again."""

    code = "bad_header"


class NotText(RiviereError):
    """{path} does not look like text: {problem}. Save it as UTF-8, one record a line."""

    code = "not_text"


class UnreadablePath(RiviereError):
    """{path} cannot be read: {detail}."""

    code = "unreadable_path"


class BadRow(RiviereError):
    """{reason}."""

    code = "bad_row"


class GiftRecord(msgspec.Struct, frozen=True, gc=False):
    """One gift, or one step of a streak.

    A streak's `source_id` names the streak and its `count` is cumulative; otherwise `source_id` names the single gift.
    `unit_coins` is the listed price in coins; `paid_coins` what was really paid for all of `count`, in coins, where the
    record says so (None: `unit_coins` times `count`). `item` is a catalogue code in the connector's own name space.
    """

    source_id: str
    at: datetime
    sender: str
    creator: str
    item: str
    item_name: str
    unit_coins: int
    combo: bool
    count: int
    paid_coins: int | None
    place_kind: Literal["stream", "post"]
    place: str
    line: int
    streak: bool


class Free(msgspec.Struct, frozen=True, gc=False):
    """A row that carries no value."""

    line: int


class Reject(msgspec.Struct, frozen=True, gc=False):
    """A row that cannot be used: where it stands, why, and what it said."""

    line: int
    reason: str
    raw: str


class Ignored(msgspec.Struct, frozen=True, gc=False):
    """A row of another kind, which is not imported yet."""

    what: str


Row = GiftRecord | Free | Reject

#: How a format turns lines into rows; the instant is now, after which nothing can have happened.
Reader = Callable[[Iterator[Line], datetime], Iterator[tuple[int, Row | Ignored]]]


def rejected(line: Line, reason: str) -> Reject:
    """The refusal of `line`."""
    return Reject(line.number, reason, line.text)


@dataclass(frozen=True)
class Recording:
    """A recording that was found at a path, and what is known of it before it is read.

    `format` is tiktok_webcast, bilibili, gift_log_jsonl or gift_log_csv; `source` the name to show; `size` the bytes
    there are to read at `path`; `first_record` the bytes of the first data row, which stay the same when the file grows
    or moves; `beside` the files whose rows are counted and not read.
    """

    format: str
    source: str
    path: Path
    size: int
    first_record: bytes
    reader: Reader
    beside: tuple[Path, ...]
    _ignored: Counter[str] = field(default_factory=Counter, init=False)

    def rows(self, now: datetime) -> Iterator[tuple[int, Row]]:
        """Every data row in order, each with the bytes read so far; what lies after `now` is rejected.

        Reads up to the size seen when the recording was opened. Raises OSError where the file cannot be read.
        """
        self._ignored.clear()
        for done, row in self.reader(lines.read(self.path, self.size), now):
            if isinstance(row, Ignored):
                self._ignored[row.what] += 1
            else:
                yield done, row

    def ignored(self) -> dict[str, int]:
        """How many rows of which other kinds: beside the gifts, and among those that `rows` has passed so far."""
        beside = {path.stem: _data_rows(path) for path in self.beside}
        return beside | dict(self._ignored)


def _data_rows(path: Path) -> int:
    return max(0, sum(1 for _ in lines.read(path, path.stat().st_size)) - 1)
