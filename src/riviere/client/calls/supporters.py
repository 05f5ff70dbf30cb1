"""Who supports whom."""

from riviere.client.call import Call, fields, path
from riviere.client.methods import asked
from riviere.wire.supporters import Standing, StreamSupportersQuery, Supporters, SupportersQuery


class SupporterCalls:
    """Boards of supporters, and how one of them stands."""

    @asked
    def list_supporters(self, creator: str, query: SupportersQuery | None = None) -> Call[Supporters]:
        """Who gave a creator most, in the last day or of all time."""
        return Call("GET", path("/v1/users/{creator}/supporters", creator=creator), Supporters, query=fields(query))

    @asked
    def list_stream_supporters(
        self, creator: str, stream: str, query: StreamSupportersQuery | None = None
    ) -> Call[Supporters]:
        """Who gave most in a stream."""
        board = path("/v1/users/{creator}/streams/{stream}/supporters", creator=creator, stream=stream)
        return Call("GET", board, Supporters, query=fields(query))

    @asked
    def get_supporter(self, creator: str, supporter: str) -> Call[Standing]:
        """How a supporter stands with a creator, for the creator."""
        standing = path("/v1/users/{creator}/supporters/{supporter}", creator=creator, supporter=supporter)
        return Call("GET", standing, Standing)

    @asked
    def get_supporting(self, user: str, creator: str) -> Call[Standing]:
        """How a supporter stands with a creator, for the supporter."""
        return Call("GET", path("/v1/users/{user}/supporting/{creator}", user=user, creator=creator), Standing)
