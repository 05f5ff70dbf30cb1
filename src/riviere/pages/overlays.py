"""The studio's page of overlays: make one, copy its address once, set it, try it, replace its address, revoke it."""

from typing import Any, Final

from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.live.overlays import model
from riviere.pages import forms
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit

#: What each widget is, for people.
_WIDGETS: Final = {
    "alerts": "Alerts: each gift in its turn, the largest first",
    "combos": "Combos: as they grow",
    "goal": "Goal: how near it is",
    "supporters": "Supporters: the first five of the stream",
    "custom": "Custom: a widget of your own",
}

#: The texts of a widget of one's own, by their fields.
_PARTS: Final = {"html": "HTML", "css": "CSS", "js": "JavaScript", "fields": "Fields (JSON)"}

_FIELDS: Final = {checks.BadText: "name", model.TooManyOverlays: "name"}

_HERE: Final = "/studio/overlays"


@page("GET", _HERE, who="user")
def overlays(visit: Visit) -> Shown:
    """The creator's overlays."""
    return _shown(visit)


@page("POST", _HERE, who="user")
def make(visit: Visit) -> Shown:
    """Make one. Its address is on the page that answers, and on no other: so there is nothing to be sent on to."""
    body = {"name": visit.form.get("name"), "widget": visit.form.get("widget")}
    try:
        made = visit.ask("makeOverlay", {"creator": visit.user}, body=body)
    except RiviereError as refused:
        return _shown(visit, wrong=forms.wrong(refused, _FIELDS), status=forms.status(refused))
    return _shown(visit, new=made)


@page("POST", _HERE + "/{id}", who="user")
def change(visit: Visit) -> Shown | See:
    """Set how it shows things."""
    form = visit.form
    body = {name: form.get(name) for name in ("name", "least", "seconds")} | {"sound": form.get("sound") == "1"}
    return _done(visit, "changeOverlay", "saved", body)


@page("POST", _HERE + "/{id}/code", who="user")
def write(visit: Visit) -> Shown | See:
    """Keep one of the texts of a widget of one's own; the others stay."""
    part, text = visit.form.get("part", ""), visit.form.get("text", "").replace("\r\n", "\n")
    try:
        code = visit.ask("getWidgetCode", _path(visit))
        body = {name: getattr(code, name) for name in _PARTS} | ({part: text} if part in _PARTS else {})
        visit.ask("setWidgetCode", _path(visit), body=body)
    except RiviereError as refused:
        wrong = forms.wrong(refused, {})._replace(field=part)
        return _shown(visit, at=visit.path["id"], wrong=wrong, status=forms.status(refused))
    return See(f"{_HERE}?saved={visit.path['id']}#{visit.path['id']}")


@page("POST", _HERE + "/{id}/test", who="user")
def try_out(visit: Visit) -> Shown | See:
    """Show a test alert."""
    return _done(visit, "testOverlay", "tested")


@page("POST", _HERE + "/{id}/secret", who="user")
def replace(visit: Visit) -> Shown:
    """Give it another address, which is on the page that answers, and on no other."""
    try:
        new = visit.ask("replaceOverlaySecret", _path(visit))
    except RiviereError as refused:
        return _shown(visit, wrong=forms.wrong(refused, {}), status=forms.status(refused))
    return _shown(visit, new=new)


@page("POST", _HERE + "/{id}/revoke", who="user")
def revoke(visit: Visit) -> Shown | See:
    """Revoke it."""
    return _done(visit, "revokeOverlay", "revoked")


def _path(visit: Visit) -> dict[str, str]:
    return {"creator": visit.user, "id": visit.path["id"]}


def _done(visit: Visit, operation: str, word: str, body: dict[str, Any] | None = None) -> Shown | See:
    try:
        visit.ask(operation, _path(visit), body=body)
    except RiviereError as refused:
        wrong = forms.wrong(refused, _FIELDS)
        at = "" if isinstance(refused, model.UnknownOverlay) else visit.path["id"]
        return _shown(visit, at=at, wrong=wrong, status=forms.status(refused))
    return See(f"{_HERE}?{word}={visit.path['id']}" + (f"#{visit.path['id']}" if word != "revoked" else ""))


def _shown(
    visit: Visit, *, new: Any = None, at: str = "", wrong: forms.Wrong | None = None, status: int = 200
) -> Shown:
    """The page. `wrong` belongs to the form of the overlay `at`, or to the one that makes a new one."""
    listed = visit.ask("listOverlays", {"creator": visit.user}).data
    codes = {
        one.id: visit.ask("getWidgetCode", {"creator": visit.user, "id": one.id})
        for one in listed
        if one.widget == "custom"
    }
    facts = {
        "overlays": listed,
        "codes": codes,
        "widgets": _WIDGETS,
        "parts_of_code": _PARTS,
        "longest": model.LONGEST_CODE,
        "most": model.MOST,
        "new": new,
        "base": visit.front.office.settings.public_url or "",
        "saved": visit.query.get("saved"),
        "tested": visit.query.get("tested"),
        "revoked": visit.query.get("revoked"),
        "at": at,
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("overlays.html", facts, status)
