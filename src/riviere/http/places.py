"""Streams and posts over HTTP: opened, ended, listed. Who may see places at all may see every creator's."""

from typing import Final

from riviere.content import posters
from riviere.content.posters import BLANK, Poster
from riviere.database.connection import Connection
from riviere.economy import checks, people, places
from riviere.economy.places import Place
from riviere.http import cursors
from riviere.http.cursors import Instant, Number
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.wire.common import Page, Paged
from riviere.wire.places import AddPost, Post, SetPoster, StartStream, Stream

_LIVE: Final = Stream(creator="aurora", id="live", opened_at=EXAMPLE_TIME, ended_at=None, imported=False)
#: Streams that are live and listed. A platform with more has a better order for them than we do.
_MOST_LIVE: Final = 100

_WELCOME: Final = Post(creator="aurora", id="welcome", opened_at=EXAMPLE_TIME, imported=False, title="Hello")
_POSTER: Final = SetPoster(title="Paint with me", player="https://player.example.com/aurora")


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
    place, poster, status = _open(call, body.creator, places.STREAM, body.id)
    return Answered(_stream(body.creator, place, poster), status)


@operation(
    "GET",
    "/v1/streams",
    id="listLiveStreams",
    tag="Streams and posts",
    scope="places:read",
    answer=Page(data=[_LIVE]),
)
def list_live_streams(call: Call) -> Page[Stream]:
    """List the streams that are live, whosever they are: up to 100 of those that began last."""
    with call.reading() as connection:
        live = posters.live(connection, _MOST_LIVE)
        shown = posters.of(connection, [(one.creator, one.place) for one in live])
    return Page(
        data=[
            Stream(
                creator=one.name,
                id=one.stream,
                opened_at=one.opened_at,
                ended_at=None,
                imported=False,
                **_said(shown.get((one.creator, one.place), BLANK)),
            )
            for one in live
        ]
    )


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
        shown = posters.of(connection, [(row.creator, row.id) for row in rows])
    return cursors.page(
        rows,
        query.limit,
        lambda row: _stream(creator, row, shown.get((row.creator, row.id), BLANK)),
        lambda row: (row.opened_at, row.id),
    )


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
    return _stream(call.path["creator"], *_find(call, places.STREAM, "stream"))


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
        ended = places.end_stream(connection, call.office.signer, someone, stream, call.now)
        return _stream(creator, ended, _poster(connection, ended))


@operation(
    "PUT",
    "/v1/users/{creator}/streams/{stream}/poster",
    id="setStreamPoster",
    tag="Streams and posts",
    scope="posters:write",
    owner="creator",
    raises=(people.UnknownUser, places.UnknownPlace, checks.BadText, posters.BadPlayer),
    asked=_POSTER,
    answer=_LIVE,
)
def set_stream_poster(call: Call, body: SetPoster) -> Stream:
    """Say what a stream is called, and which player shows it.

    Pages show a picture of their own where there is no player. What is left out of the request is taken away.
    """
    return _stream(call.path["creator"], *_put_up(call, places.STREAM, "stream", body))


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
    place, poster, status = _open(call, body.creator, places.POST, body.id)
    return Answered(_post(body.creator, place, poster), status)


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
    return _post(call.path["creator"], *_find(call, places.POST, "post"))


@operation(
    "PUT",
    "/v1/users/{creator}/posts/{post}/poster",
    id="setPostPoster",
    tag="Streams and posts",
    scope="posters:write",
    owner="creator",
    raises=(people.UnknownUser, places.UnknownPlace, checks.BadText, posters.BadPlayer),
    asked=_POSTER,
    answer=_WELCOME,
)
def set_post_poster(call: Call, body: SetPoster) -> Post:
    """Say what a post is called, and which player shows it. What is left out of the request is taken away."""
    return _post(call.path["creator"], *_put_up(call, places.POST, "post", body))


def _open(call: Call, creator: str, kind: str, name: str) -> tuple[Place, Poster, int]:
    """The place, and the status that says whether it is new: then it was opened at the instant of this request."""
    with call.reading() as connection:
        someone = people.find(connection, creator).id
        place = places.open_place(connection, call.office.signer, someone, kind, name, call.now)
        return place, _poster(connection, place), 201 if place.opened_at == call.now else 200


def _find(call: Call, kind: str, parameter: str) -> tuple[Place, Poster]:
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        place = places.find(connection, creator, kind, call.path[parameter])
        return place, _poster(connection, place)


def _put_up(call: Call, kind: str, parameter: str, body: SetPoster) -> tuple[Place, Poster]:
    poster = Poster(body.title, body.player)
    place, _ = _find(call, kind, parameter)
    with call.reading() as connection:
        posters.put(connection, place.creator, place.id, poster)
    return place, poster


def _poster(connection: Connection, place: Place) -> Poster:
    return posters.of(connection, [(place.creator, place.id)]).get((place.creator, place.id), BLANK)


def _said(poster: Poster) -> dict[str, str | None]:
    return {"title": poster.title, "player": poster.player}


def _stream(creator: str, place: Place, poster: Poster) -> Stream:
    return Stream(
        creator=creator,
        id=place.external_id,
        opened_at=place.opened_at,
        ended_at=place.ended_at,
        imported=place.imported,
        **_said(poster),
    )


def _post(creator: str, place: Place, poster: Poster) -> Post:
    return Post(
        creator=creator, id=place.external_id, opened_at=place.opened_at, imported=place.imported, **_said(poster)
    )
