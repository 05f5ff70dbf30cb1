"""JSON Lines: one object a line. A key that is there twice counts as its last, as in every common parser."""

from collections.abc import Callable, Iterator

import msgspec

from riviere.connectors.lines import Line
from riviere.connectors.model import BadRow, Ignored, Row, rejected
from riviere.errors import RiviereError


def rows(lines: Iterator[Line], parse: Callable[[str, int], Row | Ignored]) -> Iterator[tuple[int, Row | Ignored]]:
    """What `parse` makes of each line's text and number, or its refusal, with the bytes read so far."""
    for line in lines:
        try:
            row = _parsed(line, parse)
        except RiviereError as error:
            row = rejected(line, str(error))
        yield line.end, row


def _parsed(line: Line, parse: Callable[[str, int], Row | Ignored]) -> Row | Ignored:
    try:
        if not line.problem:
            return parse(line.text, line.number)
        reason = line.problem
    except msgspec.ValidationError as error:
        raise BadRow(reason=f"not the object of a gift: {error}") from None
    except msgspec.DecodeError as error:
        reason = str(error)
    except RecursionError:
        reason = "JSON is nested too deeply"
    raise BadRow(reason=reason if line.ended else "the file ends in the middle of a line")
