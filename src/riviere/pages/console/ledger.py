"""The ledger, walked from an account to its entries, to a gift, to the purchases that paid for it, and back."""

from collections.abc import Sequence
from typing import Any, Final, cast, get_args

from riviere.economy.people import UnknownUser
from riviere.http.problems import InvalidQuery
from riviere.ledger.law import KINDS
from riviere.ledger.refusals import ImportedGift
from riviere.pages import forms
from riviere.pages.console.acts import ROWS, Counted, Sure, address, reason, there, twice
from riviere.pages.forms import Wrong
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit
from riviere.wire.journal import JournalEntry, Leg
from riviere.wire.redemptions import Because
from riviere.wire.wallets import Account

#: The accounts of a user, by the names that the API has for them.
ACCOUNTS: Final[tuple[str, ...]] = get_args(get_args(Account)[0])

#: Legs of an entry that its page shows; a combo has one a step.
_LEGS: Final = 40

_NOTES: Final = {law.name: law.note for law in KINDS.values()}


@page("GET", "/console/ledger", who="operator", scope="wallets:read")
def ledger(visit: Visit) -> Shown:
    """The entries of an account."""
    user, account = visit.query.get("user", ""), visit.query.get("account", "")
    facts: dict[str, Any] = {
        "accounts": ACCOUNTS,
        "notes": _NOTES,
        "typed": visit.query,
        "wrong": None,
        "found": None,
        "balance": None,
    }
    if not user:
        return Shown("console/ledger.html", facts)
    query = {"account": account, "cursor": visit.query.get("cursor"), "limit": ROWS}
    try:
        facts["found"] = visit.ask("listEntries", {"user": user}, query=query)
        facts["balance"] = visit.ask("getBalance", {"user": user}, query={"account": facts["found"].account})
    except (UnknownUser, InvalidQuery) as refused:
        facts["wrong"] = forms.wrong(refused, {UnknownUser: "user", InvalidQuery: "account"})
        return Shown("console/ledger.html", facts, forms.status(refused))
    return Shown("console/ledger.html", facts)


@page("GET", "/console/lines/{user}/{account}/{seq}", who="operator", scope="wallets:read")
def line(visit: Visit) -> Shown:
    """What is behind one line of an account."""
    found = visit.ask("getAccountEntry", visit.path)
    user, account, seq = visit.path["user"], visit.path["account"], int(visit.path["seq"])
    asked = [
        leg
        for leg in found.legs
        for side in (leg.pays, leg.receives)
        if (side.user, side.account, side.seq) == (user, account, seq)
    ]
    # A combo may have a thousand legs: the one that was asked for is among those that are shown.
    return _shown(visit, found, first=[leg for leg in asked if leg not in found.legs[:_LEGS]])


@page("GET", "/console/entries/{user}/{id}", who="operator", scope="wallets:read")
def entry(visit: Visit) -> Shown:
    """An entry that concerns a user."""
    return _shown(visit, _asked(visit))


@page("POST", "/console/entries/{user}/{id}/reverse", who="operator", scope="gifts:reverse")
def reverse(visit: Visit) -> Shown | See:
    """Undo a gift."""
    back = address("entries", visit.path["user"], visit.path["id"])

    def ask() -> Sure:
        gift = _asked(visit).gift
        if gift is None or gift.imported:
            raise ImportedGift
        lines = (
            ("Gift", f"{gift.gift} ×{gift.count}, entry {gift.id}"),
            (f"To {gift.sender}", Counted(gift.coins, "coins go back")),
            (f"From {gift.creator}", Counted(gift.diamonds, "diamonds are owed, and taken off the next redemption")),
            ("Because", reason(visit, Because)),
        )
        return Sure("Undo this gift?", lines, "Undo it", back, "A gift that was undone stays so.")

    def do() -> str:
        visit.ask("reverseEntry", visit.path, body={"reason": reason(visit, Because)})
        return f"{back}?done=reversed"

    return twice(visit, ask, do, lambda wrong, status: _shown(visit, _asked(visit), wrong, status))


def _asked(visit: Visit) -> JournalEntry:
    path = {"user": visit.path["user"], "id": visit.path["id"]}
    return cast("JournalEntry", visit.ask("getEntry", path))


def _shown(
    visit: Visit, found: JournalEntry, wrong: Wrong | None = None, status: int = 200, first: Sequence[Leg] = ()
) -> Shown:
    path = {"user": found.owner, "id": found.id}
    paid = None
    if found.gift is not None and visit.may("gifts:read"):
        paid = there(lambda: visit.ask("getEntryProvenance", path))
    facts = {
        "entry": found,
        "legs": [*first, *found.legs[:_LEGS]],
        "policies": {row.id: row for row in found.policies},
        "notes": _NOTES,
        "paid": paid,
        "reversible": visit.may("gifts:reverse")
        and found.gift is not None
        and not (found.gift.imported or found.gift.reversed),
        "done": visit.query.get("done"),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("console/entry.html", facts, status)
