"""`riviere up`: Riviere running on its database, with a demo economy in it if asked, until Ctrl-C."""

import signal
import threading
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from riviere import __version__, clock, settings
from riviere.cli.common import NOTHING_SAID, Common, err, out, progress
from riviere.cli.demo import Demo
from riviere.database.database import set_aside
from riviere.ledger.evidence import sign_head
from riviere.payments.purchases import expire_due
from riviere.services import Riviere

#: Seconds between two gifts of the demo, and between two rounds of upkeep (signing a head, expiring bonus coins).
GIFT_EVERY: Final = 2
UPKEEP_EVERY: Final = 30


def up(
    *,
    demo: Annotated[bool, Parameter(help="Fill it with a demo economy, and let gifts arrive.")] = False,
    fresh: Annotated[bool, Parameter(help="Start over: the data folder is set aside under another name.")] = False,
    common: Common = NOTHING_SAID,
) -> int:
    """Start Riviere on its database and keep it running; Ctrl-C stops it, and everything is still there next time."""
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    where = settings.from_environment(common.data)
    if fresh and (aside := set_aside(where.data)):
        err.print(f"the old data is in {aside}", markup=False)
    with common.riviere() as riviere:
        riviere.database.folder.claim_up()
        facts = {"version": __version__, "database": riviere.database.kind(), "data": str(where.data)}
        said = f"Riviere {__version__} · {facts['database']} · data in {_short(where.data)}"
        if not common.json:
            out.print(said, markup=False)
        running = Demo(riviere) if demo else None
        economy = _fill(running) if running else None
        if common.json:
            common.answer(facts | {"demo": economy})
        else:
            _say(economy, common.data)
        _keep_running(riviere, running, stop)
    return 0


def _fill(demo: Demo) -> str:
    with progress() as bar:
        task = bar.add_task("demo economy", total=None, rate="")
        return demo.seed(lambda done, total: bar.update(task, completed=done, total=total))


def _say(economy: str | None, data: Path | None) -> None:
    there = f" --data {data}" if data else ""
    if economy:
        out.print(f"demo economy ready: {economy} (stop with Ctrl-C, --fresh starts over)", markup=False)
        tries: tuple[tuple[str, str], ...] = (
            ("riviere earnings", "who earned what"),
            ("riviere earnings aurora --by supporter", "from whom"),
            ("riviere statement aurora", "every diamond, with the balance after it"),
        )
    else:
        out.print("ready (stop with Ctrl-C; --demo fills it with an economy to look at)", markup=False)
        tries = (("riviere admin defaults", "the starter catalogue, packs and policies"),)
    out.print("\nin another terminal", markup=False)
    for command, what in (
        *tries,
        ("riviere replay FILE", "a recorded live stream becomes gifts"),
        ("riviere verify", "proof that the books balance"),
        ("riviere law", "every way that value can take"),
    ):
        out.print(f"  {command + there:<{44 + len(there)}} {what}", markup=False)


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _keep_running(riviere: Riviere, demo: Demo | None, stop: threading.Event) -> None:
    """Gifts and upkeep until somebody says stop. The last thing it does is to sign what came in."""
    rounds = 0
    while not stop.wait(GIFT_EVERY):
        rounds += 1
        arrived = demo.gift_arrives() if demo else None
        if arrived and err.is_terminal:
            err.print(arrived, markup=False)
        if rounds % (UPKEEP_EVERY // GIFT_EVERY) == 0:
            _upkeep(riviere)
    _upkeep(riviere)


def _upkeep(riviere: Riviere) -> None:
    now = clock.now()
    expire_due(riviere.connection, riviere.writer, now)
    with riviere.connection.transaction():
        sign_head(riviere.connection, riviere.signer, now)
