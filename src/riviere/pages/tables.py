"""Tables to keep: what a page shows, whole, as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from riviere.pages.page import File

KIND: Final = "text/csv; charset=utf-8"

#: A spreadsheet takes text that begins so for a formula of its own.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def table(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> File:
    """A table with its head. Names that people chose are kept from being read as formulas; numbers stay numbers."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_safe(value) for value in row] for row in rows)
    return File(text.getvalue().encode(), KIND, name)


def _safe(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return "'" + value
    return "" if value is None else value


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
