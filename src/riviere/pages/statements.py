"""An account's lines with the balance after each, to read, to keep as a table, and as a statement with proofs."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from riviere.errors import RiviereError
from riviere.http.problems import NotFound
from riviere.pages import forms, spans, tables
from riviere.pages.page import File, Shown, page
from riviere.pages.visit import Visit

_ROWS: Final = 50

#: What a creator's accounts are called.
_ACCOUNTS: Final = {
    "diamonds": "Diamonds",
    "diamonds.held": "Held in redemptions",
    "diamonds.owed": "Owed",
    "diamonds.unbacked": "From imports",
}

_HEAD: Final = ("seq", "booked_at", "happened_at", "route", "what", "who", "amount", "balance", "entry")


@page("GET", "/studio/statement", who="user")
def statement(visit: Visit) -> Shown:
    """An account, line by line."""
    return _shown(visit)


@page("GET", "/studio/entries/{account}/{seq}", who="user")
def entry(visit: Visit) -> Shown:
    """Why an entry moved what it moved."""
    path = {"user": visit.user, "account": visit.path["account"], "seq": visit.path["seq"]}
    if visit.path["account"] not in _ACCOUNTS:
        raise NotFound
    one = visit.ask("explainEntry", path)
    return Shown("entry.html", {"one": one, "name": _ACCOUNTS[one.account]})


@page("GET", "/studio/statement.csv", who="user")
def table(visit: Visit) -> File | Shown:
    """The lines of a period as a table, every one."""
    try:
        since, until = _period(visit)
    except spans.BadSpan as refused:
        return _shown(visit, refused)
    account = _account(visit)
    rows: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"account": account, "limit": 100, "cursor": cursor}
        part = visit.ask("listEntries", {"user": visit.user}, query=query)
        rows += [line for line in part.data if since <= line.booked_at < until]
        # The newest come first: behind the begin of the period there is nothing more.
        cursor = part.next if part.data and part.data[-1].booked_at >= since else None
    lines = [
        (
            *(line.seq, line.booked_at.isoformat(), line.at.isoformat(), line.route, line.what, line.who),
            *(line.amount, line.balance, line.id),
        )
        for line in rows
    ]
    return tables.table(f"statement-{account}-{since.date()}-{_last(until)}.csv", _HEAD, lines)


@page("GET", "/studio/statement.json", who="user")
def proofs(visit: Visit) -> File | Shown:
    """The statement that anybody can check, as the API answers it."""
    try:
        since, until = _period(visit)
        query = {"account": _account(visit), "since": since, "until": min(until, visit.now)}
        document = visit.ask("getStatement", {"user": visit.user}, query=query)
    except RiviereError as refused:
        return _shown(visit, refused)
    name = f"statement-{_account(visit)}-{since.date()}-{_last(until)}.json"
    return File(msgspec.json.encode(document), "application/json", name)


def _shown(visit: Visit, refused: RiviereError | None = None) -> Shown:
    account = _account(visit)
    month = spans.span("month", visit.now.date())
    query = {"account": account, "limit": _ROWS, "cursor": visit.query.get("cursor")}
    facts = {
        "account": account,
        "accounts": _ACCOUNTS,
        "page": visit.ask("listEntries", {"user": visit.user}, query=query),
        "typed": {"since": month.since.date().isoformat(), "until": visit.now.date().isoformat()} | dict(visit.query),
        "wrong": refused and forms.wrong(refused, {spans.BadSpan: "since"}),
    }
    return Shown("statement.html", facts, 200 if refused is None else forms.status(refused))


def _account(visit: Visit) -> str:
    asked = visit.query.get("account", "")
    return asked if asked in _ACCOUNTS else "diamonds"


def _period(visit: Visit) -> tuple[datetime, datetime]:
    """From the first day on, through the last. Raises BadSpan."""
    days = []
    for name in ("since", "until"):
        try:
            day = date.fromisoformat(visit.query.get(name, ""))
            days.append(datetime(day.year, day.month, day.day, tzinfo=UTC))
        except ValueError:
            raise spans.BadSpan(got=visit.query.get(name, "")[:40] or "nothing") from None
    since, until = days[0], days[1] + timedelta(days=1)
    if until <= since:
        raise spans.BadSpan(got=f"one that ends on {days[1].date()}, before it begins")
    return since, until


def _last(until: datetime) -> date:
    return (until - timedelta(days=1)).date()
