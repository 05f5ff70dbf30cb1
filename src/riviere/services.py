"""The composition root: settings in, a running Riviere out.

The command line holds a `Riviere`; a server holds an `Office` (office.py) beside it.
"""

from functools import cached_property
from typing import Final, Self

from riviere import clock
from riviere.database.connection import Connection
from riviere.database.database import Database, open_database
from riviere.economy.seals import check_seals
from riviere.economy.tally import check_tallies
from riviere.ledger.evidence import Signer, last_head, sign_head
from riviere.ledger.verify import Check, Report, verify
from riviere.ledger.verify.model import Progress
from riviere.ledger.writer import Writer
from riviere.live.contests.checking import check_contests
from riviere.live.goals.checking import check_goals
from riviere.live.supporters.checking import check_supporters
from riviere.payments.checkout.checking import check_checkouts
from riviere.payments.refunds.checking import check_refunds
from riviere.payouts.checking import check_redemptions
from riviere.settings import Settings


class Riviere:
    """An open database, the key that signs, a connection to read with and a writer. Use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        """Opens the data folder and its database. Raises what riviere.database.database.open_database raises."""
        self.settings: Final = settings
        self.database: Database = open_database(settings)
        try:
            self.signer = Signer.open(self.database.folder.keys)
            self._vouch_for_migrations()
        except BaseException:
            self.database.close()
            raise

    def _vouch_for_migrations(self) -> None:
        """A migration may change facts that the last head vouches for; the key says that it was us who did."""
        if self.database.migrated:
            with self.database.connect() as connection:
                if last_head(connection) is not None:
                    sign_head(connection, self.signer, clock.now())

    @cached_property
    def connection(self) -> Connection:
        """A connection as the server's role, in autocommit: every function opens the transactions it needs."""
        return self.database.connect(autocommit=True)

    @cached_property
    def writer(self) -> Writer:
        """The one writer of this process; its chain is leased on first use."""
        return Writer(self.database.connect)

    def verify(self, progress: Progress | None = None) -> Report:
        """Checks every invariant of the books, the seals of rows that may change, and what is added up elsewhere."""

        def seals(connection: Connection) -> Check:
            return check_seals(connection, self.signer)

        with self.database.connect() as connection:
            boards = [check_supporters, check_goals, check_contests]
            extra = [seals, check_tallies, *boards, check_redemptions, check_checkouts, check_refunds]
            return verify(connection, self.signer, extra, progress, connect=self.database.connect)

    def close(self) -> None:
        """Gives everything back; the last process on a folder stops its embedded server."""
        for opened in ("connection", "writer"):
            if opened in self.__dict__:
                self.__dict__.pop(opened).close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
