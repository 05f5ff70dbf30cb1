"""Announcements over HTTP: coming streams, changed and cancelled, and who wants to be reminded of them."""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from riviere.audience import announcements
from riviere.audience.announcements import AnnouncementOver, BadStart, UnknownAnnouncement
from riviere.clock import BadTime
from riviere.database.connection import Connection
from riviere.economy import checks, people
from riviere.http import cursors
from riviere.http.cursors import Instant
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.ledger.refusals import KeyReused
from riviere.wire.announcements import Announcement, AnnounceStream, ChangeAnnouncement
from riviere.wire.common import Page, Paged

_MADE: Final = Announcement(
    id="5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10",
    creator="aurora",
    title="Night of requests",
    text="",
    starts_at=EXAMPLE_TIME.replace(day=1, month=2),
    made_at=EXAMPLE_TIME,
    cancelled_at=None,
    reminded_at=None,
    reminders=12,
)


@operation(
    "POST",
    "/v1/users/{creator}/announcements",
    id="announceStream",
    tag="Announcements",
    scope="announcements:write",
    owner="creator",
    keyed=True,
    status=201,
    again=200,
    raises=(people.UnknownUser, checks.BadText, BadTime, BadStart, KeyReused),
    asked=AnnounceStream(title="Night of requests", starts_at=_MADE.starts_at),
    answer=_MADE,
)
def announce_stream(call: Call, body: AnnounceStream) -> Answered[Announcement]:
    """Announce a coming stream.

    Ten minutes before it begins the platform's servers are told whom to remind (`reminder.due`), and the creator's feed
    says so. It does not start the stream.
    """
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        what = (body.title, body.text, body.starts_at)
        made, again = announcements.announce(connection, creator, *what, call.key, call.now)
    return Answered(_announcement(made), 200 if again else 201)


@operation(
    "GET",
    "/v1/users/{creator}/announcements",
    id="listAnnouncements",
    tag="Announcements",
    scope="announcements:read",
    raises=(people.UnknownUser,),
    answer=Page(data=[_MADE]),
)
def list_announcements(call: Call, query: Paged) -> Page[Announcement]:
    """List a creator's coming streams, the next one first."""
    after = cursors.read(query.cursor, tuple[Instant, UUID])
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        found = announcements.listed(connection, creator, after, query.limit + 1, call.now)
    return cursors.page(found, query.limit, _announcement, lambda one: (one.starts_at, one.id))


@operation(
    "GET",
    "/v1/users/{creator}/announcements/{id}",
    id="getAnnouncement",
    tag="Announcements",
    scope="announcements:read",
    raises=(people.UnknownUser, UnknownAnnouncement),
    answer=_MADE,
)
def get_announcement(call: Call) -> Announcement:
    """Get an announcement: when it begins, and how many want to be reminded."""
    with call.reading() as connection:
        return _announcement(announcements.find(connection, *_named(connection, call)))


@operation(
    "PATCH",
    "/v1/users/{creator}/announcements/{id}",
    id="changeAnnouncement",
    tag="Announcements",
    scope="announcements:write",
    owner="creator",
    raises=(people.UnknownUser, UnknownAnnouncement, AnnouncementOver, checks.BadText, BadTime, BadStart),
    asked=ChangeAnnouncement(title="Night of requests"),
    answer=_MADE,
)
def change_announcement(call: Call, body: ChangeAnnouncement) -> Announcement:
    """Change an announcement's title, text or start. What is left out stays; who waits for it waits on."""
    given = {name: value for name in ("title", "text", "starts_at") if (value := getattr(body, name)) is not UNSET}
    with call.reading() as connection:
        named = _named(connection, call)
        return _announcement(announcements.change(connection, *named, call.now, **given))


@operation(
    "POST",
    "/v1/users/{creator}/announcements/{id}/cancel",
    id="cancelAnnouncement",
    tag="Announcements",
    scope="announcements:write",
    owner="creator",
    raises=(people.UnknownUser, UnknownAnnouncement, AnnouncementOver),
    answer=msgspec.structs.replace(_MADE, cancelled_at=EXAMPLE_TIME),
)
def cancel_announcement(call: Call) -> Announcement:
    """Cancel a coming stream: nobody is reminded of it. It may be sent again."""
    with call.reading() as connection:
        return _announcement(announcements.cancel(connection, *_named(connection, call), call.now))


@operation(
    "GET",
    "/v1/users/{user}/reminders",
    id="listReminders",
    tag="Announcements",
    scope="announcements:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=Page(data=[_MADE]),
)
def list_reminders(call: Call, query: Paged) -> Page[Announcement]:
    """List the coming streams that a viewer is to be reminded of, the next one first."""
    after = cursors.read(query.cursor, tuple[Instant, UUID])
    with call.reading() as connection:
        viewer = people.find(connection, call.path["user"]).id
        found = announcements.awaited(connection, viewer, after, query.limit + 1, call.now)
    return cursors.page(found, query.limit, _announcement, lambda one: (one.starts_at, one.id))


@operation(
    "PUT",
    "/v1/users/{user}/reminders/{creator}/{id}",
    id="askReminder",
    tag="Announcements",
    scope="announcements:write",
    owner="user",
    status=204,
    raises=(people.UnknownUser, UnknownAnnouncement, AnnouncementOver),
)
def ask_reminder(call: Call) -> None:
    """Remind a viewer of a creator's coming stream, ten minutes before it begins. It may be sent again."""
    with call.reading() as connection:
        viewer = people.find(connection, call.path["user"]).id
        announcements.ask_reminder(connection, *_named(connection, call), viewer, call.now)


@operation(
    "DELETE",
    "/v1/users/{user}/reminders/{creator}/{id}",
    id="withdrawReminder",
    tag="Announcements",
    scope="announcements:write",
    owner="user",
    status=204,
    raises=(people.UnknownUser, UnknownAnnouncement),
)
def withdraw_reminder(call: Call) -> None:
    """Do not remind a viewer any more. Nothing happens where they had not asked."""
    with call.reading() as connection:
        viewer = people.find(connection, call.path["user"]).id
        announcements.withdraw_reminder(connection, *_named(connection, call), viewer)


def _named(connection: Connection, call: Call) -> tuple[int, UUID]:
    creator = people.find(connection, call.path["creator"]).id
    try:
        return creator, UUID(call.path["id"])
    except ValueError:
        raise UnknownAnnouncement(id=repr(call.path["id"])[:60]) from None


def _announcement(one: announcements.Announcement) -> Announcement:
    return Announcement(**msgspec.structs.asdict(one) | {"id": str(one.id)})
