"""Which format lies at a path, told from what is in it and never from its name."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import msgspec

from riviere.connectors import bilibili, gift_log, lines, table, tiktok
from riviere.connectors.lines import Line
from riviere.connectors.model import (
    FORMATS,
    BadHeader,
    EmptyRecording,
    NoGiftFile,
    NoSuchPath,
    NotText,
    Reader,
    Recording,
    UnknownFormat,
    UnreadablePath,
)

#: Lines looked at to tell a JSONL format: the first ones may be broken, or messages of other kinds.
_LOOKED_AT = 100

#: Names of our gift log's that must be there to call something one; rows without the others are then refused.
_ENOUGH = 3


def open_recording(path: Path) -> Recording:
    """What lies at `path`, ready to be read.

    Raises NoSuchPath, NoGiftFile, EmptyRecording, BadHeader, NotText, UnknownFormat, UnreadablePath.
    """
    try:
        if path.is_dir():
            return _folder(path)
        if not path.exists():
            raise NoSuchPath(path=path)
        if not path.is_file():
            raise UnreadablePath(path=path, detail="it is neither a file nor a folder")
        return _file(path)
    except OSError as error:
        raise UnreadablePath(path=path, detail=error.strerror or type(error).__name__) from error


def _folder(path: Path) -> Recording:
    gifts = path / bilibili.GIFTS
    if not gifts.is_file():
        raise NoGiftFile(path=path)
    opened = _Opened(gifts)
    table.check(gifts, table.header(opened.head[0]), bilibili.COLUMNS)
    beside = tuple(file for name in bilibili.BESIDE if (file := path / name).is_file())
    return opened.table(bilibili.FORMAT, bilibili.read, path.resolve().name, beside)


def _file(path: Path) -> Recording:
    opened = _Opened(path)
    source = path.resolve().name
    columns = table.header(opened.head[0])
    if _is_gift_log(columns):
        table.check(path, columns, gift_log.COLUMNS)
        if not set(gift_log.PLACES) & set(columns):
            raise BadHeader(path=path, problem="has no column stream or post")
        return opened.table(gift_log.CSV, gift_log.read_csv, source)
    for line in opened.head:
        found = _object(line)
        if tiktok.is_kind(found.get("type")):
            return opened.jsonl(tiktok.FORMAT, tiktok.read, source)
        if _is_gift_log(found):
            return opened.jsonl(gift_log.JSONL, gift_log.read_jsonl, source)
    if opened.head[0].problem:
        raise NotText(path=path, problem=opened.head[0].problem)
    raise UnknownFormat(path=path, formats=FORMATS)


class _Opened:
    """A file, its size in bytes, and its first lines, of which there is at least one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.head = list(islice(lines.read(path, self.size), _LOOKED_AT))
        if not self.head:
            raise EmptyRecording(path=path)

    def table(self, kind: str, reader: Reader, source: str, beside: tuple[Path, ...] = ()) -> Recording:
        if len(self.head) < 2:
            raise EmptyRecording(path=self.path)
        return Recording(kind, source, self.path, self.size, self.head[1].raw, reader, beside)

    def jsonl(self, kind: str, reader: Reader, source: str) -> Recording:
        return Recording(kind, source, self.path, self.size, self.head[0].raw, reader, ())


def _is_gift_log(names: Iterable[str]) -> bool:
    return len(set(gift_log.COLUMNS) & set(names)) >= _ENOUGH


def _object(line: Line) -> dict[str, object]:
    """The object that `line` is; an empty one where it is something else."""
    try:
        found = msgspec.json.decode(line.text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
