"""A whole Riviere server as a process of its own, and one operation more: a POST that does nothing.

It is what `riviere up` starts: office, rounds, courier, API. It prints its address, and stops when its standard input
ends: also where whoever started it was killed.
"""

import signal
import sys
from pathlib import Path
from typing import Final

from riviere import settings
from riviere.cli import up
from riviere.cli.bench.load import NOOP_PATH
from riviere.cli.common import out
from riviere.http.app import create_app
from riviere.http.gifts import EXAMPLE
from riviere.http.operation import JSON, Call, Operation
from riviere.http.serve import Server
from riviere.office import Office
from riviere.process import to_standard_error
from riviere.services import Riviere
from riviere.wire.gifts import Gift, SendGift


async def noop(call: Call, body: SendGift) -> Gift:
    """Answer a gift without sending it: credentials, quota, key and body were checked as for one that is sent."""
    return Gift(
        key=call.key,
        id=EXAMPLE.id,
        sender=body.sender or EXAMPLE.sender,
        creator=body.creator,
        gift=body.gift,
        count=body.count,
        coins=EXAMPLE.coins,
        diamonds=EXAMPLE.diamonds,
        repeated=False,
        booked_at=call.now,
    )


NOOP: Final = Operation(
    id="noop",
    method="POST",
    path=NOOP_PATH,
    tag="Gifts",
    scope="gifts:write",
    owner=None,
    keyed=True,
    status=200,
    again=None,
    raises=(),
    asked=SendGift(sender=EXAMPLE.sender, creator=EXAMPLE.creator, gift=EXAMPLE.gift, stream="live"),
    answer=EXAMPLE,
    takes=JSON,
    gives=JSON,
    handler=noop,
)


def main() -> None:
    """Serves the data folder that the command line names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    to_standard_error(everything=False)
    with (
        Riviere(settings.from_environment(Path(sys.argv[1]))) as riviere,
        Office(riviere, apart=True) as office,
        up.payouts(office) as paypal,
    ):
        server = Server(create_app(office, also=[NOOP]), "127.0.0.1", 0)
        with up.at_work(office, paypal, server):
            out.print(server.url)
            sys.stdout.flush()
            sys.stdin.read()


if __name__ == "__main__":
    main()
