"""What people type, read strictly: whole numbers, instants, keys, answers to a question; and files written for them."""

import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token

from riviere import clock
from riviere.cli.common import err
from riviere.clock import BadPeriod
from riviere.errors import RiviereError
from riviere.money import shown


class NotWhole(RiviereError):
    """{option} takes a whole number, not {got}."""

    code = "not_whole"


class NotConfirmed(RiviereError):
    """{question} Nothing was done: that wants a yes on the terminal, or --yes."""

    code = "not_confirmed"


class NotWritten(RiviereError):
    """{path} cannot be written ({reason}); choose another file."""

    code = "not_written"


class NotReadable(RiviereError):
    """{path} cannot be read ({reason}); choose another file."""

    code = "not_readable"


def _whole(_: object, tokens: Sequence[Token]) -> int:
    """Digits only: the command line's own reading of numbers would round 1.5 to 2."""
    token = tokens[0]
    if not re.fullmatch("-?[0-9]{1,30}", token.value):
        raise NotWhole(option=token.keyword or "This", got=shown(token.value))
    return int(token.value)


def _instant(_: object, tokens: Sequence[Token]) -> datetime:
    return clock.parse(tokens[0].value, tokens[0].keyword or "The time")


Whole = Annotated[int, Parameter(converter=_whole)]
MaybeWhole = Annotated[int | None, Parameter(converter=_whole)]

_INSTANT = Parameter(converter=_instant)
#: From this instant on, and before that one: ISO 8601 with a zone.
Since = Annotated[datetime | None, _INSTANT, Parameter(help="From this time on (2026-01-31T20:15:00Z).")]
Until = Annotated[datetime | None, _INSTANT, Parameter(help="Before this time.")]
At = Annotated[datetime | None, _INSTANT, Parameter(help="As of this time (2026-01-31T20:15:00Z).")]
#: When a change begins: now, or a time to come.
From = Annotated[datetime | None, _INSTANT, Parameter(name="--from", help="When it begins: now, or a time to come.")]

Key = Annotated[str | None, Parameter(help="Idempotency key: the same again moves nothing. Made if not given.")]
Yes = Annotated[bool, Parameter(negative=(), help="Do not ask.")]


def past(instant: datetime | None, what: str) -> datetime | None:
    """`instant`, unless it has not come yet. Raises FutureTime."""
    return instant if instant is None else clock.happened(instant, clock.now(), what)


def period(since: datetime | None, until: datetime | None) -> None:
    """Raises FutureTime where a period has not begun, BadPeriod where it ends before it begins."""
    past(since, "--since")
    if since is not None and until is not None and until <= since:
        raise BadPeriod(since=since.isoformat(), until=until.isoformat())


def confirm(question: str, *, yes: bool) -> None:
    """Goes on only after a yes. Raises NotConfirmed."""
    if yes:
        return
    if not sys.stdin.isatty() or err.input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise NotConfirmed(question=question)


def write_file(path: Path, text: bytes) -> None:
    """Writes a file for a person. Raises NotWritten."""
    try:
        path.write_bytes(text)
    except OSError as error:
        raise NotWritten(path=path, reason=error.strerror) from error


def read_file(path: Path) -> bytes:
    """The bytes of a file that a person names. Raises NotReadable."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotReadable(path=path, reason=error.strerror) from error
