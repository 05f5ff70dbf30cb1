"""What lies beside a stream's picture: supporters, goals, a contest, questions, coming streams."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from riviere.audience import questions
from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.pages import forms
from riviere.pages.page import See, Shown, Told, page
from riviere.pages.visit import Visit
from riviere.wire.announcements import Announcement
from riviere.wire.contests import Contest
from riviere.wire.goals import Goal
from riviere.wire.places import Stream
from riviere.wire.spending import SpendingWindow

#: Rows of a board, questions and coming streams that a page shows.
_SUPPORTERS, _QUESTIONS, _COMING = 5, 20, 3

#: Newest streams among which the live one is looked for.
_STREAMS: Final = 20

#: Thousandths that a whole bar has.
_WHOLE: Final = 1000

#: Which field of the form for questions an error is said beside.
ASKED: Final = {questions.AskedJustNow: "text", checks.BadText: "text"}
#: The same of the form for reports.
REPORTED: Final[Mapping[type[RiviereError], str]] = {checks.BadText: "reason"}


def facts(visit: Visit, creator: str, stream: str | None) -> dict[str, Any]:
    """What a page shows of a creator beside a stream, or beside a post where `stream` is None."""
    found: list[Goal] = visit.ask("listGoals", {"creator": creator}, query={"only_open": True}).data
    goals = [goal for goal in found if goal.stream in (None, stream)]
    if stream is None:
        board = visit.ask("listSupporters", {"creator": creator}, query={"over": "day", "limit": _SUPPORTERS})
        asked = []
    else:
        place = {"creator": creator, "stream": stream}
        board = visit.ask("listStreamSupporters", place, query={"limit": _SUPPORTERS})
        asked = visit.ask("listQuestions", place, query={"answered": False, "limit": _QUESTIONS}).data
    contests: list[Contest] = visit.ask("listContests", {"creator": creator}, query={"limit": 5}).data
    return {
        "supporters": board.data,
        "goals": [(goal, filled(goal)) for goal in goals],
        "contest": next((one for one in contests if one.state == "running"), None),
        "questions": asked,
        "coming": _coming(visit, creator),
        "reminded": _reminded(visit),
    }


def live_stream(visit: Visit, creator: str) -> Stream | None:
    """The creator's stream that began last of those that are live; None where none of the newest is."""
    found: list[Stream] = visit.ask("listStreams", {"creator": creator}, query={"limit": _STREAMS}).data
    return next((stream for stream in found if stream.ended_at is None), None)


def spending(visit: Visit) -> SpendingWindow | None:
    """What the visitor spent today in the currency they have a limit in, or else one they paid in."""
    windows: list[SpendingWindow] = visit.ask("getSpending", {"user": visit.user}).windows
    days = [window for window in windows if window.span == "day"]
    return next((window for window in days if window.limit is not None), next(iter(days), None))


def filled(goal: Goal) -> int:
    """How much of a goal's bar is full, in thousandths."""
    return min(_WHOLE, int(Decimal(goal.progress) * _WHOLE / Decimal(goal.target)))


@page("POST", "/s/{creator}/{place}/questions", who="user")
def ask(visit: Visit) -> See | Told:
    """Ask the creator something."""
    path = {"creator": visit.path["creator"], "stream": visit.path["place"]}
    try:
        asked = visit.ask("askQuestion", path, body={"text": visit.form.get("text")}, key=visit.form.get("key", ""))
    except RiviereError as refused:
        if visit.wants_json:
            raise
        wrong = forms.wrong(refused, ASKED)
        return See(f"{_back(visit)}?asked={quote(wrong.said)}#questions")
    return Told(asked) if visit.wants_json else See(f"{_back(visit)}#questions")


@page("POST", "/s/{creator}/{place}/questions/{question}/voice", who="user")
def voice(visit: Visit) -> See | Told:
    """Want to know the same."""
    path = {"creator": visit.path["creator"], "id": visit.path["question"]}
    added = visit.ask("addVoice", path, body={})
    return Told(added) if visit.wants_json else See(f"{_back(visit)}#questions")


@page("GET", "/written/{creator}/{written}/report", who="user")
def look_at_report(visit: Visit) -> Shown:
    """Ask what is wrong with words or a question, where no script asks it."""
    return _report(visit)


@page("POST", "/written/{creator}/{written}/report", who="user")
def report(visit: Visit) -> Shown | See | Told:
    """Report words or a question, so that somebody looks at them."""
    path = {"creator": visit.path["creator"], "id": visit.path["written"]}
    try:
        visit.ask("reportWords", path, body={"reason": visit.form.get("reason")})
    except RiviereError as refused:
        wrong, status = forms.wrong(refused, REPORTED), forms.status(refused)
        return Told({"detail": wrong.said}, status) if visit.wants_json else _report(visit, wrong, status)
    back = forms.back(visit.form, _newest(visit)).partition("?")[0]
    return Told({"reported": True}) if visit.wants_json else See(f"{back}?reported=1")


@page("POST", "/reminders/{creator}/{announcement}", who="user")
def remind(visit: Visit) -> See:
    """Be reminded of a coming stream, or not any more."""
    path = {"user": visit.user, "creator": visit.path["creator"], "id": visit.path["announcement"]}
    visit.ask("askReminder" if visit.form.get("wanted") == "1" else "withdrawReminder", path)
    return See(f"{forms.back(visit.form, _newest(visit))}#coming")


def _report(visit: Visit, wrong: forms.Wrong | None = None, status: int = 200) -> Shown:
    creator, written = visit.path["creator"], visit.path["written"]
    try:
        question = visit.ask("getQuestion", {"creator": creator, "id": written})
    except questions.UnknownQuestion:
        question = None  # words beside a gift: only the feed tells what they say
    facts = {
        "creator": creator,
        "question": question,
        "here": f"/written/{quote(creator, safe='')}/{quote(written, safe='')}/report",
        "back": forms.back(visit.form or visit.query, _newest(visit)),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("report.html", facts, status)


def _newest(visit: Visit) -> str:
    return f"/s/{quote(visit.path['creator'], safe='')}"


def _coming(visit: Visit, creator: str) -> list[Announcement]:
    """The streams that come next."""
    found: list[Announcement] = visit.ask("listAnnouncements", {"creator": creator}, query={"limit": _COMING}).data
    return [one for one in found if one.cancelled_at is None]


def _reminded(visit: Visit) -> set[str]:
    """The announcements that the visitor is to be reminded of."""
    if visit.visitor is None or visit.principal.kind != "user":
        return set()
    return {one.id for one in visit.ask("listReminders", {"user": visit.user}).data}


def _back(visit: Visit) -> str:
    path: Mapping[str, str] = visit.path
    return f"/s/{quote(path['creator'], safe='')}/{quote(path['place'], safe='')}"
