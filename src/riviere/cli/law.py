"""`riviere law`: the whole economy as one table that fits a screen."""

from riviere.cli.common import NOTHING_SAID, Common, table
from riviere.ledger.law import KINDS, NEVER, ROUTES, Kind, RouteLaw, is_users

_FLOORS = {"credits": "never below zero", "debits": "a debt, never below zero", "": "none"}


def law(*, common: Common = NOTHING_SAID) -> None:
    """Print every route that value may take, every kind of account, and what may never happen."""
    routes = [
        {
            "route": route.name,
            "pays": _side(route, route.pays, "pays"),
            "receives": _side(route, route.receives, "receives"),
            "note": route.note,
        }
        for route in ROUTES.values()
    ]
    accounts = [
        {
            "account": kind.name,
            "asset": kind.asset,
            "holder": "user" if is_users(number) else "platform",
            "floor": _FLOORS[kind.floor],
            "note": kind.note,
        }
        for number, kind in KINDS.items()
    ]
    never = [{"never": what, "because": why} for what, why in NEVER]
    common.answer(
        {"routes": routes, "accounts": accounts, "never": never},
        table(("route", "pays", "receives", "note"), [tuple(row.values()) for row in routes]),
        "",
        table(("account", "asset", "holder", "floor", "note"), [tuple(row.values()) for row in accounts]),
        "",
        table(("never", "because no route exists: "), [tuple(row.values()) for row in never]),
    )


def _side(route: RouteLaw, kind: Kind, side: str) -> str:
    """Whose account stands on one side of a route, as people say it."""
    if not is_users(kind):
        return KINDS[kind].name
    who = "creator" if route.creator == side else route.owner
    return f"{who} {KINDS[kind].name}"
