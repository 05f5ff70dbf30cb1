"""`riviere up`: Riviere running on its database and answering on a port, with a demo economy if asked, until Ctrl-C."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from riviere import __version__, clock, ids, settings
from riviere.access import sessions
from riviere.audience.announcements import remind_due
from riviere.cli.common import NOTHING_SAID, Common, err, out, progress
from riviere.cli.demo import Demo
from riviere.cli.welcome import PORT, make_links, say
from riviere.database.database import set_aside
from riviere.economy.tally import count_up
from riviere.http.app import create_app
from riviere.http.serve import Server
from riviere.ledger.evidence import sign_head
from riviere.live import combos, contests, goals, supporters
from riviere.office import Office
from riviere.pages.faces import pages
from riviere.payments.checkout import inbox
from riviere.payments.checkout.model import CardProcessor
from riviere.payments.purchases import expire_due
from riviere.payments.refunds import refunds
from riviere.payouts.clerk import advance_due
from riviere.payouts.paypal import PayPal
from riviere.payouts.provider import Provider
from riviere.process import settle, to_standard_error
from riviere.rounds import Duty, Rounds
from riviere.sandbox.app import create_sandbox
from riviere.settings import PayPalAccount
from riviere.webhooks.courier import Courier

#: Seconds between two moments of the demo's stream, looks at combos, counts of what is counted live (goals, boards,
#: contests), rounds of payouts and checkouts, bites of tallies, two rounds of upkeep (signing heads, expiring coins),
#: and looks at announced streams.
DEMO_EVERY: Final = 0.4
COMBOS_EVERY: Final = 1
BOARDS_EVERY: Final = 1
PAYOUTS_EVERY: Final = 2
CHECKOUTS_EVERY: Final = 2
TALLIES_EVERY: Final = 0.5
UPKEEP_EVERY: Final = 30
REMINDERS_EVERY: Final = 1

#: Seconds after which it looks at the latest whether it was told to stop.
_LOOK: Final = 1

#: What the sandbox of payouts keeps, in the data folder.
SANDBOX: Final = "sandbox.sqlite"


def up(
    *,
    demo: Annotated[bool, Parameter(help="Fill it with a demo economy, and let gifts arrive.")] = False,
    fresh: Annotated[bool, Parameter(help="Start over: the data folder is set aside under another name.")] = False,
    host: Annotated[str, Parameter(help="Address to answer on; 0.0.0.0 for every one of this machine.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to answer on; 0 for any that is free.")] = PORT,
    common: Common = NOTHING_SAID,
) -> int:
    """Start Riviere on its database and answer on a port; Ctrl-C stops it, and everything is still there next time."""
    common.here()
    where = settings.from_environment(common.data)
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    to_standard_error(everything=common.verbose)
    if fresh and (aside := set_aside(where.data)):
        err.print(f"the old data is in {aside}", markup=False)
    with common.riviere() as riviere, Office(riviere, apart=True) as office, payouts(office) as paypal:
        riviere.database.folder.claim_up()
        server = Server(create_app(office, pages=pages(demo=demo, public_url=office.settings.public_url)), host, port)
        facts = {"version": __version__, "database": office.kind, "data": str(where.data), "url": server.url}
        if not common.json:
            out.print(f"Riviere {__version__} · {office.kind} · data in {_short(where.data)}", markup=False)
        running = Demo(riviere, office.writer) if demo else None
        economy = _fill(running) if running else None
        url = where.public_url or server.url
        links = make_links(riviere, url, demo=demo)
        with at_work(office, paypal, server, running):
            if common.json:
                common.answer(facts | {"demo": economy, "sign_in": links})
            else:
                say(economy, url, links, common.data)
            # A signal that comes between the last look at it and the wait would not end a wait without end.
            while not stop.wait(_LOOK):
                pass
        _upkeep(office)
    return 0


@contextmanager
def at_work(office: Office, paypal: PayPal, server: Server, demo: Demo | None = None) -> Iterator[None]:
    """The server answers, does its rounds and carries webhooks until the end of the block."""
    with ExitStack() as going:
        # A provider that is slow to answer holds back nothing but payouts, and much to add up nothing but tallies.
        live = (
            Duty("combos", COMBOS_EVERY, partial(_combos, office)),
            Duty("boards", BOARDS_EVERY, partial(_boards, office)),
            Duty("contests", BOARDS_EVERY, partial(_contests, office)),
        )
        aside = (_paying(office, paypal), *_taking(office), _tallying(office), _reminding(office), *live)
        for rounds in (*(Rounds([duty]) for duty in aside), Rounds(_duties(office, demo))):
            rounds.start()
            going.callback(rounds.stop)
        server.start()
        going.callback(server.stop)
        # Feeds have no end of their own, and a server that stops waits for what it is sending.
        going.callback(office.feed.close)
        going.enter_context(Courier(office.riviere.database.connect, allow_local=office.settings.local_webhooks))
        settle()
        yield


@contextmanager
def payouts(office: Office) -> Iterator[PayPal]:
    """PayPal as the settings say, or else a sandbox of our own that speaks the same and moves no real money."""
    account = office.settings.paypal
    with ExitStack() as opened:
        if account is None:
            secret = ids.salt(16).hex()
            sandbox = Server(create_sandbox(office.settings.data / SANDBOX, "riviere", secret), "127.0.0.1", 0)
            sandbox.start()
            opened.callback(sandbox.stop)
            account = PayPalAccount(sandbox.url, "riviere", secret)
        yield opened.enter_context(PayPal(account.url, account.client_id, account.secret))


def _paying(office: Office, paypal: PayPal) -> Duty:
    return Duty("payouts", PAYOUTS_EVERY, partial(_advance, office, {paypal.name: paypal}))


def _taking(office: Office) -> list[Duty]:
    """Looking after checkouts, where somebody takes money from cards for us, and after refunds; each by itself."""
    refunds = Duty("refunds", CHECKOUTS_EVERY, partial(_refund, office))
    if office.cards is None:
        return [refunds]
    return [refunds, Duty("checkouts", CHECKOUTS_EVERY, partial(_check_out, office, office.cards))]


def _tallying(office: Office) -> Duty:
    return Duty("tallies", TALLIES_EVERY, partial(_tally, office))


def _reminding(office: Office) -> Duty:
    return Duty("reminders", REMINDERS_EVERY, partial(_remind, office))


def _duties(office: Office, demo: Demo | None) -> list[Duty]:
    duties = [Duty("upkeep", UPKEEP_EVERY, partial(_upkeep, office))]
    if demo:
        duties.append(Duty("demo", DEMO_EVERY, demo.moment))
    return duties


def _fill(demo: Demo) -> str:
    with progress() as bar:
        task = bar.add_task("demo economy", total=None, rate="")
        return demo.seed(lambda done, total: bar.update(task, completed=done, total=total))


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _refund(office: Office) -> None:
    with office.pool.connection() as connection:
        refunds.advance_due(connection, office.writer, office.givers, clock.now())


def _check_out(office: Office, cards: CardProcessor) -> None:
    with office.pool.connection() as connection:
        inbox.advance(connection, office.writer, cards, clock.now())


def _advance(office: Office, providers: Mapping[str, Provider]) -> None:
    """Takes redemptions on as far as they go."""
    with office.pool.connection() as connection:
        advance_due(connection, office.writer, providers, clock.now())


def _tally(office: Office) -> None:
    with office.pool.connection() as connection:
        count_up(connection)


def _combos(office: Office) -> None:
    with office.pool.connection() as connection:
        combos.finish(connection, clock.now())


def _remind(office: Office) -> None:
    with office.pool.connection() as connection:
        remind_due(connection, clock.now())


def _boards(office: Office) -> None:
    """Brings what is counted live up to date."""
    with office.pool.connection() as connection:
        goals.count(connection, clock.now())
        supporters.count(connection, clock.now())


def _contests(office: Office) -> None:
    with office.pool.connection() as connection:
        contests.count(connection, clock.now())


def _upkeep(office: Office) -> None:
    """Takes back what has expired, forgets sessions that ended, and signs what came in."""
    now = clock.now()
    with office.pool.connection() as connection:
        expire_due(connection, office.writer, now)
        sessions.forget_old(connection, now)
        with connection.transaction():
            sign_head(connection, office.signer, now)
