"""How far a creator's feed was read. Pure.

Two things are told: entries that add to the creator's diamonds, numbered by that account, and notices, numbered by the
creator's board. Both numbers are taken while a row of the creator's is locked, so they follow the order of commits:
whoever has read up to one of them has missed nothing below it, however late a transaction commits.
"""

from typing import NamedTuple, Self

from riviere.errors import RiviereError
from riviere.money import shown

#: The largest number that the database has.
_MOST = 2**63 - 1


class BadPosition(RiviereError):
    """A position in a feed is two numbers with a point between (118.7), as messages have it for `id`, not {got}."""

    code = "bad_position"


class Position(NamedTuple):
    """The numbers of the last entry and of the last notice that were looked at."""

    entry: int
    notice: int

    def __str__(self) -> str:
        return f"{self.entry}.{self.notice}"

    @classmethod
    def read(cls, text: str) -> Self:
        """What `str` wrote. Raises BadPosition."""
        parts = text.split(".")
        if len(parts) == len(cls._fields) and all(part.isascii() and part.isdigit() for part in parts):
            position = cls(*map(int, parts))
            if str(position) == text and max(position) <= _MOST:
                return position
        raise BadPosition(got=shown(text))

    def covers(self, other: "Position") -> bool:
        """Whether all that `other` has read lies before this one, or at it."""
        return self.entry >= other.entry and self.notice >= other.notice
