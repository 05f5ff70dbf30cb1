"""The live feed over HTTP, as server-sent events: the way of a gift from the journal to everyone who watches ends here.

What is sent is made in `live/hub.py`, once for all who follow the same feed.
"""

from collections.abc import AsyncIterator
from typing import Final, cast

from riviere.economy import people, places
from riviere.http.dispatch import worked
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.live import reading
from riviere.live.position import BadPosition, Position
from riviere.wire.feed import EVENT_STREAM, FeedQuery, Frame, GiftSent, ShownWords

#: A proxy that gathers answers before it hands them on would keep what is live to itself (nginx asks for this header).
_AT_ONCE: Final = {"X-Accel-Buffering": "no"}

_FRAME: Final = Frame(
    after="116.7",
    events=[
        GiftSent(
            id="f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11",
            at=EXAMPLE_TIME,
            sender="mira",
            gift="rose",
            name="Rose",
            count=3,
            coins=3,
            diamonds="1.5",
            stream="live",
            words=ShownWords(id="5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10", text="bravo"),
        )
    ],
)


@operation(
    "GET",
    "/v1/users/{creator}/streams/{stream}/feed",
    id="followStream",
    tag="Live",
    scope="feed:read",
    raises=(people.UnknownUser, places.UnknownPlace, BadPosition),
    answer=_FRAME,
    gives=EVENT_STREAM,
)
async def follow_stream(call: Call, query: FeedQuery) -> Answered[AsyncIterator[Frame]]:
    """Follow a stream: gifts, words, combos, questions, its beginning and its end, as they happen.

    Server-sent events. Each message has what happened since the one before, in order, and `after` names the `id` of
    that one, so nothing can be missing unseen. After a break go on with `Last-Event-ID`, as browsers do by themselves:
    on the same server or another one, however long it was. A gift is told once it is durable, within a moment, with its
    words if they may be shown: `words.shown` brings others later, `words.withheld` takes some back. A line
    with a colon only says that the feed is still there. Who reads too slowly is let go, and comes back where they were.
    """
    return await _follow(call, query, places.STREAM, call.path["stream"])


@operation(
    "GET",
    "/v1/users/{creator}/posts/{post}/feed",
    id="followPost",
    tag="Live",
    scope="feed:read",
    raises=(people.UnknownUser, places.UnknownPlace, BadPosition),
    answer=_FRAME,
    gives=EVENT_STREAM,
)
async def follow_post(call: Call, query: FeedQuery) -> Answered[AsyncIterator[Frame]]:
    """Follow a post: gifts and combos, as they happen. As the feed of a stream, which says more."""
    return await _follow(call, query, places.POST, call.path["post"])


@operation(
    "GET",
    "/v1/users/{creator}/feed",
    id="followCreator",
    tag="Live",
    scope="feed:read",
    raises=(people.UnknownUser, BadPosition),
    answer=_FRAME,
    gives=EVENT_STREAM,
)
async def follow_creator(call: Call, query: FeedQuery) -> Answered[AsyncIterator[Frame]]:
    """Follow a creator: what happens in all of their streams and posts, as it happens.

    As the feed of a stream, and the streams that the creator announces; each other event names its stream or post.
    """
    return await _follow(call, query)


async def _follow(
    call: Call, query: FeedQuery, kind: str | None = None, name: str = ""
) -> Answered[AsyncIterator[Frame]]:
    after = None if query.after is None else Position.read(query.after)

    def find() -> tuple[int, int | None]:
        with call.reading() as connection:
            creator = people.find(connection, call.path["creator"]).id
            place = None if kind is None else places.find(connection, creator, kind, name).id
            if after is not None and not reading.position(connection, creator).covers(after):
                raise BadPosition(got=str(after))
            return creator, place

    creator, place = await worked(call.front, find)
    messages = call.office.feed.follow(creator, place, after)
    return Answered(cast("AsyncIterator[Frame]", messages), headers=_AT_ONCE)
