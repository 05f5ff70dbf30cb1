"""The server itself."""

from riviere.client.call import Call
from riviere.client.methods import asked
from riviere.wire.health import Health, Readiness


class ServerCalls:
    """The server's own state."""

    @asked
    def get_health(self) -> Call[Health]:
        """Whether the server lives."""
        return Call("GET", "/v1/health", Health)

    @asked
    def get_readiness(self) -> Call[Readiness]:
        """Whether the server can work: its database answers."""
        return Call("GET", "/v1/ready", Readiness)

    @asked
    def get_metrics(self) -> Call[str]:
        """The server's figures, as Prometheus reads them."""
        return Call("GET", "/v1/metrics", str)
