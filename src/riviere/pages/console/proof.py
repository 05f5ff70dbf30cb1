"""Proof: whether the books hold, recomputed on demand, and the head that whoever keeps it can check against."""

from riviere.http.dispatch import worked
from riviere.pages.console import home
from riviere.pages.page import See, Shown, Told, page
from riviere.pages.visit import Visit


@page("GET", "/console/proof", who="operator", scope="ledger:read")
async def proof(visit: Visit) -> Shown:
    """What the last verification says, and the last signed head."""
    facts = await home.books(visit)
    facts["head"] = await worked(visit.front, lambda: home.head(visit))
    return Shown("console/proof.html", facts)


@page("POST", "/console/proof", who="operator", scope="ledger:read")
async def start(visit: Visit) -> See:
    """Start a verification."""
    await visit.ask_soon("startVerification")
    return See("/console/proof")


@page("GET", "/console/proof/progress", who="operator", scope="ledger:read")
async def progress(visit: Visit) -> Told:
    """How far the verification has come, for the page's script."""
    return Told(await visit.ask_soon("getVerificationProgress"))
