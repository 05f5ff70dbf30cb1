"""What waits for an operator, whether the books hold, and what changes soon: the console's first page."""

from typing import Any

from riviere.http.dispatch import worked
from riviere.http.problems import NoHead, NotVerified, VerificationBroke
from riviere.pages.console.acts import there
from riviere.pages.console.health import measured
from riviere.pages.console.policies import every, lines
from riviere.pages.page import Shown, page
from riviere.pages.visit import Visit

#: Changes of policies that are shown, before now and after.
_CHANGES = 3


@page("GET", "/console", who="operator")
async def home(visit: Visit) -> Shown:
    """What is to be done."""
    facts = await worked(visit.front, lambda: _facts(visit))
    if visit.may("ledger:read"):
        facts |= await books(visit) | {"health": await measured(visit)}
        facts["head"] = await worked(visit.front, lambda: head(visit))
    return Shown("console/home.html", facts)


async def books(visit: Visit) -> dict[str, Any]:
    """The last verification of this server, and since when one runs: {verified, broke, progress}."""
    verified = broke = None
    try:
        verified = await visit.ask_soon("getVerification")
    except NotVerified:
        pass
    except VerificationBroke as refused:
        broke = refused
    return {"verified": verified, "broke": broke, "progress": await visit.ask_soon("getVerificationProgress")}


def head(visit: Visit) -> Any:
    """The newest signed head; None where none was signed yet."""
    try:
        return visit.ask("getLastHead")
    except NoHead:
        return None


def _facts(visit: Visit) -> dict[str, Any]:
    waiting = visit.ask("countWaitingRedemptions").data if visit.may("redemptions:all") else []
    reported = visit.ask("countReports") if visit.may("words:moderate") else None
    imports = visit.ask("listImports", query={"limit": 200}).data if visit.may("ledger:read") else []
    announced = [row for row in every(visit) if not row.scope.startswith("import:")]
    changed = sorted(
        (row for row in announced if row.starts_at <= visit.now and row.announced_by != "riviere"),
        key=lambda row: row.starts_at,
    )
    coming = sorted((row for row in announced if row.starts_at > visit.now), key=lambda row: row.starts_at)
    rates = [line for line in lines(announced, visit.now) if line.name in ("diamonds_per_coin", "money_per_diamond")]
    return {
        "waiting": waiting,
        "reported": reported if reported is not None and reported.many else None,
        "unbacked": [row for row in imports if not row.posted],
        "changed": changed[-_CHANGES:],
        "coming": coming[:_CHANGES],
        "rates": rates,
        "readiness": there(lambda: visit.ask("getReadiness")),
    }
