"""The wallet: what a viewer has, what they bought and gave, and more coins."""

from typing import Final

from riviere import ids, money
from riviere.economy import catalogue
from riviere.errors import RiviereError
from riviere.pages import forms
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import NULL, Visit
from riviere.payments import limits, sandbox

#: Lines of what was bought and given.
_LINES: Final = 10

_LIMIT_FIELDS: Final = {money.BadFigure: "amount", money.UnknownCurrency: "currency"}

_FIELDS: Final = {
    sandbox.CardDeclined: "card",
    sandbox.CardExpired: "card",
    sandbox.UnknownCard: "card",
    catalogue.UnknownPack: "pack",
    catalogue.PackNotSold: "pack",
    limits.OverOwnLimit: "pack",
}


@page("GET", "/wallet", who="user")
def wallet(visit: Visit) -> Shown:
    """What the visitor has, and packs of coins."""
    return _wallet(visit)


@page("POST", "/wallet/buy", who="user")
def buy(visit: Visit) -> Shown | See:
    """Buy a pack."""
    try:
        bought = visit.ask(
            "buyPack",
            {"user": visit.user},
            body={"pack": visit.form.get("pack"), "card": visit.form.get("card")},
            key=visit.form.get("key", ""),
        )
    except RiviereError as refused:
        return _wallet(visit, forms.wrong(refused, _FIELDS), forms.status(refused))
    return See(f"/wallet?bought={bought.coins + bought.bonus}")


@page("POST", "/wallet/limit", who="user")
def limit(visit: Visit) -> Shown | See:
    """Set the most that the visitor wants to spend."""
    wanted = {name: visit.form.get(name) for name in ("currency", "span")}
    amount = visit.form.get("amount", "")
    try:
        visit.ask("setSpendingLimit", {"user": visit.user}, body=wanted | {"amount": amount or NULL})
    except RiviereError as refused:
        return _wallet(visit, forms.wrong(refused, _LIMIT_FIELDS), forms.status(refused))
    return See("/wallet#limits")


def _wallet(visit: Visit, wrong: forms.Wrong | None = None, status: int = 200) -> Shown:
    bought = visit.query.get("bought", "")
    packs = visit.ask("listPacks").data
    facts = {
        "wallet": visit.ask("getWallet", {"user": visit.user}),
        "packs": packs,
        "currencies": sorted({pack.price.currency for pack in packs}),
        "purchases": visit.ask("listPurchases", {"user": visit.user}, query={"limit": _LINES}).data,
        "gifts": visit.ask("listGifts", {"user": visit.user}, query={"limit": _LINES}).data,
        "spending": visit.ask("getSpending", {"user": visit.user}),
        "live": next(iter(visit.ask("listLiveStreams").data), None),
        "bought": int(bought) if bought.isascii() and bought.isdigit() and len(bought) < 10 else None,
        "key": visit.form.get("key") or ids.new_key(),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("wallet.html", facts, status)
