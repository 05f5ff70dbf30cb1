"""The dated figures on a time line: what was, what is in force, what is coming; and announcing one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from riviere import clock, money
from riviere.economy import dated, figures, policy
from riviere.economy.policies import PolicyOverlap
from riviere.errors import RiviereError
from riviere.pages.console.acts import Sure, instant, twice
from riviere.pages.forms import Wrong
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit
from riviere.wire.policies import Policy

#: How far the time line reaches before now and after: at least, and at the most.
_REACH: Final = timedelta(days=30)
_MOST: Final = timedelta(days=365)
#: Its width, in its own units.
_WIDE: Final = 1_000

_FIELDS: Final[Mapping[type[RiviereError], str]] = {
    dated.StartsInPast: "starts_at",
    clock.BadTime: "starts_at",
    PolicyOverlap: "starts_at",
    money.UnknownCurrency: "scope",
}


class Span(NamedTuple):
    """A figure on the time line: where it begins, how long it is, and whether it is past, now or coming."""

    x: int
    width: int
    when: str
    row: Policy


class Line(NamedTuple):
    """One policy in time. `now` is where the present lies."""

    name: str
    scope: str
    now: int
    spans: list[Span]
    in_force: Policy | None
    coming: list[Policy]


def lines(rows: Sequence[Policy], now: datetime) -> list[Line]:
    """A line for each policy, all on one scale of time."""
    begin = min([now - _REACH, *(max(row.starts_at, now - _MOST) for row in rows)])
    end = max([now + _REACH, *(min(row.starts_at, now + _MOST) + _REACH / 3 for row in rows)])
    long = (end - begin) // timedelta(seconds=1)

    def place(at: datetime) -> int:
        return min(_WIDE, max(0, _WIDE * ((at - begin) // timedelta(seconds=1)) // long))

    found: list[Line] = []
    for name, scope in dict.fromkeys((row.name, row.scope) for row in rows):
        own = [row for row in rows if (row.name, row.scope) == (name, scope)]
        seen = [(place(row.starts_at), place(row.ends_at or end), row) for row in own if (row.ends_at or end) > begin]
        spans = [Span(at, max(3, until - at - 3), _when(row, now), row) for at, until, row in seen]
        in_force = next((row for row in own if row.in_force), None)
        found.append(Line(name, scope, place(now), spans, in_force, [row for row in own if row.starts_at > now]))
    return found


def _when(row: Policy, now: datetime) -> str:
    return "now" if row.in_force else "coming" if row.starts_at > now else "past"


def every(visit: Visit) -> list[Policy]:
    """Every figure that was ever announced, by name, scope and time."""
    rows: list[Policy] = []
    cursor = None
    while True:
        part = visit.ask("listPolicies", query={"limit": 200, "cursor": cursor})
        rows += part.data
        cursor = part.next
        if cursor is None:
            return rows


@page("GET", "/console/policies", who="operator", scope="policies:read")
def policies(visit: Visit) -> Shown:
    """Every figure in time."""
    return _all(visit)


@page("POST", "/console/policies", who="operator", scope="policies:write")
def announce(visit: Visit) -> Shown | See:
    """Announce a figure."""
    form = visit.form
    body = {name: form.get(name) for name in ("name", "scope", "amount", "share", "fixed")}
    body |= {name: instant(form.get(name, "")) for name in ("starts_at", "ends_at")}

    def ask() -> Sure:
        name, text = form.get("name", ""), form.get("amount", "")
        words = [form.get("scope", "")] * bool(form.get("scope")) + [text] * bool(text)
        scope, amount, share = figures.read(name, words, form.get("share") or None, form.get("fixed") or None)
        policy.check(name, scope, amount, share)
        starts_at = clock.parse(body["starts_at"] or "") if body["starts_at"] else visit.now
        dated.not_past(starts_at, visit.now, f"policy {name}")
        row = policy.Policy(0, name, scope, amount, share, starts_at, None, visit.now, visit.principal.name)
        there = visit.ask("listPolicies", query={"name": name, "scope": scope, "limit": 200}).data
        before = next((one for one in reversed(there) if one.starts_at <= starts_at and _lasts(one, starts_at)), None)
        lines = (
            ("Figure", f"{name} {scope}".strip()),
            ("From", starts_at if body["starts_at"] else "now"),
            ("It is", figures.shown(row)),
            ("Until then", "nothing" if before is None else before.figure),
            ("What was priced", "stays as it was; quotes that were made keep their rate"),
        )
        return Sure("Announce this figure?", lines, "Announce it", "/console/policies")

    def do() -> str:
        visit.ask("announcePolicy", body=body)
        return "/console/policies?done=announced"

    return twice(visit, ask, do, lambda wrong, status: _all(visit, wrong, status), {**_FIELDS, **_beside(form)})


def _beside(form: Mapping[str, str]) -> Mapping[type[RiviereError], str]:
    """Beside which field it is said that a figure does not fit: most speak of their amount, a fee of its share."""
    law = policy.LAW.get(form.get("name", ""))
    if law is None:
        field = ""
    elif not law.scope.fullmatch(form.get("scope", "")):
        field = "scope"
    else:
        field = "share" if form.get("name") == policy.FEE else "amount"
    return dict.fromkeys((policy.BadPolicy, money.BadAmount), field)


def _lasts(row: Policy, at: datetime) -> bool:
    return row.ends_at is None or row.ends_at > at


def _all(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    rows = every(visit)
    facts = {
        "lines": lines(rows, visit.now),
        "rows": rows,
        "names": list(policy.LAW),
        "units": {name: law.scope_words for name, law in policy.LAW.items()},
        "done": visit.query.get("done"),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("console/policies.html", facts, status)
