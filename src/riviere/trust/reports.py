"""Words that people reported: three different ones hold them until a moderator has looked."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from riviere.database.connection import Connection
from riviere.economy import checks, people
from riviere.trust import words
from riviere.trust.model import LONGEST_REASON, REPORTS_HOLD, Decision, NoReports
from riviere.trust.words import SQL, Words


class Place(NamedTuple):
    """Where reported words lie in the list: when they were first reported, the creator by our id, and the words."""

    at: datetime
    creator: int
    words: UUID


class Report(NamedTuple):
    """Who reported words, by the platform's own id, and what they find wrong."""

    reporter: str
    reason: str
    at: datetime


class Reported(NamedTuple):
    """Words with the reports that nobody has decided on, the first one first."""

    place: Place
    words: Words
    reports: Sequence[Report]


class Waiting(NamedTuple):
    """How many words have reports that nobody has decided on, and since when the first of them waits (None: none)."""

    many: int
    oldest: datetime | None


def report(connection: Connection, creator: int, written: UUID, reporter: int, reason: str, now: datetime) -> None:
    """Reports words; the second time it changes nothing. Raises UnknownWords and BadText."""
    checks.text(reason, "A reason", LONGEST_REASON)
    of = {"creator": creator, "words": written}
    with connection.transaction():
        reported, before = words.lock(connection, creator, written)
        connection.execute(SQL["report"], of | {"reporter": reporter, "reason": reason, "at": now})
        row = connection.execute(SQL["count_reports"], of).fetchone()
        assert row is not None
        if row[0] >= REPORTS_HOLD and before.standing in ("new", "shown"):
            words.decide(connection, reported, before, Decision("held", "reported"), "reports", now)


def waiting(connection: Connection) -> Waiting:
    """What waits for a moderator."""
    row = connection.execute(SQL["count_reported"]).fetchone()
    assert row is not None
    return Waiting(*row)


def listed(connection: Connection, after: Place | None, most: int) -> list[Reported]:
    """Up to `most` words with reports that nobody has decided on, those first that have waited longest.

    Words are read after the list: on a snapshot, so that none are erased meanwhile.
    """
    since, creator, last = after or (None, None, None)
    asked = {"at": since, "creator": creator, "words": last, "most": most}
    places = [Place(at, creator, one) for creator, one, at in connection.execute(SQL["page_reported"], asked)]
    reports = _reports(connection, [(place.creator, place.words) for place in places])
    return [
        Reported(place, words.find(connection, place.creator, place.words), reports[place.creator, place.words])
        for place in places
    ]


def find(connection: Connection, creator: int, written: UUID) -> Reported:
    """Reported words, by our id of the creator; on a snapshot, as above. Raises UnknownWords and NoReports."""
    found = words.find(connection, creator, written)
    reports = _reports(connection, [(creator, written)])[creator, written]
    if not reports:
        raise NoReports(id=written)
    return Reported(Place(reports[0].at, creator, written), found, reports)


def dismiss(connection: Connection, creator: int, written: UUID, by: str, now: datetime) -> Words:
    """Finds nothing wrong: the words are shown, unless something else speaks against it.

    Raises UnknownWords and NoReports.
    """
    return _close(connection, creator, written, "dismissed", by, now)


def uphold(connection: Connection, creator: int, written: UUID, by: str, now: datetime) -> Words:
    """Hides reported words, until a moderator shows them again. Raises UnknownWords and NoReports."""
    return _close(connection, creator, written, "upheld", by, now)


def _reports(connection: Connection, wanted: Sequence[tuple[int, UUID]]) -> dict[tuple[int, UUID], list[Report]]:
    """The open reports of words by creator and id."""
    asked = {"creators": [creator for creator, _ in wanted], "words": [one for _, one in wanted]}
    rows = connection.execute(SQL["read_reports"], asked).fetchall()
    names = people.names(connection, sorted({row[2] for row in rows}))
    found: dict[tuple[int, UUID], list[Report]] = defaultdict(list)
    for creator, one, reporter, reason, at in rows:
        found[creator, one].append(Report(names[reporter], reason, at))
    return found


def _close(connection: Connection, creator: int, written: UUID, outcome: str, by: str, now: datetime) -> Words:
    with connection.transaction():
        reported, before = words.lock(connection, creator, written)
        row = {"creator": creator, "words": written, "outcome": outcome, "at": now, "by": by}
        if not connection.execute(SQL["close_reports"], row).rowcount:
            raise NoReports(id=written)
        after = before
        if outcome == "upheld":
            after = Decision("hidden", "moderator")
        elif before.reason == "reported":
            after = Decision("shown", "approved")
        words.decide(connection, reported, before, after, by, now)
    return words.find(connection, creator, written)
