"""What a running server shares among its callers: an `Office` beside an open `Riviere`."""

import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple, Self

import structlog

from riviere import clock
from riviere.access.gate import Gate
from riviere.access.sessions import Sessions
from riviere.economy.apart.desk import DeskApart
from riviere.economy.desk import Desk, GiftDesk
from riviere.ledger.batch_writer import BatchWriter
from riviere.ledger.verify import Report
from riviere.ledger.verify.model import Progress
from riviere.ledger.writer import Writer
from riviere.live.hub import Hub
from riviere.payments.checkout.model import CardProcessor
from riviere.payments.checkout.stripe_account import StripeAccount
from riviere.payments.refunds.model import Giver
from riviere.payments.sandbox import SandboxProcessor
from riviere.services import Riviere

_LOG = structlog.get_logger("riviere.verify")


class Finished(NamedTuple):
    """A verification that came to its end."""

    report: Report
    at: datetime


class Verifying:
    """Verifies in the background, one at a time, and keeps the last report. Any thread may ask."""

    def __init__(self, verify: Callable[[Progress], Report]) -> None:
        self._verify = verify
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self.running_since: datetime | None = None
        self.broken_at: datetime | None = None
        self.last: Finished | None = None
        #: What is being checked, and how many rows of how many are done.
        self.progress: tuple[str, int, int] = ("", 0, 0)

    def start(self, now: datetime) -> tuple[bool, datetime]:
        """Starts one where none runs; answers whether it did, and since when one runs."""
        with self._lock:
            if self.running_since is not None:
                return False, self.running_since
            self.running_since, self.broken_at = now, None
            self.progress = ("", 0, 0)
            self._thread = threading.Thread(target=self._run, name="riviere-verify", daemon=True)
            self._thread.start()
            return True, now

    def close(self) -> None:
        """Breaks off the one that runs, whose report is lost."""
        self._stopped = True
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self.last = Finished(self._verify(self._go_on), clock.now())
        except _BrokenOff:
            pass
        except Exception:
            self.broken_at = clock.now()
            _LOG.exception("verification broke")
        finally:
            with self._lock:
                self.running_since = None

    def _go_on(self, check: str, done: int, total: int) -> None:
        self.progress = (check, done, total)
        if self._stopped:
            raise _BrokenOff


class _BrokenOff(Exception):
    """The server stops."""


#: Connections that requests read through. A read takes about a millisecond, so few serve many.
POOL_SIZE: Final = 8


class Office:
    """What a running server shares among its callers: connections, the queues to the ledger, the gate."""

    def __init__(self, riviere: Riviere, *, apart: bool = False) -> None:
        """Opens them on an open Riviere, which is not closed with them.

        `apart` gives gifts a process of their own: for a server, whose own has enough to do with requests.
        """
        self.riviere: Final = riviere
        self.settings: Final = riviere.settings
        self.signer: Final = riviere.signer
        self.kind: Final = riviere.database.kind()
        self.pool: Final = riviere.database.pool(POOL_SIZE)
        self.writer: Final = BatchWriter(Writer(riviere.database.connect))
        self.desk: Final[Desk] = (
            DeskApart(riviere.database)
            if apart
            else GiftDesk(partial(riviere.database.connect, autocommit=True), self.writer)
        )
        self.gate: Final = Gate(self.pool.connection)
        self.sessions: Final = Sessions(self.pool.connection)
        self.feed: Final = Hub(self.pool)
        self.processor: Final = SandboxProcessor()
        #: Who takes money from cards, if the settings name an account.
        stripe = riviere.settings.stripe
        self.cards: CardProcessor | None = StripeAccount(stripe) if stripe else None
        self.verifying: Final = Verifying(riviere.verify)

    @property
    def givers(self) -> dict[str, Giver]:
        """Who can give back what they took, by the name that their charges are booked under."""
        return {"sandbox": self.processor} | ({self.cards.name: self.cards} if self.cards else {})

    def close(self) -> None:
        """Books what still waits, then gives everything back."""
        self.feed.close()
        self.verifying.close()
        self.writer.close()
        self.desk.close()
        self.pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
