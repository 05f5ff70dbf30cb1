"""`riviere bench feed`: gifts in one stream, and thousands of clients who follow it."""

import http.client
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from riviere import clock
from riviere.access import keys
from riviere.cli.bench import crowd as people
from riviere.cli.bench import followers, ground, load
from riviere.cli.bench.figures import P50, P99, P999, quantile
from riviere.cli.bench.followers import Heard
from riviere.cli.bench.ground import NOTHING_SAID, Bench, BenchRefused, Server, say
from riviere.cli.bench.load import CREATOR, STREAM
from riviere.cli.bench.machine import Machine, cpu_seconds, less, machine, resident_mb
from riviere.cli.bench.target import Target, serving
from riviere.cli.common import table
from riviere.cli.verify import complain, ok_line
from riviere.ledger.verify import Report

GIFTS_PATH: Final = "/v1/gifts"
FEED_PATH: Final = f"/v1/users/{CREATOR % 0}/streams/{STREAM}/feed"
#: Connections that gifts are sent over.
SENDERS: Final = 16


class Figures(msgspec.Struct, frozen=True):
    """What `bench feed` measured: milliseconds from the booking of a gift to each client that heard of it.

    `lost` counts events that somebody did not hear, or twice, and `breaks` messages that did not follow the one before
    and connections that ended. `server_cpu` and `clients_cpu` are shares of one core.
    """

    clients: int
    rate: float
    seconds: float
    events: int
    median_ms: float
    p99_ms: float
    p999_ms: float
    lost: int
    breaks: int
    server_cpu: float | None
    clients_cpu: float
    server_mb: float | None
    server: Server
    machine: Machine
    verified: bool


def feed(
    *,
    clients: Annotated[int, Parameter(help="Who follows the stream.", validator=Number(gte=1, lte=20_000))] = 2_000,
    rate: Annotated[int, Parameter(help="Gifts a second.", validator=Number(gte=1, lte=2_000))] = 200,
    seconds: Annotated[float, Parameter(help="How long gifts arrive.", validator=Number(gt=0))] = 20,
    bench: Bench = NOTHING_SAID,
) -> int:
    """Send gifts to one stream while clients in a process of their own follow it; then verify.

    Every client checks that each message follows the one before, and counts what it heard.
    """
    with bench.riviere() as riviere:
        crowd = people.gather(riviere, riviere.writer, round(rate * seconds) + rate, 1, since=clock.now())
        scopes = ["gifts:write", "feed:read"]
        _, key = keys.create(riviere.connection, "bench", scopes, by="bench", now=clock.now())
        ground.checkpoint(riviere)
        with serving(riviere.settings) as target:
            crowded = _Crowded(target, key, clients)
            say(f"{clients:,} clients follow")
            watching = crowded.gather()
            before, begun = cpu_seconds(target.process.pid), time.perf_counter()
            sent = _send(target, key, len(crowd.viewers), rate, seconds)
            took = time.perf_counter() - begun
            used = less(cpu_seconds(target.process.pid), before)
            heard = crowded.heard(watching, sent)
            held = resident_mb(target.process.pid)
        report = ground.verify(riviere)
        figures = Figures(
            clients=clients,
            rate=round(sent / took, 1),
            seconds=round(took, 3),
            events=heard.events,
            median_ms=quantile(heard.times, P50),
            p99_ms=quantile(heard.times, P99),
            p999_ms=quantile(heard.times, P999),
            lost=heard.lost,
            breaks=heard.breaks,
            server_cpu=None if used is None else round(used / took, 3),
            clients_cpu=round(heard.cpu_seconds / took, 3),
            server_mb=held,
            server=ground.server(riviere),
            machine=machine(riviere.settings.data),
            verified=report.ok,
        )
    complain(report)
    bench.answer(figures, *_shown(figures, report))
    return 0 if report.ok and not heard.lost and not heard.breaks else 1


class _Crowded:
    """The process of those who follow."""

    def __init__(self, target: Target, key: str, clients: int) -> None:
        self._plan = followers.Plan(target.host, target.port, FEED_PATH, key, clients)

    def gather(self) -> subprocess.Popen[str]:
        """Starts it, and waits until all of them hear the feed. Raises BenchRefused."""
        command = [sys.executable, "-m", "riviere.cli.bench.followers"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(self._plan).decode() + "\n")
        process.stdin.flush()
        said = process.stdout.readline()
        if said != "ready\n":
            process.kill()
            process.communicate()
            raise BenchRefused(reason=said.strip() or "the clients could not connect")
        return process

    def heard(self, process: subprocess.Popen[str], sent: int) -> Heard:
        """What they heard of so many events."""
        said, _ = process.communicate(f"{sent}\n")
        return msgspec.json.decode(said, type=Heard)


def _send(target: Target, key: str, viewers: int, rate: int, seconds: float) -> int:
    """Sends single gifts at a steady pace, and answers how many there were. Raises BenchRefused where one failed."""
    plan = load.Plan(target.host, target.port, GIFTS_PATH, key, seconds, SENDERS, viewers, 1)
    wrong: Counter[str] = Counter()
    many = round(rate * seconds)
    begun = time.perf_counter()

    def send(first: int) -> None:
        connection = http.client.HTTPConnection(plan.host, plan.port, timeout=load.PATIENCE)
        supply = load.gifts(plan)
        head = {"Authorization": f"Bearer {plan.key}", "Content-Type": "application/json"}
        for number in range(first, many, SENDERS):
            time.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            one, rest = next(supply)
            connection.request("POST", plan.path, b"{" + rest, head | {"Idempotency-Key": one.decode()})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                wrong[str(answer.status)] += 1
        connection.close()

    threads = [threading.Thread(target=send, args=(first,)) for first in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise BenchRefused(reason=f"{GIFTS_PATH} answered {dict(wrong)}")
    return many


def _shown(figures: Figures, report: Report) -> tuple[object, ...]:
    lost = f"NOT ALL: {figures.lost:,} lost, {figures.breaks:,} breaks"
    rows = [
        ("gifts", f"{figures.events:,} in {figures.seconds:.1f} s, {figures.rate:,.0f} a second"),
        ("clients", f"{figures.clients:,} in a process apart, {figures.clients_cpu:.2f} of a core"),
        (
            "from booking to client",
            f"p50 {figures.median_ms:,.0f} ms, p99 {figures.p99_ms:,.0f}, p99.9 {figures.p999_ms:,.0f}",
        ),
        ("heard", lost if figures.lost or figures.breaks else "every event by every client, once and in order"),
        ("server", f"{figures.server_cpu} of a core, {figures.server_mb} MB"),
        *ground.told(figures.server, figures.machine),
    ]
    return table(("", ""), rows, title="The live feed"), ok_line(report)
