"""Balances: each account against the journal, each row against the one before it, and every asset's books."""

from collections import defaultdict
from collections.abc import Iterable

from riviere.ledger.law import KINDS, MONEY, ROUTES, Kind, Route, is_users
from riviere.ledger.verify.model import SQL, Found, Look, find
from riviere.money import grouped


def accounts(look: Look) -> Found:
    """Each account row is the sum over the journal, and no account moved without a row."""
    return find(
        look, "credits, debits, entries and turns of every account are those of the journal", SQL["wrong_accounts"]
    )


def running_balances(look: Look) -> Found:
    """Each account's rows follow one another: numbers, starts, balances, times (provenance V1, V2)."""
    return find(
        look,
        "both sides of every account: numbered without gaps, starts tile credits and debits, balances follow, "
        "none below its floor, time never goes back",
        SQL["wrong_running"],
    )


def books(look: Look) -> Found:
    """Every asset's books sum to zero: what users' account rows hold, and what the platform's accounts come to."""
    run = look.connection.execute
    users = run(SQL["sum_accounts"]).fetchall()
    routes = run(SQL["sum_routes"]).fetchall()
    held, others = _users(users), _platform(routes)
    wrong, said = [], []
    for asset in sorted({*held, *others}):
        mine, theirs = held[asset], others[asset]
        said.append(f"{asset}: users {grouped(mine, asset)}, platform {grouped(theirs, asset)}")
        if mine + theirs:
            wrong.append(f"{asset}: users hold {mine:,}, the platform's accounts {theirs:,}; off by {mine + theirs:,}")
    rows = sum(row[1] for row in users) + look.entries
    return Found(rows, wrong[0] if wrong else None, "; ".join(said) or "nothing was ever booked")


def _users(rows: Iterable[tuple[int, int, int]]) -> defaultdict[str, int]:
    """What users' accounts hold, by asset, in its smallest unit."""
    held: defaultdict[str, int] = defaultdict(int)
    for kind, _, balance in rows:
        held[KINDS[Kind(kind)].asset] += int(balance)
    return held


def _platform(rows: Iterable[tuple[int, str | None, int, int]]) -> defaultdict[str, int]:
    """What the platform's accounts hold, by asset; a route between two assets has an exchange account in each."""
    held: defaultdict[str, int] = defaultdict(int)
    for route, currency, went, came in rows:
        law = ROUTES[Route(route)]
        pays, receives = (
            (currency or "???") if KINDS[kind].asset == MONEY else KINDS[kind].asset
            for kind in (law.pays, law.receives)
        )
        if not is_users(law.pays):
            held[pays] -= int(went)
        if not is_users(law.receives):
            held[receives] += int(came)
        if pays != receives:
            held[pays] += int(went)
            held[receives] -= int(came)
    return held
