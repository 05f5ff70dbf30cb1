"""The first page, and signing in and out: by a link that works once; in a demo, as a new viewer too."""

from typing import Final

from riviere.access import sessions
from riviere.access.sessions import Someone
from riviere.economy import checks, people
from riviere.errors import RiviereError
from riviere.http.problems import NotFound
from riviere.pages import forms
from riviere.pages.page import SESSION, VEIL, See, Shown, page
from riviere.pages.visit import Visit

#: Characters of the name that somebody joins a demo under.
_LONGEST: Final = 40

#: How long numbers stay hidden, in seconds: a year.
_YEAR: Final = 31_536_000

_FIELDS: Final = {people.UserExists: "name", checks.BadText: "name"}


@page("GET", "/", who="anyone")
def start(visit: Visit) -> Shown:
    """What this is, and the four faces."""
    return _start(visit)


@page("POST", "/join", who="anyone")
def join(visit: Visit) -> Shown | See:
    """Become a viewer of the demo."""
    if not visit.house.demo:
        raise NotFound
    name = visit.form.get("name", "")
    office = visit.front.office
    try:
        checks.text(name, "Your name", _LONGEST)
        with office.pool.connection() as connection:
            user = people.register(connection, office.signer, name, now=visit.now)
            session, stays = sessions.begin_as(connection, Someone(None, user.id), visit.now)
    except RiviereError as refused:
        return _start(visit, forms.wrong(refused, _FIELDS), forms.status(refused))
    return See("/wallet", {SESSION: (session, int(stays.total_seconds()))})


@page("GET", "/claim/{secret}", who="anyone")
def look_at_claim(visit: Visit) -> Shown:
    """Whom a link would sign in. Looking does not use it up: programs look at links before people do."""
    with visit.front.office.pool.connection() as connection:
        name = sessions.look(connection, visit.path["secret"], visit.now)
    return Shown("claim.html", {"name": name})


@page("POST", "/claim/{secret}", who="anyone")
def claim(visit: Visit) -> See:
    """Sign in."""
    with visit.front.office.pool.connection() as connection:
        someone, session, stays = sessions.begin(connection, visit.path["secret"], visit.now)
    there = "/studio" if someone.operator is None else "/console"
    return See(there, {SESSION: (session, int(stays.total_seconds()))})


@page("POST", "/sign-out", who="anyone")
def sign_out(visit: Visit) -> See:
    """Sign out of this browser."""
    if visit.visitor is not None:
        visit.front.office.sessions.end(visit.secret, visit.now)
    return See("/", {SESSION: ("", 0)})


@page("POST", "/veil", who="anyone")
def veil(visit: Visit) -> See:
    """Hide every number, or show them again."""
    veiled = visit.form.get("veiled") == "1"
    return See(forms.back(visit.form, "/"), {VEIL: ("1", _YEAR) if veiled else ("", 0)})


def _start(visit: Visit, wrong: forms.Wrong | None = None, status: int = 200) -> Shown:
    streams = visit.ask("listLiveStreams").data
    facts = {"live": next(iter(streams), None), "demo": visit.house.demo, "wrong": wrong, "typed": visit.form}
    return Shown("start.html", facts, status)
