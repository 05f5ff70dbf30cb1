"""CSV with a header, read line by line, so that one stray quote cannot swallow the rows after it."""

import csv
from collections import deque
from collections.abc import Callable, Iterator

from riviere.connectors.lines import LONGEST, Line
from riviere.connectors.model import BadHeader, BadRow, Ignored, Row, rejected
from riviere.errors import RiviereError


def header(line: Line) -> list[str]:
    """The column names that `line` gives; none where it is not CSV."""
    try:
        return [field.strip() for field in next(csv.reader((line.text,), strict=True))]
    except csv.Error:
        return []


def check(path: object, columns: list[str], needed: tuple[str, ...]) -> None:
    """Nothing, where `columns` are `needed` ones once each, among others. Raises BadHeader."""
    if missing := [name for name in needed if name not in columns]:
        raise BadHeader(path=path, problem=f"has no column {', '.join(missing)}")
    if twice := sorted({name for name in columns if name and columns.count(name) > 1}):
        raise BadHeader(path=path, problem=f"names the column {', '.join(twice)} more than once")


def rows(lines: Iterator[Line], parse: Callable[[dict[str, str], int], Row]) -> Iterator[tuple[int, Row | Ignored]]:
    """What `parse` makes of each record under the first line's names, or its refusal, with the bytes read so far."""
    first = next(lines, None)
    columns = header(first) if first else []
    for line, fields in _records(lines, len(columns)):
        row: Row
        try:
            if isinstance(fields, str):
                raise BadRow(reason=fields if line.ended else "the file ends in the middle of a line")
            row = parse(dict(zip(columns, fields, strict=True)), line.number)
        except RiviereError as error:
            row = rejected(line, str(error))
        yield line.end, row


def _records(lines: Iterator[Line], width: int) -> Iterator[tuple[Line, list[str] | str]]:
    """Each record as its line and `width` fields, or the reason why it has none.

    A quoted field may go on over several lines, but a line with all the commas of a record is never part of another:
    a stray quote must not swallow gifts. Lines that were read for that in vain are read again on their own.
    """
    kept: deque[Line] = deque()
    while line := kept.popleft() if kept else next(lines, None):
        if line.problem:
            yield line, line.problem
            continue
        if '"' not in line.text:
            fields = line.text.split(",")
            yield line, fields if len(fields) == width else _uneven(len(fields), width)
            continue
        taken: list[Line] = []
        try:
            fields = next(csv.reader(_from(line, kept, lines, taken, width), strict=True))
            reason = "" if len(fields) == width else _uneven(len(fields), width)
        except csv.Error as error:
            reason = f"not CSV: {error}"
        if reason and taken:
            kept.extendleft(reversed(taken))
            yield line, "a quote is opened and not closed"
        elif reason:
            yield line, reason
        else:
            yield _joined(line, taken), fields


def _from(first: Line, kept: deque[Line], lines: Iterator[Line], taken: list[Line], width: int) -> Iterator[str]:
    """`first`, and the lines after it as long as they are asked for and may belong to it; those go to `taken` too."""
    yield first.text + "\n"
    size = len(first.text)
    while following := kept.popleft() if kept else next(lines, None):
        taken.append(following)
        size += len(following.text)
        if following.problem or size > LONGEST or following.text.count(",") >= width - 1:
            return
        yield following.text + "\n"


def _joined(first: Line, others: list[Line]) -> Line:
    if not others:
        return first
    every = [first, *others]
    raw, text = b"\n".join(line.raw for line in every), "\n".join(line.text for line in every)
    return Line(first.number, others[-1].end, raw, text, "", others[-1].ended)


def _uneven(found: int, width: int) -> str:
    return f"{found} fields where the header names {width}"
