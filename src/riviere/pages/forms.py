"""What is wrong with a form, in words for whoever filled it in, and beside which field; and where it leads back to."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from riviere.errors import RiviereError
from riviere.http import problems

#: How a body that does not fit names the field: "Expected `int`, got `str` - at `$.count`".
_AT: Final = re.compile(r"^(?P<reason>.*) - at `\$\.(?P<field>\w+)")
_MISSING: Final = re.compile(r"required field `(?P<field>\w+)`")

#: What the reader of bodies says, and what it means to somebody in front of a form.
_MEANT: Final = (
    (re.compile(r"Expected `int` >= (\d+)"), "This must be {} or more."),
    (re.compile(r"Expected `int` <= (\d+)"), "This must be {} or less."),
    (re.compile(r"`array` of length <= (\d+)"), "This may have {} entries at the most."),
    (re.compile(r"of length <= (\d+)"), "This may have {} characters at the most."),
    (re.compile(r"of length >= 1"), "This cannot be empty."),
    (re.compile(r"Expected `int"), "This must be a whole number."),
    (re.compile(r"matching regex"), "This is not written as it should be."),
    (re.compile(r"datetime"), "This must be a date and a time."),
)


class Wrong(NamedTuple):
    """What is wrong: the field's name, empty where it is the form as a whole, and the words."""

    field: str
    said: str


def wrong(error: RiviereError, fields: Mapping[type[RiviereError], str]) -> Wrong:
    """What an operation refused, beside the field that `fields` has for it."""
    if not isinstance(error, problems.InvalidBody):
        return Wrong(fields.get(type(error), ""), str(error))
    reason = str(error.facts["reason"])
    missing = _MISSING.search(reason)
    if missing is not None:
        return Wrong(missing["field"], f"Something is missing here: {missing['field'].replace('_', ' ')}.")
    found = _AT.match(reason)
    if found is None:
        return Wrong("", str(error))
    return Wrong(found["field"], _meant(found["reason"]))


def back(fields: Mapping[str, str], otherwise: str) -> str:
    """Where a form or a link says that its visitor was; `otherwise` where it does not, or names another server."""
    said = fields.get("back", "")
    # Two slashes, or one that leans back, begin the address of another server.
    here = said.startswith("/") and said[1:2] not in ("/", "\\") and said.isprintable()
    return said if here else otherwise


def status(error: RiviereError) -> int:
    """What the page with the refused form is answered with."""
    return problems.status_of(type(error))


def _meant(reason: str) -> str:
    for pattern, words in _MEANT:
        found = pattern.search(reason)
        if found is not None:
            return words.format(*found.groups())
    return reason.replace("`", "") + "."
