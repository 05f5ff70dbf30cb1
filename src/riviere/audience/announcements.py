"""Streams announced ahead, and who wants to be reminded of them.

Ten minutes before a stream begins its reminders go out, once: the platform's servers are told of each viewer
(`reminder.due`), who follows the creator live sees it in the feed. Connections are in autocommit; a function that
writes opens its own transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from riviere import clock, notices, outbox
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks, people
from riviere.errors import RiviereError
from riviere.ids import client_id, request_digest, system_id
from riviere.ledger.refusals import KeyReused

SQL = load("riviere.audience")

LONGEST_TITLE: Final = 100
LONGEST_TEXT: Final = 1_000

#: How far ahead a stream may be announced, and how long before it begins its reminders go out.
FARTHEST: Final = timedelta(days=365)
AHEAD: Final = timedelta(minutes=10)

#: How long a stream that should have begun is still listed.
_STILL_LISTED: Final = timedelta(hours=1)

#: Viewers whom one transaction tells of, and bytes of their names in one event.
_AT_ONCE: Final = 500
_NAMES: Final = outbox.LARGEST_DATA - 3_500


class UnknownAnnouncement(RiviereError):
    """This creator has announced nothing under {id}; correct the id."""

    code = "unknown_announcement"


class AnnouncementOver(RiviereError):
    """The announcement {id} was cancelled, or its reminders have gone out: nothing changes about it any more."""

    code = "announcement_over"


class BadStart(RiviereError):
    """A stream is announced for a time to come, at most a year ahead, not for {got}."""

    code = "bad_start"


class Announcement(msgspec.Struct, frozen=True):
    """A coming stream. `reminders` counts who wants to be reminded, `reminded_at` says when they were."""

    id: UUID
    creator: str
    title: str
    text: str
    starts_at: datetime
    made_at: datetime
    cancelled_at: datetime | None
    reminded_at: datetime | None
    reminders: int


class ReminderDue(msgspec.Struct, frozen=True):
    """reminder.due: tell these viewers that the stream begins soon. Many viewers come in several events."""

    creator: str
    announcement: UUID
    title: str
    starts_at: datetime
    viewers: list[str]


def announce(
    connection: Connection, creator: int, title: str, text: str, starts_at: datetime, key: str, now: datetime
) -> tuple[Announcement, bool]:
    """Announces a stream; answers it, and whether it stood under this key before.

    Raises BadText, BadTime, BadStart, BadKey or KeyReused.
    """
    one = system_id("announcement", creator, client_id(key))
    request = request_digest("announcement", title, text, starts_at.isoformat())
    with connection.transaction():
        known = _lock(connection, creator, one)
        if known is None:
            fields = _checked(title, text, starts_at, now)
            row = {"creator": creator, "id": one, "request": request, "at": now}
            if connection.execute(SQL["add_announcement"], row | fields).rowcount:
                notices.put(connection, creator, None, notices.ANNOUNCEMENT_MADE, {"ids": [one]}, now)
        elif known["request"] != request:
            raise KeyReused
    return find(connection, creator, one), known is not None


def find(connection: Connection, creator: int, announcement: UUID) -> Announcement:
    """Raises UnknownAnnouncement."""
    found = _read(connection, creator, [announcement])
    if not found:
        raise UnknownAnnouncement(id=announcement)
    return found[0]


def listed(
    connection: Connection, creator: int, after: tuple[datetime, UUID] | None, most: int, now: datetime
) -> list[Announcement]:
    """Up to `most` coming streams of a creator, the next one first, behind the given one."""
    at, last = after or (None, None)
    asked = {"creator": creator, "since": now - _STILL_LISTED, "at": at, "id": last, "most": most}
    rows = connection.execute(SQL["page_announcements"], asked).fetchall()
    return _read(connection, creator, [row[0] for row in rows])


def change(
    connection: Connection,
    creator: int,
    announcement: UUID,
    now: datetime,
    *,
    title: str | None = None,
    text: str | None = None,
    starts_at: datetime | None = None,
) -> Announcement:
    """Changes what is not None. Raises UnknownAnnouncement, AnnouncementOver, BadText, BadTime or BadStart."""
    with connection.transaction():
        before = _open(connection, creator, announcement)
        fields = _checked(
            before["title"] if title is None else title,
            before["body"] if text is None else text,
            before["starts_at"] if starts_at is None else starts_at,
            now,
        )
        if fields != {name: before[name] for name in fields}:
            connection.execute(SQL["change_announcement"], {"creator": creator, "id": announcement} | fields)
            notices.put(connection, creator, None, notices.ANNOUNCEMENT_CHANGED, {"ids": [announcement]}, now)
    return find(connection, creator, announcement)


def cancel(connection: Connection, creator: int, announcement: UUID, now: datetime) -> Announcement:
    """Cancels a coming stream: nobody is reminded. The second time it does nothing.

    Raises UnknownAnnouncement, and AnnouncementOver where the reminders have gone out.
    """
    with connection.transaction():
        row = _lock(connection, creator, announcement)
        if row is None or row["cancelled_at"] is None:
            _open(connection, creator, announcement)
            connection.execute(SQL["cancel_announcement"], {"creator": creator, "id": announcement, "at": now})
            notices.put(connection, creator, None, notices.ANNOUNCEMENT_CANCELLED, {"ids": [announcement]}, now)
    return find(connection, creator, announcement)


def ask_reminder(connection: Connection, creator: int, announcement: UUID, viewer: int, now: datetime) -> None:
    """Reminds a viewer when it is time; the second time it does nothing.

    Raises UnknownAnnouncement and AnnouncementOver.
    """
    with connection.transaction():
        _open(connection, creator, announcement)
        row = {"creator": creator, "id": announcement, "viewer": viewer, "at": now}
        connection.execute(SQL["add_reminder"], row)


def withdraw_reminder(connection: Connection, creator: int, announcement: UUID, viewer: int) -> None:
    """Does not remind a viewer any more; nothing happens where they had not asked."""
    connection.execute(SQL["withdraw_reminder"], {"creator": creator, "id": announcement, "viewer": viewer})


def awaited(
    connection: Connection, viewer: int, after: tuple[datetime, UUID] | None, most: int, now: datetime
) -> list[Announcement]:
    """Up to `most` coming streams that a viewer is to be reminded of, the next one first, behind the given one."""
    at, last = after or (None, None)
    asked = {"viewer": viewer, "since": now - _STILL_LISTED, "at": at, "id": last, "most": most}
    rows = connection.execute(SQL["page_reminders"], asked).fetchall()
    return [find(connection, creator, announcement) for creator, announcement in rows]


def remind_due(connection: Connection, now: datetime) -> int:
    """Sends out the reminders that are due; answers to how many viewers.

    Any server may do this at any time: who is told is noted in the transaction that tells.
    """
    told = 0
    while True:
        with connection.transaction():
            due = connection.execute(SQL["next_due"], {"until": now + AHEAD}).fetchone()
            if due is None:
                return told
            creator, announcement, title, starts_at = due
            what = {"creator": creator, "id": announcement, "at": now}
            rows = connection.execute(SQL["tell_viewers"], what | {"most": _AT_ONCE}).fetchall()
            names = people.names(connection, [creator, *(viewer for (viewer,) in rows)])
            subject = f"announcement/{announcement}"
            for viewers in _parted(sorted(names[viewer] for (viewer,) in rows)):
                data = ReminderDue(names[creator], announcement, title, starts_at, viewers)
                outbox.put(connection, "reminder.due", subject, data, now)
            if len(rows) < _AT_ONCE:
                connection.execute(SQL["all_told"], what)
                notices.put(connection, creator, None, notices.ANNOUNCEMENT_DUE, {"ids": [announcement]}, now)
        told += len(rows)


def _parted(names: Iterable[str]) -> Iterator[list[str]]:
    """Names in lists that each fit into one event."""
    some: list[str] = []
    filled = 0
    for name in names:
        size = len(msgspec.json.encode(name)) + 1
        if some and filled + size > _NAMES:
            yield some
            some, filled = [], 0
        some.append(name)
        filled += size
    if some:
        yield some


def _checked(title: str, text: str, starts_at: datetime, now: datetime) -> dict[str, Any]:
    checks.text(title, "A title", LONGEST_TITLE)
    if text:
        checks.text(text, "The text of an announcement", LONGEST_TEXT)
    begin = clock.instant(starts_at, "The start")
    if not now < begin <= now + FARTHEST:
        raise BadStart(got=begin.isoformat())
    return {"title": title, "body": text, "starts_at": begin}


def _lock(connection: Connection, creator: int, announcement: UUID) -> dict[str, Any] | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["lock_announcement"], {"creator": creator, "id": announcement}).fetchone()


def _open(connection: Connection, creator: int, announcement: UUID) -> dict[str, Any]:
    """An announcement that may still change, locked. Raises UnknownAnnouncement and AnnouncementOver."""
    row = _lock(connection, creator, announcement)
    if row is None:
        raise UnknownAnnouncement(id=announcement)
    if row["cancelled_at"] is not None or row["reminded_at"] is not None:
        raise AnnouncementOver(id=announcement)
    return row


def _read(connection: Connection, creator: int, ids: Sequence[UUID]) -> list[Announcement]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["read_announcements"], {"creator": creator, "ids": [*ids]}).fetchall()
    name = people.names(connection, [creator])[creator]
    return [Announcement(**row | {"creator": name}) for row in rows]
