"""Streams and posts over HTTP: opened, ended, listed. Who may see places at all may see every creator's."""

from typing import Final

from riviere.economy import checks, people, places
from riviere.economy.places import Place
from riviere.http import cursors
from riviere.http.cursors import Instant, Number
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.wire.common import Page, Paged
from riviere.wire.places import AddPost, Post, StartStream, Stream

_LIVE: Final = Stream(creator="aurora", id="live", opened_at=EXAMPLE_TIME, ended_at=None, imported=False)
_WELCOME: Final = Post(creator="aurora", id="welcome", opened_at=EXAMPLE_TIME, imported=False)


@operation(
    "POST",
    "/v1/streams",
    id="startStream",
    tag="Streams and posts",
    scope="places:write",
    status=201,
    again=200,
    raises=(people.UnknownUser, checks.BadText),
    asked=StartStream(creator="aurora", id="live"),
    answer=_LIVE,
)
def start_stream(call: Call, body: StartStream) -> Answered[Stream]:
    """Start a stream of a creator.

    One that is there already is answered as it is, with 200: also one that has ended, which stays so. Start another
    one under a new id.
    """
    place, status = _open(call, body.creator, places.STREAM, body.id)
    return Answered(_stream(body.creator, place), status)


@operation(
    "GET",
    "/v1/users/{creator}/streams",
    id="listStreams",
    tag="Streams and posts",
    scope="places:read",
    raises=(people.UnknownUser,),
    answer=Page(data=[_LIVE]),
)
def list_streams(call: Call, query: Paged) -> Page[Stream]:
    """List a creator's streams, the latest first."""
    creator = call.path["creator"]
    before = cursors.read(query.cursor, tuple[Instant, Number])
    with call.reading() as connection:
        rows = places.streams(connection, people.find(connection, creator).id, before, query.limit + 1)
    return cursors.page(rows, query.limit, lambda row: _stream(creator, row), lambda row: (row.opened_at, row.id))


@operation(
    "GET",
    "/v1/users/{creator}/streams/{stream}",
    id="getStream",
    tag="Streams and posts",
    scope="places:read",
    raises=(people.UnknownUser, places.UnknownPlace),
    answer=_LIVE,
)
def get_stream(call: Call) -> Stream:
    """Get a stream: whether it is live."""
    return _stream(call.path["creator"], _find(call, places.STREAM, "stream"))


@operation(
    "POST",
    "/v1/users/{creator}/streams/{stream}/end",
    id="endStream",
    tag="Streams and posts",
    scope="places:write",
    owner="creator",
    raises=(people.UnknownUser, places.UnknownPlace),
    answer=Stream(creator="aurora", id="live", opened_at=EXAMPLE_TIME, ended_at=EXAMPLE_TIME, imported=False),
)
def end_stream(call: Call) -> Stream:
    """End a stream: gifts to it are refused from now on.

    One that has ended keeps its end, so the request may be sent again.
    """
    creator, stream = call.path["creator"], call.path["stream"]
    with call.reading() as connection:
        someone = people.find(connection, creator).id
        return _stream(creator, places.end_stream(connection, call.office.signer, someone, stream, call.now))


@operation(
    "POST",
    "/v1/posts",
    id="addPost",
    tag="Streams and posts",
    scope="places:write",
    status=201,
    again=200,
    raises=(people.UnknownUser, checks.BadText),
    asked=AddPost(creator="aurora", id="welcome"),
    answer=_WELCOME,
)
def add_post(call: Call, body: AddPost) -> Answered[Post]:
    """Put up a post of a creator.

    One that is there already is answered as it is, with 200.
    """
    place, status = _open(call, body.creator, places.POST, body.id)
    return Answered(_post(body.creator, place), status)


@operation(
    "GET",
    "/v1/users/{creator}/posts/{post}",
    id="getPost",
    tag="Streams and posts",
    scope="places:read",
    raises=(people.UnknownUser, places.UnknownPlace),
    answer=_WELCOME,
)
def get_post(call: Call) -> Post:
    """Get a post: since when it is up."""
    return _post(call.path["creator"], _find(call, places.POST, "post"))


def _open(call: Call, creator: str, kind: str, name: str) -> tuple[Place, int]:
    """The place, and the status that says whether it is new: then it was opened at the instant of this request."""
    with call.reading() as connection:
        someone = people.find(connection, creator).id
        place = places.open_place(connection, call.office.signer, someone, kind, name, call.now)
    return place, 201 if place.opened_at == call.now else 200


def _find(call: Call, kind: str, parameter: str) -> Place:
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        return places.find(connection, creator, kind, call.path[parameter])


def _stream(creator: str, place: Place) -> Stream:
    return Stream(
        creator=creator,
        id=place.external_id,
        opened_at=place.opened_at,
        ended_at=place.ended_at,
        imported=place.imported,
    )


def _post(creator: str, place: Place) -> Post:
    return Post(creator=creator, id=place.external_id, opened_at=place.opened_at, imported=place.imported)
