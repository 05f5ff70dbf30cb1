"""What a statement is asked for with. The statement itself is riviere.ledger.proof.Statement, which checks itself."""

from typing import Annotated

from msgspec import Meta

from riviere.wire.common import Instant, Request
from riviere.wire.wallets import AccountAsked


class StatementQuery(Request, frozen=True, kw_only=True):
    """Which account, from when to when."""

    since: Annotated[Instant, Meta(description="Entries booked from this time on.")]
    until: Annotated[
        Instant | None,
        Meta(description="Entries booked before this time, 366 days later at the most; now if not given."),
    ] = None
    account: AccountAsked = None
