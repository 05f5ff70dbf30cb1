"""A notice as it is kept: what happened around a creator beside gifts."""

from datetime import datetime
from typing import NamedTuple


class Notice(NamedTuple):
    """A row of the table, its fields in the order of `read_notices`."""

    creator: int
    number: int
    place: int | None
    kind: str
    at: datetime
    data: str
