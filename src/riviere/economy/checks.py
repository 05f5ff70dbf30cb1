"""What a single value may be, checked where it comes in, with an error that says what to send instead. Pure."""

import re
from typing import Final

from riviere.errors import RiviereError
from riviere.money import shown

#: Characters that an external id, a code or name, and a gift's message have at the most (migrations 0001 and 0002).
LONGEST_ID: Final = 200
LONGEST_NAME: Final = 100
LONGEST_MESSAGE: Final = 200

#: The largest whole number that the database's integer columns hold.
MOST: Final = 2**31 - 1

# Not str.isprintable: that refuses the joiners that emoji and Persian are written with.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_REGION = re.compile("[A-Z]{2}")


class BadText(RiviereError):
    """{what} must be 1 to {most} characters of text without control characters, not {got}."""

    code = "bad_text"


class BadNumber(RiviereError):
    """{what} must be a whole number from {least:,} to {most:,}, not {got}."""

    code = "bad_number"


class BadRegion(RiviereError):
    """A region is two capital letters of ISO 3166 (JP, NO), not {got}."""

    code = "bad_region"


def is_text(value: object, most: int) -> bool:
    """Whether `value` is text of 1 to `most` characters that can be shown on one line."""
    return isinstance(value, str) and len(value) <= most and bool(value.strip()) and not _UNFIT.search(value)


def text(value: str, what: str, most: int) -> str:
    """`value`, if it is such text. Raises BadText."""
    if not is_text(value, most):
        raise BadText(what=what, most=most, got=shown(value))
    return value


def whole(value: int, what: str, least: int = 1, most: int = MOST) -> int:
    """`value`, if it is a whole number in that range. Raises BadNumber."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadNumber(what=what, least=least, most=most, got=shown(value))
    return value


def region(value: str) -> str:
    """`value`, if it has the form of an ISO 3166-1 alpha-2 code. Raises BadRegion."""
    if not isinstance(value, str) or not _REGION.fullmatch(value):
        raise BadRegion(got=shown(value))
    return value
