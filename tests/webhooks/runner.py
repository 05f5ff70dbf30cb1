"""A process that runs a courier, or only gathers, until it is killed."""

import sys
import threading

from riviere import clock
from riviere.database.connection import Connection, connect
from riviere.database.database import SERVER_ROLE
from riviere.webhooks.courier import Courier
from riviere.webhooks.dispatch import fan_out
from riviere.webhooks.gather import gather


def main(what: str, dsn: str) -> None:
    def connected() -> Connection:
        return connect(dsn, role=SERVER_ROLE, autocommit=True)

    if what == "courier":
        Courier(connected, allow_local=True).start()
        threading.Event().wait()
    with connected() as connection:
        while True:
            gather(connection, clock.now())
            fan_out(connection, clock.now())


if __name__ == "__main__":
    main(*sys.argv[1:])
