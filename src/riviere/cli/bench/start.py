"""`riviere bench start`: from the command `riviere up` to the first request answered, on a stopped database."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from riviere import clock
from riviere.cli.bench import crowd as people
from riviere.cli.bench import ground
from riviere.cli.bench.crowd import Gifts
from riviere.cli.bench.figures import median
from riviere.cli.bench.flow import preload as send_before
from riviere.cli.bench.ground import NOTHING_SAID, Bench, Server, say
from riviere.cli.bench.machine import Machine, machine
from riviere.cli.common import table
from riviere.errors import RiviereError
from riviere.office import Office
from riviere.services import Riviere
from riviere.settings import Settings

#: What asks the database, so that an answer means that all of it is there.
READY: Final = "/v1/ready"
#: Seconds after which a server that does not answer is given up.
PATIENCE: Final = 120
#: Seconds between two tries to connect.
_A_MOMENT: Final = 0.005
_COMMAND: Final = "from riviere.cli.main import main; main()"


class NeverReady(RiviereError):
    """The server did not answer ({reason}); run the bench again, or `riviere up --verbose` to see why."""

    code = "never_ready"


class Figures(msgspec.Struct, frozen=True):
    """What `bench start` measured: seconds to the first answer, the median of `runs`; and on a new, empty folder."""

    seconds: float
    runs: list[float]
    fresh_seconds: float | None
    gifts: int
    server: Server
    machine: Machine


def start(
    *,
    runs: Annotated[int, Parameter(help="How often to start it.", validator=Number(gte=1))] = 5,
    preload: Annotated[int, Parameter(help="Gifts that are in it.", validator=Number(gte=0))] = 10_000,
    bench: Bench = NOTHING_SAID,
) -> None:
    """Start `riviere up` on a database that was stopped, again and again, and wait for the first request answered."""
    with bench.settings() as settings:
        say(f"a database with {preload:,} gifts is made")
        with Riviere(settings) as riviere:
            if preload:
                with Office(riviere) as office:
                    crowd = people.gather(riviere, office.writer, preload, people.CREATORS, since=clock.now())
                    send_before(office.desk, Gifts(crowd, people.evenly(len(crowd.creators))), preload)
            server = ground.server(riviere)
        took = []
        for number in range(runs):
            took.append(_once(settings.data, settings))
            say(f"start {number + 1}: {took[-1]} s")
        fresh = None
        if settings.database_url is None:
            with tempfile.TemporaryDirectory(prefix="riviere-bench-") as folder:
                fresh = _once(Path(folder), settings)
        figures = Figures(median(took), took, fresh, preload, server, machine(settings.data))
    bench.answer(figures, _shown(figures))


def _once(data: Path, settings: Settings) -> float:
    """Seconds from the command to its first answer; the server is stopped again."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("RIVIERE_")}
    if settings.database_url is not None:
        surroundings["RIVIERE_DATABASE_URL"] = settings.database_url
    port = _free_port()
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "up", "--data", str(data), "--port", str(port), "--json"],
        stdout=subprocess.DEVNULL,
        env=surroundings,
    )
    try:
        _wait(process, port, begun + PATIENCE)
        return round(time.perf_counter() - begun, 3)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int, end: float) -> None:
    """Until a request is answered. Raises NeverReady."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", READY)
            status = connection.getresponse().status
        except OSError as nobody:
            if process.poll() is not None or time.perf_counter() > end:
                reason = f"exit status {process.returncode}" if process.returncode is not None else str(nobody)
                raise NeverReady(reason=reason) from None
            time.sleep(_A_MOMENT)
            continue
        finally:
            connection.close()
        if status != 200:
            raise NeverReady(reason=f"status {status}")
        return


def _shown(figures: Figures) -> object:
    rows = [
        ("first answer after", f"{figures.seconds} s, the median of {', '.join(map(str, figures.runs))}"),
        ("on a new folder", f"{figures.fresh_seconds} s" if figures.fresh_seconds else "not asked of your own server"),
        ("in it", f"{figures.gifts:,} gifts"),
    ]
    return table(("", ""), rows + ground.told(figures.server, figures.machine))
