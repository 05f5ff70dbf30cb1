"""Streams and posts, where gifts land."""

from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.common import Page, Paged
from riviere.wire.places import AddPost, Post, SetPoster, StartStream, Stream


class PlaceCalls:
    """Streams and posts."""

    @asked
    def start_stream(self, stream: StartStream) -> Call[Stream]:
        """Start a stream; one that is there already is answered as it is, also where it has ended."""
        return Call("POST", "/v1/streams", Stream, stream, once=True)

    @listed
    def list_live_streams(self) -> Call[Page[Stream]]:
        """The streams that are live, up to 100 of those that began last."""
        return Call("GET", "/v1/streams", Page[Stream])

    @listed
    def list_streams(self, creator: str, query: Paged | None = None) -> Call[Page[Stream]]:
        """A creator's streams, the latest first."""
        return Call("GET", path("/v1/users/{creator}/streams", creator=creator), Page[Stream], query=fields(query))

    @asked
    def get_stream(self, creator: str, stream: str) -> Call[Stream]:
        """A stream: whether it is live."""
        return Call("GET", path("/v1/users/{creator}/streams/{stream}", creator=creator, stream=stream), Stream)

    @asked
    def end_stream(self, creator: str, stream: str) -> Call[Stream]:
        """End a stream: gifts to it are refused from now on."""
        ending = path("/v1/users/{creator}/streams/{stream}/end", creator=creator, stream=stream)
        return Call("POST", ending, Stream, once=True)

    @asked
    def set_stream_poster(self, creator: str, stream: str, poster: SetPoster) -> Call[Stream]:
        """What a stream is called, and which player shows it."""
        there = path("/v1/users/{creator}/streams/{stream}/poster", creator=creator, stream=stream)
        return Call("PUT", there, Stream, poster, once=True)

    @asked
    def add_post(self, post: AddPost) -> Call[Post]:
        """Put up a post; one that is there already is answered as it is."""
        return Call("POST", "/v1/posts", Post, post, once=True)

    @asked
    def get_post(self, creator: str, post: str) -> Call[Post]:
        """A post: since when it is up."""
        return Call("GET", path("/v1/users/{creator}/posts/{post}", creator=creator, post=post), Post)

    @asked
    def set_post_poster(self, creator: str, post: str, poster: SetPoster) -> Call[Post]:
        """What a post is called, and which player shows it."""
        there = path("/v1/users/{creator}/posts/{post}/poster", creator=creator, post=post)
        return Call("PUT", there, Post, poster, once=True)
