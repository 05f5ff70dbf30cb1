"""From diamonds to money, step by step: who is paid where, a quote, the confirmation, a time line until it is paid."""

from typing import Any, Final

from riviere import ids
from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.http.problems import NotFound
from riviere.ledger.refusals import TooLarge
from riviere.money import BadAmount, BadFigure
from riviere.pages import forms
from riviere.pages.page import See, Shown, page
from riviere.pages.studio import way, worth
from riviere.pages.visit import Visit
from riviere.payouts import methods, model

_FIELDS: Final = {
    methods.BadReceiver: "receiver",
    BadAmount: "diamonds",
    BadFigure: "diamonds",
    TooLarge: "diamonds",
    checks.BadText: "reason",
}

#: What may be taken back, and what may be paid again.
_CANCELS: Final = frozenset({model.State.HELD, model.State.IN_REVIEW, model.State.APPROVED})

#: Rows of the list on one page.
_ROWS: Final = 20


@page("GET", "/studio/redeem", who="user")
def redeem(visit: Visit) -> Shown:
    """Where the visitor is paid, and how much they redeem."""
    return _redeem(visit)


@page("POST", "/studio/payout-method", who="user")
def pay_to(visit: Visit) -> Shown | See:
    """Set where the visitor is paid."""
    body = {"method": "paypal", "currency": "USD", "receiver": visit.form.get("receiver")}
    try:
        visit.ask("setPayoutMethod", {"user": visit.user}, body=body)
    except RiviereError as refused:
        return _redeem(visit, refused, "receiver")
    return See("/studio/redeem?saved=1")


@page("POST", "/studio/quote", who="user")
def quote(visit: Visit) -> Shown:
    """What an amount brings, before anything moves."""
    # People group what they type; the point is the one of the API.
    body = {"diamonds": visit.form.get("diamonds", "").replace(",", "").replace(" ", "")}
    try:
        quoted = visit.ask("quoteRedemption", {"user": visit.user}, body=body)
    except RiviereError as refused:
        return _redeem(visit, refused, "diamonds")
    return Shown("quote.html", {"quote": quoted, "worth": worth(visit), "key": ids.new_key()})


@page("POST", "/studio/redemptions", who="user")
def request(visit: Visit) -> Shown | See:
    """Redeem what a quote says."""
    key = visit.form.get("key", "")
    try:
        made = visit.ask("requestRedemption", {"user": visit.user}, body={"quote": visit.form.get("quote")}, key=key)
    except RiviereError as refused:
        return _redeem(visit, refused, "")
    return See(f"/studio/redemptions/{made.id}")


@page("GET", "/studio/redemptions", who="user")
def redemptions(visit: Visit) -> Shown:
    """All redemptions, newest first."""
    query = {"limit": _ROWS, "cursor": visit.query.get("cursor")}
    return Shown("redemptions.html", {"page": visit.ask("listRedemptions", {"user": visit.user}, query=query)})


@page("GET", "/studio/redemptions/{id}", who="user")
def redemption(visit: Visit) -> Shown:
    """One redemption, with every step."""
    return _one(visit)


@page("POST", "/studio/redemptions/{id}/{act}", who="user")
def change(visit: Visit) -> Shown | See:
    """Take a redemption back, or ask for money that came back to be paid again."""
    acts = {"cancel": "cancelRedemption", "pay-again": "payAgain"}
    if visit.path["act"] not in acts:
        raise NotFound
    path = {"user": visit.user, "id": visit.path["id"]}
    try:
        visit.ask(acts[visit.path["act"]], path, body={"reason": visit.form.get("reason")})
    except model.UnknownRedemption:
        raise
    except RiviereError as refused:
        return _one(visit, refused)
    return See(f"/studio/redemptions/{visit.path['id']}")


def _redeem(visit: Visit, refused: RiviereError | None = None, field: str = "") -> Shown:
    facts = {
        "worth": worth(visit),
        "wallet": visit.ask("getWallet", {"user": visit.user}),
        "identity": visit.ask("getIdentity", {"user": visit.user}),
        "standing": visit.ask("getStanding", {"user": visit.user}),
        "method": _method(visit),
        "saved": "saved" in visit.query,
        "typed": visit.form,
        "wrong": refused and _beside(refused, field),
    }
    return Shown("redeem.html", facts, 200 if refused is None else forms.status(refused))


def _beside(refused: RiviereError, field: str) -> forms.Wrong:
    """A form with one field says what is wrong beside it, but for what is about the person."""
    wrong = forms.wrong(refused, _FIELDS)
    return wrong._replace(field=field) if refused.code == "invalid_body" else wrong


def _method(visit: Visit) -> Any:
    try:
        return visit.ask("getPayoutMethod", {"user": visit.user})
    except methods.NothingSet:
        return None


def _one(visit: Visit, refused: RiviereError | None = None) -> Shown:
    found = visit.ask("getRedemption", {"user": visit.user, "id": visit.path["id"]})
    facts = {
        "one": found,
        "way": way(found),
        "cancels": found.state in _CANCELS,
        "typed": visit.form,
        "wrong": refused and _beside(refused, "reason"),
    }
    return Shown("redemption.html", facts, 200 if refused is None else forms.status(refused))
