"""What people write: reported words that wait for a moderator, and the platform's word list."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from riviere.http.problems import NotFound
from riviere.pages.console.acts import ROWS, Sure, address, twice
from riviere.pages.forms import Wrong
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit
from riviere.trust import word_filter
from riviere.wire.words import ReportedWords, WrittenWords

#: What words are, by their standing and the reason for it, as it is said to people.
STANDINGS: Final = {
    ("shown", None): "shown",
    ("shown", "approved"): "shown, approved",
    ("held", "reported"): "held by reports",
    ("held", "filter"): "held by a word list",
    ("held", "review"): "held: the creator looks first",
    ("hidden", "creator"): "hidden by the creator",
    ("hidden", "moderator"): "hidden by a moderator",
    ("hidden", "blocked"): "hidden: the creator blocked the author",
}

#: Entries of a list that are named before it is replaced; of more it is said how many.
_NAMED: Final = 40

_FIELDS: Final = {word_filter.BadEntry: "entries", word_filter.TooManyEntries: "entries"}


class Act(NamedTuple):
    """What a moderator decides: the operation, what becomes of the words, and what cannot be taken back."""

    operation: str
    label: str
    then: Callable[[WrittenWords], str]
    warning: str
    done: str


def _dismissed(words: WrittenWords) -> str:
    if words.reason == "reported":
        return "Everybody who watches sees them again."
    if words.standing == "held":
        return "They stay held, as it was not the reports that held them, until the creator or a moderator has looked."
    if words.standing == "hidden":
        return "They stay hidden, as it was not the reports that hid them."
    return "They stay shown."


def _upheld(words: WrittenWords) -> str:
    gone = "They are taken away at once, also where they are on a screen." if words.standing == "shown" else ""
    return f"{gone} Nobody sees them any more, and the creator cannot show them.".strip()


ACTS: Final = {
    "dismiss": Act(
        "dismissReports",
        "Dismiss",
        _dismissed,
        "Who has reported them is not counted again, should they report them once more.",
        "Dismissed: the reports are closed.",
    ),
    "uphold": Act(
        "upholdReports",
        "Uphold",
        _upheld,
        "Only a moderator can show them again, by the API's approveWords.",
        "Upheld: nobody sees these words any more.",
    ),
}


@page("GET", "/console/reports", who="operator", scope="words:moderate")
def reports(visit: Visit) -> Shown:
    """Reported words, what has waited longest first."""
    return _reports(visit)


@page("POST", "/console/reports/{creator}/{written}/{act}", who="operator", scope="words:moderate")
def decide(visit: Visit) -> Shown | See:
    """Decide on reported words, once it was said what becomes of them."""
    chosen = ACTS.get(visit.path["act"])
    if chosen is None:
        raise NotFound
    wanted: Act = chosen
    written = {"creator": visit.path["creator"], "id": visit.path["written"]}

    def ask() -> Sure:
        one: ReportedWords = visit.ask("getReports", written)
        reasons = "; ".join(f"{row.reporter}: {row.reason}" for row in one.reports)
        lines = (
            ("Written", f"“{one.words.text}”"),
            ("By", one.words.author),
            ("To", one.creator),
            ("Reported", reasons),
            ("Now", standing(one.words)),
            ("Then", wanted.then(one.words)),
        )
        return Sure(f"{wanted.label} these reports?", lines, wanted.label, "/console/reports", wanted.warning)

    def do() -> str:
        visit.ask(wanted.operation, written)
        return f"/console/reports?done={visit.path['act']}"

    return twice(visit, ask, do, lambda wrong, status: _reports(visit, wrong, status))


@page("GET", "/console/words", who="operator", scope="words:moderate")
def word_list(visit: Visit) -> Shown:
    """The platform's word list."""
    return _list(visit)


@page("POST", "/console/words", who="operator", scope="words:moderate")
def replace(visit: Visit) -> Shown | See:
    """Put another list in the place of the platform's."""

    def ask() -> Sure:
        wanted, before = _entries(visit), visit.ask("getWordList").entries
        lines = (
            ("Entries", f"{len(wanted):,}, before {len(before):,}"),
            ("Added", _said([entry for entry in wanted if entry not in {*before}])),
            ("Removed", _said([entry for entry in before if entry not in {*wanted}])),
            ("From now on", "A text with one of these entries is held until the creator or a moderator has looked."),
            ("What is shown", "stays shown until somebody hides it."),
            ("What is held", "stays held until somebody has looked, also where its entry is removed."),
        )
        return Sure("Replace the word list?", lines, "Replace it", "/console/words")

    def do() -> str:
        visit.ask("replaceWordList", body={"entries": _entries(visit)})
        return "/console/words?done=replaced"

    return twice(visit, ask, do, lambda wrong, status: _list(visit, wrong, status), _FIELDS)


def standing(words: WrittenWords) -> str:
    """What words are just now, for people."""
    return STANDINGS.get((words.standing, words.reason), words.standing)


def _entries(visit: Visit) -> list[str]:
    """What was typed, one entry a line. Raises BadEntry, which names the entry, and TooManyEntries."""
    return word_filter.checked(line for line in visit.form.get("entries", "").splitlines() if line.strip())


def _said(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _NAMED:,} more" if len(entries) > _NAMED else ""
    return ", ".join(entries[:_NAMED]) + more if entries else "none"


def _reports(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    found = visit.ask("listReports", query={"limit": ROWS, "cursor": visit.query.get("cursor")})
    facts = {
        "found": [(one, address("reports", one.creator, one.words.id), standing(one.words)) for one in found.data],
        "next": found.next,
        "done": ACTS.get(visit.query.get("done", "")),
        "wrong": wrong,
    }
    return Shown("console/reports.html", facts, status)


def _list(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    kept = visit.ask("getWordList").entries
    facts = {
        "many": len(kept),
        "most": word_filter.MOST_ENTRIES,
        "text": visit.form.get("entries", "\n".join(kept)),
        "done": visit.query.get("done"),
        "wrong": wrong,
    }
    return Shown("console/words.html", facts, status)
