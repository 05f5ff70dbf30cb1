"""What the console's forms share: a change is shown before it is made; refused, what was typed is kept."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote

import msgspec

from riviere.economy.people import UnknownUser
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.pages import forms
from riviere.pages.forms import Wrong
from riviere.pages.page import See, Shown
from riviere.pages.visit import Visit
from riviere.payouts.methods import NothingSet

#: Rows of a page of the console.
ROWS: Final = 50

#: What a browser writes for a date and a time.
_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")

Found = TypeVar("Found")


class NoReason(RiviereError):
    """Say why: whoever looks at this later reads it."""

    code = "no_reason"


class Unconfirmed(RiviereError):
    """Type {expected} to confirm; what is typed here is something else."""

    code = "unconfirmed"


#: Beside which field it is said that there is no reason.
REASON: Final[Mapping[type[RiviereError], str]] = {NoReason: "reason"}


class Counted(NamedTuple):
    """Coins or diamonds, with the words that stand behind the number."""

    number: int | str
    unit: str


class Sure(NamedTuple):
    """What is asked before something is done: what will come of it, line by line."""

    title: str
    lines: Sequence[tuple[str, Any]]
    button: str
    back: str
    #: Said below: what cannot be taken back.
    warning: str = ""


def twice(
    visit: Visit,
    ask: Callable[[], Sure],
    do: Callable[[], str],
    again: Callable[[Wrong, int], Shown],
    fields: Mapping[type[RiviereError], str] = REASON,
) -> Shown | See:
    """The first press is answered with what would come of it, the second does it and goes on to what `do` answers.

    What is refused either time is said on the page that the form was on, with what was typed.
    """
    try:
        if visit.form.get("sure") == "1":
            return See(do())
        kept = {name: value for name, value in visit.form.items() if name != "token"}
        return Shown("console/sure.html", {"sure": ask(), "kept": kept, "here": visit.url})
    except RiviereError as refused:
        return again(forms.wrong(refused, fields), forms.status(refused))


def reason(visit: Visit, kind: Any, field: str = "reason") -> str:
    """What was typed as a reason. Raises NoReason, or InvalidBody where it does not fit the type `kind`."""
    said = visit.form.get(field, "")
    if not said:
        raise NoReason
    try:
        msgspec.convert({"reason": said}, kind)
    except msgspec.ValidationError as refused:
        raise problems.InvalidBody(reason=str(refused).replace("$.reason", f"$.{field}")) from None
    return said


def instant(text: str) -> str:
    """What a form says of a time, as the API takes it. Times of the console's forms are UTC."""
    if not _LOCAL.fullmatch(text):
        return text
    return f"{text}:00Z" if len(text) == len("2026-01-31T20:15") else f"{text}Z"


def there(ask: Callable[[], Found]) -> Found | None:
    """What is asked; None where nothing was set, or where the user was forgotten."""
    try:
        return ask()
    except (UnknownUser, NothingSet):
        return None


def address(*parts: str) -> str:
    """An address of the console."""
    return "/".join(["/console", *(quote(part, safe="") for part in parts)])
