"""Time as Riviere reads and writes it: instants in UTC, never a naive one."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from riviere.errors import RiviereError

#: Clocks of senders run ahead of ours by this much before we call it the future.
SKEW = timedelta(minutes=5)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WITH_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


class BadTime(RiviereError):
    """{what} must be ISO 8601 with a zone (2026-01-31T20:15:00Z) or whole milliseconds since 1970, not {got}."""

    code = "bad_time"


class FutureTime(RiviereError):
    """{what} is {got}, which has not happened yet."""

    code = "future_time"


class BadPeriod(RiviereError):
    """A period ends after it begins: {until} is not later than {since}."""

    code = "bad_period"


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def parse(value: object, what: str = "The time") -> datetime:
    """An instant out of ISO 8601 text with a zone, or out of milliseconds since 1970 (number or digits).

    Raises BadTime for anything else: a time without a zone is not an instant.
    """
    try:
        if isinstance(value, str) and _WITH_ZONE.search(value):
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is not None:  # in "2026-01-31+00:00" the sign was taken for the separator of the time
                return instant.astimezone(UTC)
        elif isinstance(value, str) and value.isascii() and value.isdigit():
            return _EPOCH + timedelta(milliseconds=int(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=value)
    except (ValueError, OverflowError):
        pass
    raise BadTime(what=what, got=repr(value)[:60])


def happened(value: datetime, at_most: datetime, what: str = "The time") -> datetime:
    """`value`, unless it lies more than SKEW after `at_most`: then FutureTime is raised."""
    if value > at_most + SKEW:
        raise FutureTime(what=what, got=value.isoformat())
    return value


def instant(value: datetime, what: str = "The time") -> datetime:
    """`value` in UTC. Raises BadTime for one without a zone, or so far away that UTC has no date for it."""
    return parse(value.isoformat(), what)


def period(
    since: datetime | None, until: datetime | None, at_most: datetime
) -> tuple[datetime | None, datetime | None]:
    """Both ends in UTC. Raises BadTime; FutureTime where it has not begun; BadPeriod where it ends before it begins."""
    begin = None if since is None else happened(instant(since, "`since`"), at_most, "`since`")
    end = None if until is None else instant(until, "`until`")
    if begin is not None and end is not None and end <= begin:
        raise BadPeriod(since=begin.isoformat(), until=end.isoformat())
    return begin, end


def hour_of(instant: datetime) -> datetime:
    """The UTC hour that `instant` lies in."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def whole_hours(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The UTC hours that a period touches, the first and the last one whole. The calendar's last hour has no end."""
    first = None if since is None else hour_of(since)
    last = None if until is None else hour_of(until)
    if last is not None and last != until:
        with suppress(OverflowError):
            return first, last + timedelta(hours=1)
        return first, None
    return first, last
