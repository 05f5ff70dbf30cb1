"""What happens live."""

from riviere.client.call import Call, fields, path
from riviere.client.methods import followed
from riviere.wire.feed import FeedQuery, Frame


class FeedCalls:
    """Feeds of streams and creators. What is followed has no end: leave off iterating."""

    @followed
    def follow_stream(self, creator: str, stream: str, query: FeedQuery | None = None) -> Call[Frame]:
        """What happens in a stream, from now on or from where `query` says; a break is made up for."""
        feed = path("/v1/users/{creator}/streams/{stream}/feed", creator=creator, stream=stream)
        return Call("GET", feed, Frame, query=fields(query))

    @followed
    def follow_post(self, creator: str, post: str, query: FeedQuery | None = None) -> Call[Frame]:
        """What happens on a post, as `follow_stream`."""
        feed = path("/v1/users/{creator}/posts/{post}/feed", creator=creator, post=post)
        return Call("GET", feed, Frame, query=fields(query))

    @followed
    def follow_creator(self, creator: str, query: FeedQuery | None = None) -> Call[Frame]:
        """What happens in all streams and posts of a creator, as `follow_stream`."""
        return Call("GET", path("/v1/users/{creator}/feed", creator=creator), Frame, query=fields(query))
