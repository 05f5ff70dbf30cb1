"""Whether the server lives, whether it can work, and what it has done: health, readiness, metrics."""

from typing import Final

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from riviere import __version__
from riviere.economy.apart.link import DeskAway
from riviere.http.metrics import CONTENT_TYPE
from riviere.http.operation import Call, operation
from riviere.http.problems import Busy
from riviere.wire.health import Health, Readiness

#: Seconds that readiness waits for the database: whoever asks wants to know about this moment.
_PATIENCE: Final = 1


@operation("GET", "/v1/health", id="getHealth", tag="Server", scope=None, answer=Health(status="ok", version="0.1.0"))
async def get_health(_: Call) -> Health:
    """Say that the server lives.

    It asks nobody else, so it answers even where the database is away; a load balancer asks `/v1/ready`.
    """
    return Health(status="ok", version=__version__)


@operation(
    "GET",
    "/v1/ready",
    id="getReadiness",
    tag="Server",
    scope=None,
    raises=(Busy, DeskAway),
    answer=Readiness(status="ready", database="PostgreSQL 18.6 embedded"),
)
def get_readiness(call: Call) -> Readiness:
    """Say whether the server can work: its database answers, within a second, and its gift desk is there.

    Where it cannot this is 503. An embedded database that died is started again, whoever asks for what; so is the
    process of the gift desk.
    """
    if call.office.desk.away:
        raise DeskAway
    try:
        with call.office.pool.connection(_PATIENCE) as connection:
            connection.execute("")
    except (OperationalError, PoolTimeout):
        raise Busy from None
    return Readiness(status="ready", database=call.office.kind)


@operation(
    "GET",
    "/v1/metrics",
    id="getMetrics",
    tag="Server",
    scope="ledger:read",
    gives=CONTENT_TYPE,
    answer='riviere_requests_total{operation="sendGift",status="200"} 1042.0\n',
)
async def get_metrics(call: Call) -> str:
    """Get the server's figures, as Prometheus reads them.

    Requests by operation and status, how long they took, lines of bulk requests by status, gifts that wait to
    be durable, and what waits at the writer.
    """
    return call.front.metrics.text()
