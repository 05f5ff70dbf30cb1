"""What a single field may hold, with a reason for a person where it does not."""

import re
from datetime import datetime
from typing import Final

from riviere import clock, money
from riviere.connectors.model import BadRow

#: The longest id of a person, a place or a gift that was sent, in characters (migration 0002).
LONGEST_ID: Final = 200

#: The longest code and the longest name of a catalogue item, in characters (migration 0002).
LONGEST_CODE: Final = 100

#: The most items in one gift: the journal's column is an integer.
MOST: Final = 2**31 - 1

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def name(value: object, what: str, longest: int = LONGEST_ID) -> str:
    """`value`, text or a whole number, as an id of at most `longest` characters. Raises BadRow."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if absent(value):
        raise BadRow(reason=f"{what} is missing")
    if not isinstance(value, str):
        raise BadRow(reason=f"{what} must be text or a whole number, not {money.shown(value)}")
    if len(value) > longest:
        raise BadRow(reason=f"{what} is {len(value)} characters long, more than {longest}")
    if _UNFIT.search(value):
        raise BadRow(reason=f"{what} holds a control character: {money.shown(value)}")
    return value


def absent(value: object) -> bool:
    """Whether nothing is there: null, or text without a visible character."""
    return value is None or (isinstance(value, str) and not value.strip())


def title(value: object, code: str) -> str:
    """What an item is called, in at most 100 characters; its code where it has no name."""
    if not isinstance(value, str):
        return code
    return _UNFIT.sub("", value).strip()[:LONGEST_CODE].rstrip() or code


def digits(text: str) -> int | str:
    """Plain digits as their number; anything else as it came, for `coins` and `count` to refuse."""
    return int(text) if len(text) <= 19 and text.isascii() and text.isdigit() else text


def coins(value: object, what: str) -> int:
    """`value` as an amount of coins, at least 1. Raises BadAmount."""
    return money.amount(value, what, unit="coins")


def count(value: object, what: str, unit_coins: int) -> int:
    """`value` as a number of items whose price together is an amount too. Raises BadRow."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise BadRow(reason=f"{what} must be a whole number from 1 to {MOST:,}, not {money.shown(value)}")
    if unit_coins * value > money.LARGEST:
        raise BadRow(reason=f"{what} times the price is {unit_coins * value:,} coins, more than 2^63 - 1")
    return value


def moment(value: object, what: str, now: datetime) -> datetime:
    """`value` as an instant that has happened. Raises BadTime, FutureTime."""
    return clock.happened(clock.parse(value, what), now, what)


def two_people(sender: str, creator: str) -> None:
    """Nothing, unless the two are one. Raises BadRow."""
    if sender == creator:
        raise BadRow(reason=f"nobody gifts themselves: {sender} is sender and creator")
