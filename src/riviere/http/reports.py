"""Reports over HTTP: anybody reports words, moderators decide."""

from typing import Final, NamedTuple
from uuid import UUID

from riviere.database.connection import snapshot
from riviere.economy import checks, people
from riviere.http import cursors
from riviere.http.acting import NoActor, acting
from riviere.http.cursors import Instant, Number
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.http.words import EXAMPLE, named, shown
from riviere.trust import reports
from riviere.trust.model import NoReports, UnknownWords
from riviere.wire.common import Page, Paged
from riviere.wire.words import Report, ReportedWords, ReportsWaiting, ReportWords, WrittenWords

_REPORTED: Final = ReportedWords(
    creator="aurora",
    since=EXAMPLE_TIME,
    words=EXAMPLE,
    reports=[Report(reporter="jo", reason="insults me", at=EXAMPLE_TIME)],
)


@operation(
    "POST",
    "/v1/users/{creator}/written/{id}/report",
    id="reportWords",
    tag="Words",
    scope="words:write",
    status=204,
    raises=(people.UnknownUser, UnknownWords, checks.BadText, NoActor),
    asked=ReportWords(reason="insults me", reporter="jo"),
)
def report_words(call: Call, body: ReportWords) -> None:
    """Report words, or a question, for what is wrong with them.

    Each user's report counts once, however often it is sent. Those of three different people hold the words until a
    moderator has looked at them.
    """
    with call.reading() as connection:
        creator, written = named(connection, call)
        reporter = people.find(connection, acting(call, body.reporter, "reporter")).id
        reports.report(connection, creator, written, reporter, body.reason, call.now)


@operation(
    "GET",
    "/v1/reports",
    id="listReports",
    tag="Words",
    scope="words:moderate",
    answer=Page(data=[_REPORTED]),
)
def list_reports(call: Call, query: Paged) -> Page[ReportedWords]:
    """List words of all creators with reports that nobody has decided on; what has waited longest comes first."""
    after = cursors.read(query.cursor, _Place)
    with call.reading() as connection, snapshot(connection):
        found = reports.listed(connection, after and reports.Place(*after), query.limit + 1)
    return cursors.page(found, query.limit, _reported, lambda one: one.place)


@operation(
    "GET",
    "/v1/reports/waiting",
    id="countReports",
    tag="Words",
    scope="words:moderate",
    answer=ReportsWaiting(many=3, oldest=EXAMPLE_TIME),
)
def count_reports(call: Call) -> ReportsWaiting:
    """Count the words of all creators with reports that nobody has decided on."""
    with call.reading() as connection:
        found = reports.waiting(connection)
    return ReportsWaiting(many=found.many, oldest=found.oldest)


@operation(
    "GET",
    "/v1/users/{creator}/written/{id}/reports",
    id="getReports",
    tag="Words",
    scope="words:moderate",
    raises=(people.UnknownUser, UnknownWords, NoReports),
    answer=_REPORTED,
)
def get_reports(call: Call) -> ReportedWords:
    """Get reported words that nobody has decided on, with who reported them and why."""
    with call.reading() as connection, snapshot(connection):
        return _reported(reports.find(connection, *named(connection, call)))


@operation(
    "POST",
    "/v1/users/{creator}/written/{id}/dismiss",
    id="dismissReports",
    tag="Words",
    scope="words:moderate",
    raises=(people.UnknownUser, UnknownWords, NoReports),
    answer=EXAMPLE,
)
def dismiss_reports(call: Call) -> WrittenWords:
    """Find nothing wrong with reported words: they are shown again, unless something else held or hid them."""
    with call.reading() as connection:
        return shown(reports.dismiss(connection, *named(connection, call), call.actor, call.now))


@operation(
    "POST",
    "/v1/users/{creator}/written/{id}/uphold",
    id="upholdReports",
    tag="Words",
    scope="words:moderate",
    raises=(people.UnknownUser, UnknownWords, NoReports),
    answer=EXAMPLE,
)
def uphold_reports(call: Call) -> WrittenWords:
    """Hide reported words; only a moderator can show them again."""
    with call.reading() as connection:
        return shown(reports.uphold(connection, *named(connection, call), call.actor, call.now))


class _Place(NamedTuple):
    at: Instant
    creator: Number
    words: UUID


def _reported(one: reports.Reported) -> ReportedWords:
    return ReportedWords(
        creator=one.words.where.creator,
        since=one.place.at,
        words=shown(one.words),
        reports=[Report(reporter=row.reporter, reason=row.reason, at=row.at) for row in one.reports],
    )
