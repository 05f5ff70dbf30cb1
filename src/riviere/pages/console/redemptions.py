"""Redemptions: what waits for a person, everything that a reviewer needs, and what can be done about it."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple
from uuid import UUID

from riviere.pages.console.acts import ROWS, Counted, Sure, address, reason, there, twice
from riviere.pages.forms import Wrong
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit
from riviere.payouts.books import hold_id
from riviere.payouts.model import ATTENTION, State, UnknownRedemption, WrongState
from riviere.wire.common import Money
from riviere.wire.redemptions import Because, Redemption

#: The lists, in the order in which they want to be seen.
AMONG: Final = (
    (State.IN_REVIEW.value, "To review"),
    (ATTENTION, "To look into"),
    (State.RETURNED.value, "Came back"),
    (State.FAILED.value, "Failed"),
    (State.SUBMITTED.value, "Submitted"),
    (State.APPROVED.value, "Approved"),
    (State.PAID.value, "Paid"),
    (State.CANCELLED.value, "Cancelled"),
    (State.REFUSED.value, "Refused"),
)


class Act(NamedTuple):
    """Something that a reviewer does: the operation, when it can be done, and what is said before."""

    operation: str
    label: str
    can: Callable[[Redemption], bool]
    says: str
    warning: str = ""


ACTS: Final = {
    "approve": Act(
        "approveRedemption",
        "Approve",
        lambda one: one.state == "in_review",
        "It goes on to the payout provider, which pays the creator.",
        "Once the provider was asked it cannot be taken back.",
    ),
    "reject": Act(
        "rejectRedemption",
        "Reject",
        lambda one: one.state == "in_review",
        "Nothing is paid. The diamonds go back to the creator, as matured as they were.",
    ),
    "pay-again": Act(
        "payAgainAsOperator",
        "Pay again",
        lambda one: one.state == "returned",
        "The same amount goes to the creator's payout method of now.",
        "Once the provider was asked it cannot be taken back.",
    ),
    "attended": Act(
        "attendToRedemption",
        "Say what came of it",
        lambda one: one.attention is not None,
        "It calls for nobody any more. Nothing moves.",
    ),
    "never-paid": Act(
        "endUnpaidRedemption",
        "End it as never paid",
        lambda one: one.attention is not None and one.state == "submitted",
        "The diamonds are the creator's again; what had been paid once before stays owed in money.",
        "Be sure: what the provider did pay would be paid a second time.",
    ),
}


@page("GET", "/console/redemptions", who="operator", scope="redemptions:all")
def redemptions(visit: Visit) -> Shown:
    """Everybody's redemptions in one state."""
    known = [code for code, _ in AMONG]
    among = visit.query.get("among", known[0])
    among = among if among in known else known[0]
    cursor = visit.query.get("cursor")
    found = visit.ask("listEverybodysRedemptions", query={"among": among, "cursor": cursor, "limit": ROWS})
    waiting = visit.ask("countWaitingRedemptions").data
    facts = {"found": found, "among": among, "lists": AMONG, "waiting": {row.among: row.many for row in waiting}}
    return Shown("console/redemptions.html", facts)


@page("GET", "/console/redemptions/{id}", who="operator", scope="redemptions:all")
def redemption(visit: Visit) -> Shown:
    """One redemption with all that a reviewer needs."""
    return _one(visit)


@page("POST", "/console/redemptions/{id}/{act}", who="operator", scope="redemptions:review")
def act(visit: Visit) -> Shown | See:
    """Decide about a redemption, once it was said what comes of it."""
    chosen = ACTS.get(visit.path["act"])
    if chosen is None:
        raise UnknownRedemption(redemption=visit.path["id"])
    wanted: Act = chosen
    there_it_is = address("redemptions", visit.path["id"])

    def ask() -> Sure:
        one = visit.ask("getAnybodysRedemption", {"id": visit.path["id"]})
        if not wanted.can(one):
            raise WrongState(what=wanted.label.lower(), states="waiting for that", state=one.state)
        lines = (
            ("Creator", one.creator),
            ("Takes", Counted(one.diamonds, "diamonds")),
            ("Worth", Money(amount=one.gross, currency=one.currency)),
            ("Fee", Money(amount=one.fee, currency=one.currency)),
            ("Arrives", Money(amount=one.net, currency=one.currency)),
            ("At", f"{one.method}, {one.receiver}"),
            ("Then", wanted.says),
            ("Because", reason(visit, Because)),
        )
        return Sure(f"{wanted.label}?", lines, wanted.label, there_it_is, wanted.warning)

    def do() -> str:
        visit.ask(wanted.operation, {"id": visit.path["id"]}, body={"reason": reason(visit, Because)})
        return f"{there_it_is}?done={visit.path['act']}"

    return twice(visit, ask, do, lambda wrong, status: _one(visit, wrong, status))


def _one(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    one: Redemption = visit.ask("getAnybodysRedemption", {"id": visit.path["id"]})
    user = {"user": one.creator}
    facts: dict[str, Any] = {
        "one": one,
        "hold": None if one.state in ("requested", "refused") else str(hold_id(UUID(one.id))),
        "identity": there(lambda: visit.ask("getIdentity", user)),
        "standing": there(lambda: visit.ask("getStanding", user)),
        "method": there(lambda: visit.ask("getPayoutMethod", user)),
        "wallet": there(lambda: visit.ask("getWallet", user)),
        "others": there(lambda: visit.ask("listRedemptions", user, query={"limit": 6})),
        "supporters": None,
        "acts": [(code, row) for code, row in ACTS.items() if row.can(one)] if visit.may("redemptions:review") else [],
        "done": ACTS.get(visit.query.get("done", "")),
        "typed": visit.form,
        "wrong": wrong,
    }
    if visit.may("earnings:read"):
        facts["supporters"] = there(lambda: visit.ask("getEarnings", user, query={"by": "supporter", "limit": 5}))
    return Shown("console/redemption.html", facts, status)
