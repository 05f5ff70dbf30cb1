"""The studio's first page: what a creator has, what it is worth, and what brought it, filtered by a click.

Everything in the address of the page says what it shows: the period, and the filters, which hold for all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from riviere.clock import hour_of
from riviere.economy.policies import NoPolicy
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.pages import charts, spans, tables
from riviere.pages.figures import Figures
from riviere.pages.page import File, Shown, page
from riviere.pages.spans import Span
from riviere.pages.visit import Visit
from riviere.wire.income import Income, Ranked
from riviere.wire.redemptions import Redemption, Step, Worth

#: Rows of a table on the page, and of the same one as a file: more than any answer reads.
_ROWS, _EVERY_ROW = 8, 100_000

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

#: Filters by the word that the address and the API have for them, and what people call them.
_FILTERS: Final = {
    "stream": "stream",
    "post": "post",
    "gift": "gift",
    "supporter": "supporter",
    "hour_of_week": "hour of the week",
}

#: The way of a redemption where all goes well; some are reviewed.
_WAY: Final = ("requested", "held", "approved", "submitted", "paid")

_FIGURES: Final = ("gifts", "pieces", "coins", "diamonds", "reversed_gifts", "reversed_coins", "reversed_diamonds")


class TableTooLong(RiviereError):
    """This table has {there:,} rows, more than one file holds; choose a shorter period or a filter."""

    code = "table_too_long"


@dataclass(frozen=True)
class Looking:
    """What an address of the studio asks for: a period and filters."""

    span: Span
    only: dict[str, str]

    def address(self, path: str = "/studio", *, changes: Mapping[str, str | None] | None = None) -> str:
        """The address of the same with other fields; None leaves one out."""
        said = {"period": self.span.period, "at": self.span.since.date().isoformat()} | self.only | dict(changes or {})
        return f"{path}?{urlencode({name: value for name, value in said.items() if value is not None})}"

    @property
    def unfiltered(self) -> str:
        """The address of the same period without filters."""
        return self.address(changes=dict.fromkeys(_FILTERS))

    def at(self, span: Span) -> str:
        """The same filters in another period."""
        return self.address(changes={"period": span.period, "at": span.since.date().isoformat()})

    def row(self, row: Ranked) -> str | None:
        """Only what this row is about, beside the filters that there are; None for what has no name."""
        name = next((name for name in _FILTERS if getattr(row, name, None) is not None), None)
        if name is None:
            return None
        other = {"stream": "post", "post": "stream"}.get(name)
        changes: dict[str, str | None] = {name: getattr(row, name)}
        return self.address(changes=changes | ({other: None} if other else {}))

    @property
    def tags(self) -> list[tuple[str, str, str]]:
        """Each filter: what it is called, what it says, and the address without it."""
        return [
            (_FILTERS[name], _hour(value) if name == "hour_of_week" else value, self.address(changes={name: None}))
            for name, value in self.only.items()
        ]


@page("GET", "/studio", who="user")
def studio(visit: Visit) -> Shown:
    """What the visitor has and earned."""
    looking = _looking(visit)
    now = _income(visit, looking, looking.span, _ROWS)
    before = _income(visit, looking, looking.span.before, 0)
    priced = worth(visit)
    last = next(iter(visit.ask("listRedemptions", {"user": visit.user}, query={"limit": 1}).data), None)
    facts = {
        "looking": looking,
        "wallet": visit.ask("getWallet", {"user": visit.user}),
        "worth": priced,
        "young": Decimal(priced.all.diamonds) - Decimal(priced.matured.diamonds) if priced else Decimal(),
        "progress": _progress(priced) if priced else 0,
        "last": last,
        "way": way(last) if last else [],
        "income": now,
        "earned": Decimal(now.total.diamonds),
        "compared": _compared(visit, looking, before),
        "ended": looking.span.until <= visit.now,
        "begun": looking.span.after.since <= visit.now,
        "pairs": charts.pairs(looking.span.steps, _by_step(now), looking.span.before.steps, _by_step(before)),
        "switches": [(name, spans.span(name, _inside(looking.span, visit))) for name in spans.PERIODS],
        "week": charts.shades({one.hour_of_week: Decimal(one.diamonds) for one in now.hours_of_week}),
        "days": _DAYS,
        "hours": _best(now),
        "hour": _hour,
        "name": _name(looking.span, Figures(visit.locale)),
        "rankings": [
            ("places", "Streams and posts", now.places),
            ("gifts", "Gifts", now.gifts),
            ("supporters", "Supporters", now.supporters),
        ],
    }
    return Shown("studio.html", facts)


@page("GET", "/studio/income.csv", who="user")
def table_of_income(visit: Visit) -> File:
    """One of the tables of the page, with every row."""
    looking, what = _looking(visit), visit.query.get("table", "")
    income = _income(visit, looking, looking.span, _EVERY_ROW)
    name = f"income-{what}-{looking.span.period}-{looking.span.since.date()}.csv"
    if what == "steps":
        steps = [(one.begins.isoformat(), *_row(one)) for one in income.steps]
        return tables.table(name, ("begins_utc", *_FIGURES), steps)
    if what == "hours":
        rows = [(one.hour_of_week, _hour(one.hour_of_week), *_row(one)) for one in income.hours_of_week]
        return tables.table(name, ("hour_of_week", "utc", *_FIGURES), rows)
    ranking = {"places": income.places, "gifts": income.gifts, "supporters": income.supporters}.get(what)
    if ranking is None:
        raise problems.InvalidQuery(reason="`table` is steps, hours, places, gifts or supporters")
    if ranking.there > len(ranking.data):
        raise TableTooLong(there=ranking.there)
    heads = {"places": ("stream", "post", "title"), "gifts": ("gift", "title"), "supporters": ("supporter",)}[what]
    rows = [(*(getattr(one, head) for head in heads), *_row(one)) for one in ranking.data]
    return tables.table(name, (*heads, *_FIGURES), rows)


def worth(visit: Visit) -> Worth | None:
    """What the visitor's diamonds would bring; None where no rate or fee is announced."""
    try:
        found: Worth = visit.ask("getWorth", {"user": visit.user})
    except NoPolicy:
        return None
    return found


def _looking(visit: Visit) -> Looking:
    query = visit.query
    span = spans.asked(query.get("period", ""), query.get("at", ""), visit.now.date())
    if span.since > visit.now:
        raise spans.BadSpan(got=f"{span.since.date()}, which is still to come")
    return Looking(span, {name: query[name] for name in _FILTERS if query.get(name)})


def _income(visit: Visit, looking: Looking, span: Span, limit: int) -> Income:
    query = {"since": span.since, "until": span.until, "step": span.step, "limit": limit} | looking.only
    found: Income = visit.ask("getIncome", {"user": visit.user}, query=query)
    return found


def _compared(visit: Visit, looking: Looking, before: Income) -> Decimal:
    """What the period before had brought: all of it, or up to the same hour where this one is not over."""
    span = looking.span
    if span.until <= visit.now:
        return Decimal(before.total.diamonds)
    passed = hour_of(visit.now) + timedelta(hours=1) - span.since
    query = {"since": span.before.since, "until": span.before.since + passed, "limit": 0} | looking.only
    return Decimal(visit.ask("getIncome", {"user": visit.user}, query=query).total.diamonds)


def _progress(priced: Worth) -> int:
    """Thousandths of the way to the fewest diamonds that can be redeemed."""
    return min(1000, int(Decimal(priced.all.diamonds) * 1000 / Decimal(priced.minimum)))


def way(found: Redemption) -> list[tuple[str, Step | None]]:
    """The way to money: each state that was or is to come, and the step that reached it; None for what is to come."""
    reached: dict[str, Step] = {step.state: step for step in found.steps}
    over = found.state not in _WAY and found.state != "in_review"
    states: list[str] = [state for state in _WAY if state in reached] if over else list(_WAY)
    if "in_review" in reached and "held" in states:
        states.insert(states.index("held") + 1, "in_review")
    return [(state, reached.get(state)) for state in states] + ([(found.state, reached[found.state])] if over else [])


def _name(span: Span, figures: Figures) -> str:
    """A period in words: a day, the first and the last day of a week, November 2026, or 2026."""
    if span.period == "week":
        return f"{figures.day(span.since)} to {figures.day(span.steps[-1])}"
    return figures.day(span.since, {"day": "E d MMM y", "month": "LLLL y", "year": "y"}[span.period])


def _inside(span: Span, visit: Visit) -> date:
    """A date of the span to begin another period at: today where it is in it."""
    return visit.now.date() if span.since <= visit.now < span.until else span.since.date()


def _by_step(income: Income) -> dict[Any, Decimal]:
    return {one.begins: Decimal(one.diamonds) for one in income.steps}


def _best(income: Income) -> list[Any]:
    """The hours of the week that brought most."""
    return sorted(income.hours_of_week, key=lambda one: Decimal(one.diamonds), reverse=True)[:5]


def _row(one: Any) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in _FIGURES)


def _hour(slot: int | str) -> str:
    """An hour of the week in words: "Tuesday 20:00". What is no number stays what it is."""
    if not str(slot).isascii() or not str(slot).isdigit() or int(slot) > 167:
        return str(slot)
    return f"{_DAYS[int(slot) // 24]} {int(slot) % 24:02}:00"
