"""Users, one at a time: what they have, whether they may redeem, and the few things that are done about them."""

from typing import Any, Final

from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.pages.console.acts import Sure, Unconfirmed, address, reason, twice
from riviere.pages.forms import Wrong
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit
from riviere.wire.redemptions import Because

#: Entries and redemptions of a user's page.
_LINES: Final = 8

_IDENTITY: Final = ("not_started", "pending", "verified", "rejected", "expired")


@page("GET", "/console/users", who="operator", scope="users:read")
def users(visit: Visit) -> Shown | See:
    """Look a user up by their exact id."""
    wanted = visit.query.get("user", "")
    if not wanted:
        return Shown("console/users.html", {"typed": visit.query, "wrong": None})
    try:
        visit.ask("getUser", {"user": wanted})
    except RiviereError as refused:
        return Shown("console/users.html", {"typed": visit.query, "wrong": Wrong("user", str(refused))}, 404)
    return See(address("users", wanted))


@page("GET", "/console/users/{user}", who="operator", scope="users:read")
def user(visit: Visit) -> Shown:
    """A user."""
    return _one(visit)


@page("POST", "/console/users/{user}/standing", who="operator", scope="identity:write")
def standing(visit: Visit) -> Shown | See:
    """Suspend a user's redemptions, or let them go on."""
    state = "active" if visit.form.get("state") == "active" else "suspended"
    name = visit.path["user"]

    def ask() -> Sure:
        visit.ask("getUser", {"user": name})
        says = "They may redeem again." if state == "active" else "They may not redeem until somebody reinstates them."
        lines = (("User", name), ("Then", says), ("They are told", reason(visit, Because)))
        title = "Reinstate?" if state == "active" else "Suspend?"
        return Sure(title, lines, title.rstrip("?"), address("users", name))

    def do() -> str:
        visit.ask("setStanding", {"user": name}, body={"state": state, "reason": reason(visit, Because)})
        return f"{address('users', name)}?done={state}"

    return twice(visit, ask, do, lambda wrong, status: _one(visit, wrong, status))


@page("POST", "/console/users/{user}/identity", who="operator", scope="identity:write")
def identity(visit: Visit) -> Shown | See:
    """Record what an identity check came to."""
    name, state = visit.path["user"], visit.form.get("identity", "")

    def ask() -> Sure:
        visit.ask("getUser", {"user": name})
        says = "They may redeem." if state == "verified" else "They may not redeem: only who is verified may."
        lines = (("User", name), ("Identity", state.replace("_", " ")), ("Then", says))
        return Sure("Record this identity?", lines, "Record it", address("users", name))

    def do() -> str:
        visit.ask("setIdentity", {"user": name}, body={"state": state, "reason": visit.form.get("note")})
        return f"{address('users', name)}?done=identity"

    return twice(visit, ask, do, lambda wrong, status: _one(visit, wrong, status), {checks.BadText: "note"})


@page("POST", "/console/users/{user}/level", who="operator", scope="users:write")
def level(visit: Visit) -> Shown | See:
    """Change a user's level and region."""
    name, region = visit.path["user"], visit.form.get("region", "").upper()

    def ask() -> Sure:
        visit.ask("getUser", {"user": name})
        said = (("User", name), ("Level", visit.form.get("level")), ("Region", region or "stays as it is"))
        return Sure("Change what this user may send?", said, "Change it", address("users", name))

    def do() -> str:
        visit.ask("changeUser", {"user": name}, body={"level": visit.form.get("level"), "region": region})
        return f"{address('users', name)}?done=level"

    return twice(visit, ask, do, lambda wrong, status: _one(visit, wrong, status))


@page("POST", "/console/users/{user}/forget", who="operator", scope="users:write")
def forget(visit: Visit) -> Shown | See:
    """Forget who a user is, for good."""
    name = visit.path["user"]

    def ask() -> Sure:
        known = visit.ask("getUser", {"user": name})
        if visit.form.get("confirm") != name:
            raise Unconfirmed(expected=name)
        lines = (
            ("User", name),
            ("All that is left", known.account),
            ("Then", "Nobody finds them any more; what they have can be spent and redeemed by nobody."),
        )
        return Sure(f"Forget {name}?", lines, "Forget for good", address("users", name), "This cannot be undone.")

    def do() -> str:
        if visit.form.get("confirm") != name:
            raise Unconfirmed(expected=name)
        visit.ask("forgetUser", {"user": name})
        return "/console/users?done=forgotten"

    return twice(visit, ask, do, lambda wrong, status: _one(visit, wrong, status), {Unconfirmed: "confirm"})


def _one(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    name = {"user": visit.path["user"]}
    facts: dict[str, Any] = {
        "user": visit.ask("getUser", name),
        "wallet": visit.ask("getWallet", name),
        "identity": visit.ask("getIdentity", name),
        "standing": visit.ask("getStanding", name),
        "entries": visit.ask("listEntries", name, query={"limit": _LINES}),
        "redemptions": visit.ask("listRedemptions", name, query={"limit": _LINES}).data,
        "earned": visit.ask("getEarnings", name, query={"by": "total"}).data if visit.may("earnings:read") else None,
        "identities": _IDENTITY,
        "done": visit.query.get("done"),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("console/user.html", facts, status)
