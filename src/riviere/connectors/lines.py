"""Lines out of a file of any size: one at a time, numbered, bounded, and never an exception for what a line holds."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

#: A line longer than this many bytes is nobody's gift; it is skipped without being held in memory.
LONGEST = 1 << 20

#: Bytes of such a line that are kept, to be recognised by.
KEPT = 4096

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line that is not blank.

    `number` counts from 1; `end` is how many bytes were read once it was; `raw` has no line end and `text` is the same
    as text. `problem` says why the text cannot be used, or is empty. `ended` is False for a last line without its end.
    """

    number: int
    end: int
    raw: bytes
    text: str
    problem: str
    ended: bool


def read(path: Path, size: int) -> Iterator[Line]:
    """The lines of `path` that begin in its first `size` bytes; what is appended after that is not looked at.

    Blank lines are left out. Raises OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        number = end = 0
        while end < size and (raw := file.readline(LONGEST + 1)):
            number += 1
            end += len(raw)
            ended = raw.endswith(b"\n")
            too_long = not ended and len(raw) > LONGEST
            while too_long and not ended and (skipped := file.readline(LONGEST)):
                end += len(skipped)
                ended = skipped.endswith(b"\n")
            if number == 1:
                raw = raw.removeprefix(_BYTE_ORDER_MARK)
            raw = raw.removesuffix(b"\n").removesuffix(b"\r")
            if too_long:
                kept = raw[:KEPT]
                problem = f"the line is longer than {LONGEST:,} bytes, of which the first {KEPT:,} are kept"
                yield Line(number, end, kept, kept.decode(errors="backslashreplace"), problem, ended)
            elif raw and not raw.isspace():
                yield _line(number, end, raw, ended)


def _line(number: int, end: int, raw: bytes, ended: bool) -> Line:
    try:
        text, problem = raw.decode(), ""
    except UnicodeDecodeError as error:
        text = raw.decode(errors="backslashreplace")
        problem = f"the line is not UTF-8 (byte {error.start + 1})"
    if b"\0" in raw:
        problem = "the line holds NUL bytes"
    return Line(number, end, raw, text, problem, ended)
