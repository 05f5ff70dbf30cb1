"""The studio's page beside a stream: its title, goals, announcements, questions, words to review, contests.

Each form's fields are named after its part of the page and the operation's own field ("goals-title"), so that what is
wrong with one is said there alone.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from riviere.audience.announcements import BadStart
from riviere.clock import BadTime
from riviere.content import posters
from riviere.economy import catalogue, checks, people
from riviere.errors import RiviereError
from riviere.http.problems import NotFound
from riviere.live.contests import model as contests
from riviere.live.goals import model as goals
from riviere.live.position import Position
from riviere.live.reading import position
from riviere.money import BadFigure
from riviere.pages import beside, forms
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit
from riviere.trust import word_filter

Fields: TypeAlias = Mapping[str, str]

_HERE: Final = "/studio/live"

#: Rows of a list on the page.
_ROWS: Final = 20

#: Contests that somebody may still do something about, or that everybody watches.
_AHEAD: Final = frozenset({"invited", "accepted", "running"})

#: Contests that are over and still shown.
_PAST: Final = 3


class _Form(NamedTuple):
    """What a form asks for, what it makes of its fields, and beside which of them an error or a wrong field is said."""

    operation: str
    body: Callable[[Fields], dict[str, Any]]
    errors: Mapping[type[RiviereError], str]
    renamed: Fields = MappingProxyType({})


def _goal(typed: Fields) -> dict[str, Any]:
    # People group what they type.
    target, gift = typed.get("target", "").replace(",", "").replace(" ", ""), typed.get("gift", "")
    counted = {"gift": gift, "pieces": target} if gift else {"diamonds": target}
    return {"title": typed.get("title"), "stream": typed.get("stream"), **counted}


def _announced(typed: Fields) -> dict[str, Any]:
    return {**typed, "starts_at": _utc(typed.get("starts_at", ""))}


def _invited(typed: Fields) -> dict[str, Any]:
    return {**typed, "starts_at": _utc(typed.get("starts_at", "")), "ends_at": _utc(typed.get("ends_at", ""))}


def _words(typed: Fields) -> dict[str, Any]:
    entries = [line.strip() for line in typed.get("entries", "").splitlines()]
    return {"entries": [entry for entry in entries if entry], "review": typed.get("review") == "1"}


def _utc(typed: str) -> str:
    """What a field for a date and a time says, read as UTC. What is no time is refused; so is a number."""
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        # Not as it was typed: a number would be taken for seconds since 1970.
        return typed and "no time"
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


_FORMS: Final = {
    "stream": _Form("setStreamPoster", dict, {checks.BadText: "title", posters.BadPlayer: "player"}),
    "goals": _Form(
        "openGoal",
        _goal,
        {
            checks.BadText: "title",
            checks.BadNumber: "target",
            BadFigure: "target",
            goals.OneTarget: "target",
            catalogue.UnknownGift: "gift",
            goals.GoalStreamOver: "stream",
        },
        {"diamonds": "target", "pieces": "target"},
    ),
    "announcements": _Form(
        "announceStream", _announced, {checks.BadText: "title", BadStart: "starts_at", BadTime: "starts_at"}
    ),
    "words": _Form(
        "replaceCreatorWords", _words, {word_filter.BadEntry: "entries", word_filter.TooManyEntries: "entries"}
    ),
    "contests": _Form(
        "inviteToContest",
        _invited,
        {
            people.UnknownUser: "rival",
            contests.OwnRival: "rival",
            checks.BadText: "title",
            BadTime: "starts_at",
            contests.BadContestTime: "starts_at",
            contests.ContestOverlap: "starts_at",
        },
    ),
}

#: What a button beside a row does: the operation, by the part of the page and the button's word.
_ACTS: Final = {
    ("goals", "close"): "closeGoal",
    ("announcements", "cancel"): "cancelAnnouncement",
    ("questions", "answer"): "answerQuestion",
    ("questions", "hide"): "hideWords",
    ("words", "approve"): "approveWords",
    ("words", "hide"): "hideWords",
    ("contests", "accept"): "acceptContest",
    ("contests", "decline"): "declineContest",
    ("contests", "cancel"): "cancelContest",
}


@page("GET", _HERE, who="user")
def live(visit: Visit) -> Shown:
    """What the visitor has open and is to decide."""
    return _shown(visit)


@page("POST", _HERE + "/{part}", who="user")
def send(visit: Visit) -> Shown | See:
    """Send one of the forms."""
    part = visit.path["part"]
    form = _FORMS.get(part)
    if form is None:
        raise NotFound
    prefix = f"{part}-"
    typed = {name.removeprefix(prefix): text for name, text in visit.form.items() if name.startswith(prefix)}
    path = {"creator": visit.user, "stream": visit.form.get("stream", "")}
    try:
        visit.ask(form.operation, path, body=form.body(typed), key=visit.form.get("key", ""))
    except RiviereError as refused:
        return _shown(visit, refused, _wrong(part, form, refused))
    return See(f"{_HERE}?saved={part}#{part}")


@page("POST", _HERE + "/{part}/{id}/{act}", who="user")
def act(visit: Visit) -> Shown | See:
    """Press one of the buttons beside a row."""
    part = visit.path["part"]
    operation = _ACTS.get((part, visit.path["act"]))
    if operation is None:
        raise NotFound
    try:
        visit.ask(operation, {"creator": visit.user, "id": visit.path["id"]})
    except RiviereError as refused:
        if forms.status(refused) == 404:
            raise
        return _shown(visit, refused, forms.Wrong(f"{part}-", str(refused)))
    return See(f"{_HERE}#{part}")


def _wrong(part: str, form: _Form, refused: RiviereError) -> forms.Wrong:
    """What is wrong, beside a field of this part; the part as a whole is named without a field."""
    if isinstance(refused, goals.OneTarget):
        return forms.Wrong("goals-target", "Say how many diamonds or pieces it takes.")
    wrong = forms.wrong(refused, form.errors)
    return wrong._replace(field=f"{part}-{form.renamed.get(wrong.field, wrong.field)}")


def _shown(visit: Visit, refused: RiviereError | None = None, wrong: forms.Wrong | None = None) -> Shown:
    path = {"creator": visit.user}
    stream = beside.live_stream(visit, visit.user)
    # Before all that is shown: what happens meanwhile is then told of, at worst twice.
    after = _now(visit) if stream else None
    here = path | {"stream": stream.id} if stream else {}
    found = visit.ask("listContests", path, query={"limit": _ROWS}).data
    over = [one for one in found if one.state == "over"]
    facts = {
        "stream": stream,
        "after": after,
        "goals": [(goal, beside.filled(goal)) for goal in visit.ask("listGoals", path, query={"only_open": True}).data],
        "gifts": visit.ask("listCatalogue", query={"limit": 200}).data,
        "coming": visit.ask("listAnnouncements", path, query={"limit": _ROWS}).data,
        "questions": visit.ask("listQuestions", here, query={"answered": False, "limit": _ROWS}).data if stream else [],
        "words": visit.ask("listWordsToReview", path, query={"limit": _ROWS}).data,
        "rule": visit.ask("getCreatorWords", path),
        "contests": [one for one in found if one.state in _AHEAD] + over[:_PAST],
        "saved": visit.query.get("saved"),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("studio_live.html", facts, 200 if refused is None else forms.status(refused))


def _now(visit: Visit) -> Position:
    with visit.front.office.pool.connection() as connection:
        return position(connection, people.find(connection, visit.user).id)
