"""What broadcasting software loads: an overlay's page at its secret address, its feed, and what it has shown.

A gift comes here over the creator's feed (`live/hub.py`). The page says which alerts it is about to show before it
shows them (`live/overlays`), so that none is shown again when it is loaded anew. A widget of the creator's own runs in
a frame at an address that is made from the secret and does not lead back to it.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, Final, cast

import msgspec

from riviere.http.dispatch import worked
from riviere.http.problems import InvalidBody
from riviere.live import reading
from riviere.live.overlays import keeping, model
from riviere.live.overlays.keeping import Opened
from riviere.live.overlays.model import FRESH, Code, Shown, UnknownOverlay
from riviere.live.overlays.telling import CLOSED
from riviere.live.position import BadPosition, Position
from riviere.pages import page as answers
from riviere.pages.beside import live_stream
from riviere.pages.page import Framed, Live, Told, page
from riviere.pages.visit import Visit

#: Entries and notices before now that the widget of combos begins with: the last step of one that still runs may be
#: among them, or that it is over.
_STANDING: Final = 200

#: The widgets that the page itself tells how things stand: of what led there they hear nothing.
_BOARDS: Final = ("goal", "supporters")

#: Rows of a board of supporters, as its events have them.
_BOARD: Final = 5

#: What a page hears last where its address holds no more.
_GONE: Final = b"event: gone\ndata: {}\n\n"

#: What a widget of a creator's own may do in its frame: run, look like something and be heard, with files from wherever
#: such widgets have theirs. It may ask nobody anything, and its origin is its own: no cookies, no storage, no parent.
_WIDGET_MAY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self' 'unsafe-inline' https:; "
    "style-src 'unsafe-inline' https:; img-src https: data:; media-src https: data:; font-src https: data:; "
    "connect-src 'none'; form-action 'none'; base-uri 'none'; frame-src 'none'; frame-ancestors 'self'"
)


@page("GET", "/o/{secret}", who="anyone", secret=True)
def overlay(visit: Visit) -> answers.Shown:
    """An overlay."""
    with visit.front.office.pool.connection() as connection:
        opened = keeping.opened(connection, visit.path["secret"])
        now = reading.position(connection, opened.overlay.creator)
        shown = keeping.was_shown(connection, opened.overlay)
        fields = keeping.code(connection, opened.overlay).fields if opened.overlay.widget == "custom" else ""
    one = opened.overlay
    begin = now if one.widget in _BOARDS else shown.begin(now)
    if one.widget == "combos":
        begin = Position(*(max(at - _STANDING, 0) for at in now))
    settings = {
        "widget": one.widget,
        "creator": opened.creator,
        "least": one.least,
        "seconds": one.seconds,
        "sound": one.sound,
        "changed": one.changed_at.isoformat(),
        "now": visit.now.isoformat(),
        "since": (visit.now - FRESH).isoformat(),
        "after": str(begin),
        "ahead": list(shown.ahead),
        "fieldData": model.values(fields),
        "standing": _standing(visit, opened),
    }
    frame = f"/o/{opened.ticket}/widget" if one.widget == "custom" else ""
    facts = {"settings": settings, "here": f"/o/{visit.path['secret']}", "frame": frame}
    return answers.Shown("overlay.html", facts, frames="'self'" if frame else "")


@page("GET", "/o/{secret}/feed", who="anyone", secret=True)
async def feed(visit: Visit) -> Live:
    """What happens around the creator, and what is for this overlay alone."""
    secret, front = visit.path["secret"], visit.front
    opened, after = await worked(front, partial(_begin, visit))
    one = opened.overlay
    messages = front.office.feed.follow(one.creator, None, after, overlay=one.id)
    return Live(_while_open(messages, lambda: worked(front, partial(_holds, visit, secret))))


@page("POST", "/o/{secret}/shown", who="anyone", secret=True)
def shown(visit: Visit) -> Told:
    """Keep what the page is about to show."""
    try:
        ahead = msgspec.json.decode(visit.form.get("ahead", "[]"), type=list[str])
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise InvalidBody(reason=str(wrong)) from None
    said = Shown(Position.read(visit.form.get("position", "")), ahead)
    with visit.front.office.pool.connection() as connection:
        now = keeping.showing(connection, keeping.opened(connection, visit.path["secret"]).overlay, said)
    return Told({"position": str(now.position)})


@page("GET", "/o/{secret}/widget", who="anyone", secret=True)
def widget(visit: Visit) -> Framed:
    """A creator's own widget, for the frame in its overlay. The secret here is the widget's ticket."""
    try:
        with visit.front.office.pool.connection() as connection:
            code = keeping.widget(connection, visit.path["secret"])
    except UnknownOverlay:
        # A frame that is refused is a page of the browser's, and would be seen.
        code = Code()
    return Framed("widget.html", _WIDGET_MAY, {"code": code})


def _standing(visit: Visit, opened: Opened) -> list[Any]:
    """How things stand for a widget that shows that: open goals, or a board of the live stream or else of the day.

    It is read behind the position at which the page's feed begins, so that no change is missed; one that is heard of
    though it is in here already comes to the same.
    """
    creator = {"creator": opened.creator}
    if opened.overlay.widget == "goal":
        goals: list[Any] = visit.ask("listGoals", creator, query={"only_open": True}).data
        return cast("list[Any]", msgspec.to_builtins(goals))
    if opened.overlay.widget != "supporters":
        return []
    stream = live_stream(visit, opened.creator)
    if stream is None:
        board = visit.ask("listSupporters", creator, query={"over": "day", "limit": _BOARD})
    else:
        board = visit.ask("listStreamSupporters", creator | {"stream": stream.id}, query={"limit": _BOARD})
    return cast("list[Any]", msgspec.to_builtins(board.data))


def _begin(visit: Visit) -> tuple[Opened, Position]:
    """The overlay, and where its feed begins: always at a position, so that nothing since then is passed by."""
    with visit.front.office.pool.connection() as connection:
        opened = keeping.opened(connection, visit.path["secret"])
        now = reading.position(connection, opened.overlay.creator)
        said = visit.query.get("after")
        after = keeping.was_shown(connection, opened.overlay).begin(now) if said is None else Position.read(said)
        if not now.covers(after):
            raise BadPosition(got=str(after))
        return opened, after


def _holds(visit: Visit, secret: str) -> bool:
    with visit.front.office.pool.connection() as connection:
        try:
            keeping.opened(connection, secret)
        except UnknownOverlay:
            return False
        return True


async def _while_open(messages: AsyncIterator[bytes], holds: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """The messages, until one says that an address of this overlay holds no more and it is ours.

    The notice of it is behind the position at which this feed began: the address held then.
    """
    async with aclosing(cast("AsyncGenerator[bytes, None]", messages)) as coming:
        async for message in coming:
            if CLOSED in message and not await holds():
                yield _GONE
                return
            yield message
