"""Who may do what: operators with their roles and every change of them, API keys, and the keys of users' tokens."""

from typing import Any, Final

from riviere.access import keys, operators
from riviere.access.scopes import ROLES, SCOPES
from riviere.economy import checks
from riviere.pages.console.acts import ROWS, Sure, address, instant, twice
from riviere.pages.forms import Wrong
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit

_OPERATOR: Final = {operators.OperatorExists: "operator", checks.BadText: "operator"}
_KEY: Final = {
    checks.BadText: "key_name",
    keys.ExpiryPast: "expires_at",
    keys.NoScope: "scopes",
    keys.BeyondRole: "scopes",
    operators.UnknownOperator: "for",
    operators.OperatorDisabled: "for",
}

#: How the name of a scope's box begins.
_BOX: Final = "scope."


@page("GET", "/console/access", who="operator", scope="keys:read")
def access(visit: Visit) -> Shown:
    """Operators and keys."""
    return _all(visit)


@page("POST", "/console/access/operators", who="operator", scope="keys:write")
def add_operator(visit: Visit) -> Shown | See:
    """Add an operator."""
    name, role = visit.form.get("operator", ""), visit.form.get("role", "")

    def ask() -> Sure:
        lines = (("Operator", name), ("Role", role), ("They may", ", ".join(sorted(ROLES.get(role, ())))))
        return Sure("Add this operator?", lines, "Add them", "/console/access")

    def do() -> str:
        visit.ask("addOperator", body={"name": name, "role": role})
        return f"{address('access', 'operators', name)}?done=added"

    return twice(visit, ask, do, lambda wrong, status: _all(visit, wrong, status), _OPERATOR)


@page("GET", "/console/access/operators/{name}", who="operator", scope="keys:read")
def operator(visit: Visit) -> Shown:
    """An operator and all that was decided about them."""
    return _operator(visit)


@page("POST", "/console/access/operators/{name}/role", who="operator", scope="keys:write")
def change_role(visit: Visit) -> Shown | See:
    """Give an operator another role."""
    name, role = visit.path["name"], visit.form.get("role", "")

    def ask() -> Sure:
        lines = (("Operator", name), ("Role", role), ("They may", ", ".join(sorted(ROLES.get(role, ())))))
        return Sure("Change the role?", lines, "Change it", address("access", "operators", name))

    def do() -> str:
        visit.ask("changeOperator", {"name": name}, body={"role": role})
        return f"{address('access', 'operators', name)}?done=role"

    return twice(visit, ask, do, lambda wrong, status: _operator(visit, wrong, status))


@page("POST", "/console/access/operators/{name}/disable", who="operator", scope="keys:write")
def disable(visit: Visit) -> Shown | See:
    """End an operator's work."""
    name = visit.path["name"]

    def ask() -> Sure:
        lines = (("Operator", name), ("Then", "Their keys and sessions open nothing any more, within five seconds."))
        back = address("access", "operators", name)
        return Sure("Disable this operator?", lines, "Disable them", back, "This is for good.")

    def do() -> str:
        visit.ask("disableOperator", {"name": name})
        return f"{address('access', 'operators', name)}?done=disabled"

    return twice(visit, ask, do, lambda wrong, status: _operator(visit, wrong, status))


@page("POST", "/console/access/operators/{name}/link", who="operator", scope="keys:write")
def link(visit: Visit) -> Shown:
    """Make a link that signs an operator in, once."""
    made = visit.ask("makeOperatorLink", {"name": visit.path["name"]})
    return Shown("console/link.html", {"name": visit.path["name"], "link": made})


@page("POST", "/console/access/keys", who="operator", scope="keys:write")
def make_key(visit: Visit) -> Shown | See:
    """Make an API key. Its secret is in this answer, and never again."""
    form = visit.form
    scopes = [name.removeprefix(_BOX) for name in form if name.startswith(_BOX)]
    body: dict[str, Any] = {
        "name": form.get("key_name"),
        "operator": form.get("for"),
        "scopes": scopes,
        "expires_at": instant(form.get("expires_at", "")),
    }
    made: list[Any] = []

    def ask() -> Sure:
        opens = ", ".join(scopes) or ("all that the role does" if form.get("for") else "nothing")
        lines = (
            ("Key", form.get("key_name") or "without a name"),
            ("For", f"operator {form['for']}" if form.get("for") else "a back end"),
            ("It opens", opens),
            ("Until", form.get("expires_at") or "it is revoked"),
        )
        return Sure("Make this key?", lines, "Make it", "/console/access", "The key is shown once, on the next page.")

    def do() -> str:
        made.append(visit.ask("makeKey", body=body))
        return "/console/access"

    answer = twice(visit, ask, do, lambda wrong, status: _all(visit, wrong, status), _KEY)
    return Shown("console/new_key.html", {"key": made[0]}) if made else answer


@page("POST", "/console/access/keys/{id}/revoke", who="operator", scope="keys:write")
def revoke(visit: Visit) -> Shown | See:
    """Revoke an API key."""
    number = visit.path["id"]

    def ask() -> Sure:
        lines = (("Key", number), ("Name", visit.form.get("named", "")), ("Then", "It opens nothing any more."))
        return Sure("Revoke this key?", lines, "Revoke it", "/console/access", "This is for good.")

    def do() -> str:
        visit.ask("revokeKey", {"id": number})
        return "/console/access?done=revoked"

    return twice(visit, ask, do, lambda wrong, status: _all(visit, wrong, status))


def _all(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    found = visit.ask("listOperators", query={"limit": ROWS, "cursor": visit.query.get("operators")})
    changes = [
        (one.name, change) for one in found.data for change in visit.ask("listOperatorChanges", {"name": one.name}).data
    ]
    facts = {
        "operators": found,
        "changes": sorted(changes, key=lambda row: row[1].at, reverse=True)[:ROWS],
        "keys": visit.ask("listKeys", query={"limit": ROWS, "cursor": visit.query.get("keys")}),
        "token_keys": visit.ask("listTokenKeys", query={"limit": ROWS}).data,
        "roles": list(ROLES),
        "scopes": SCOPES,
        "box": _BOX,
        "done": visit.query.get("done"),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("console/access.html", facts, status)


def _operator(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    name = visit.path["name"]
    changes = visit.ask("listOperatorChanges", {"name": name}).data
    facts = {
        "name": name,
        "changes": changes,
        "now": changes[-1],
        "roles": list(ROLES),
        "done": visit.query.get("done"),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("console/operator.html", facts, status)
