"""The periods of the studio: days, weeks, months and years by UTC, the one before, and the steps of a chart. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from riviere.errors import RiviereError

Period = Literal["day", "week", "month", "year"]
Step = Literal["hour", "day", "month"]

PERIODS: Final[tuple[Period, ...]] = ("day", "week", "month", "year")

_STEPS: Final[dict[Period, Step]] = {"day": "hour", "week": "day", "month": "day", "year": "month"}

#: Beyond these some neighbours are not in the calendar.
_FIRST_YEAR, _LAST_YEAR = 2, 9_998

#: What a click on a step opens.
_INSIDE: Final[dict[Period, Period]] = {"week": "day", "month": "day", "year": "month"}


class BadSpan(RiviereError):
    """A period is day, week, month or year, at a date such as 2026-01-31, not {got}."""

    code = "bad_span"


@dataclass(frozen=True, slots=True)
class Span:
    """A period from `since` on and before `until`, both midnights of UTC."""

    period: Period
    since: datetime
    until: datetime

    @property
    def step(self) -> Step:
        """How long a bar of its chart is."""
        return _STEPS[self.period]

    @property
    def inside(self) -> Period | None:
        """The period that one of its steps is; None for hours, which are none."""
        return _INSIDE.get(self.period)

    @property
    def before(self) -> "Span":
        """The period before it."""
        return span(self.period, (self.since - timedelta(days=1)).date())

    @property
    def after(self) -> "Span":
        """The period after it."""
        return span(self.period, self.until.date())

    @property
    def steps(self) -> list[datetime]:
        """The begin of each step."""
        found, at = [], self.since
        while at < self.until:
            found.append(at)
            at = _next(self.step, at)
        return found


def span(period: Period, at: date) -> Span:
    """The period that a date lies in. Weeks begin on Monday. Raises BadSpan at the ends of the calendar."""
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise BadSpan(got=at.isoformat())
    begin = datetime(at.year, at.month, at.day, tzinfo=UTC)
    if period == "week":
        begin -= timedelta(days=begin.weekday())
        return Span(period, begin, begin + timedelta(days=7))
    if period == "day":
        return Span(period, begin, begin + timedelta(days=1))
    if period == "month":
        begin = begin.replace(day=1)
        return Span(period, begin, _next("month", begin))
    begin = begin.replace(month=1, day=1)
    return Span(period, begin, begin.replace(year=at.year + 1))


def asked(period: str, at: str, today: date) -> Span:
    """The span that an address names; this month where it names none. Raises BadSpan."""
    for known in PERIODS:
        if known == (period or "month"):
            try:
                return span(known, date.fromisoformat(at) if at else today)
            except ValueError:
                raise BadSpan(got=at[:40]) from None
    raise BadSpan(got=period[:40])


def _next(step: Step, at: datetime) -> datetime:
    if step == "month":
        return at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
    return at + (timedelta(hours=1) if step == "hour" else timedelta(days=1))
