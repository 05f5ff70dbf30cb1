"""Quotes: what diamonds would bring, shown before anybody confirms, and why a request would be refused now.

A quote is a row that never changes: a redemption that is asked for in time keeps its rate and its fee, whatever
policies say by then. Diamonds are thousandths, money is minor units.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from riviere import money
from riviere.clock import hour_of
from riviere.database.connection import Connection
from riviere.economy import people, policies, policy
from riviere.economy.policy import Policy
from riviere.ids import random_id, shown
from riviere.ledger.refusals import TooLarge
from riviere.payouts import standing
from riviere.payouts.methods import METHODS, SQL, method_of
from riviere.payouts.refusals import Facts, refusals

PREFIX: Final = "q"


class Refusal(msgspec.Struct, frozen=True):
    """Why a request would be refused: the code that a program compares, and a sentence for the creator."""

    code: str
    sentence: str


class Quote(msgspec.Struct, frozen=True):
    """What `asked` diamonds would bring: `gross` for the `diamonds` that it takes, less `fee`.

    `rate_policy` and `fee_policy` are the policy rows that it was worked out with. `refusals` says why a request would
    be refused at the time of the quote; none says that it would go on.
    """

    creator: int
    id: int
    method: str
    currency: str
    asked: int
    diamonds: int
    gross: int
    fee: int
    rate_policy: int
    fee_policy: int
    created_at: datetime
    expires_at: datetime
    refusals: tuple[Refusal, ...] = ()

    @property
    def name(self) -> str:
        """The id as people copy it: q_ and 13 characters."""
        return shown(PREFIX, self.id)

    @property
    def net(self) -> int:
        """What would arrive; 0 where the fee takes it all."""
        return max(0, self.gross - self.fee)

    @property
    def left(self) -> int:
        """What stays of the diamonds asked for, because it buys no whole minor unit."""
        return self.asked - self.diamonds


def quote(connection: Connection, creator: str, diamonds: int, method: str, currency: str, now: datetime) -> Quote:
    """What `diamonds` of a creator (by external id) bring now, kept for as many minutes as the policy says.

    Raises UnknownUser, BadAmount, TooLarge, or NoPolicy where no rate or fee of this method and currency is in force.
    """
    user = people.find(connection, creator).id
    money.amount(diamonds, "What is to be redeemed", unit="thousandths of a diamond")
    made = worth(connection, user, diamonds, method, currency, now)
    connection.execute(SQL["add_quote"], msgspec.structs.asdict(made))
    return made


def worth(connection: Connection, user: int, diamonds: int, method: str, currency: str, now: datetime) -> Quote:
    """What `diamonds` of a creator (by our id), none of them too, would bring now. It is not kept: nobody can use it.

    Raises TooLarge, or NoPolicy where no rate or fee of this method and currency is in force.
    """
    rate = policies.in_force(connection, policy.MONEY_PER_DIAMOND, currency, now)
    fee = policies.in_force(connection, policy.FEE, f"{method}:{currency}", now)
    minutes = policies.in_force(connection, policy.QUOTE_MINUTES, "", now).amount
    gross, taken = policy.redeemable(diamonds, rate.amount)
    cost = policy.fee(gross, fee.share, fee.amount)
    if max(gross, cost) > money.LARGEST:
        raise TooLarge(what="What these diamonds come to")
    terms = (diamonds, taken, gross, cost, rate.id, fee.id)
    made = Quote(user, random_id(), method, currency, *terms, now, now + timedelta(minutes=minutes))
    told = tuple(Refusal(one.code, str(one)) for one in refusals(facts(connection, made, now, None), now))
    return msgspec.structs.replace(made, refusals=told)


def read(connection: Connection, creator: int, number: int) -> Quote | None:
    """A quote of this creator, both by our ids, as it was shown."""
    with connection.cursor(row_factory=class_row(Quote)) as cursor:
        return cursor.execute(SQL["read_quote"], {"creator": creator, "id": number}).fetchone()


def facts(connection: Connection, asked: Quote, now: datetime, used_by: UUID | None) -> Facts:
    """What a request for this quote is judged by now. Raises NoPolicy."""

    def figure(name: str, scope: str = "") -> Policy:
        return policies.in_force(connection, name, scope, now)

    row = connection.execute(SQL["read_holdings"], {"creator": asked.creator, "hour": immature_from(connection, now)})
    diamonds, owed, unbacked, recent = row.fetchone() or (0, 0, 0, 0)
    today = {"day": now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)}
    taken = connection.execute(SQL["read_taken"], today | {"creator": asked.creator, "currency": asked.currency})
    identity = standing.identity_of(connection, asked.creator)
    marks = standing.standing_of(connection, asked.creator)
    method = method_of(connection, asked.creator)
    return Facts(
        asked=asked.asked,
        gross=asked.gross,
        fee=asked.fee,
        method=asked.method,
        currency=asked.currency,
        expires_at=asked.expires_at,
        used_by=None if used_by is None else str(used_by),
        minimum=figure(policy.MINIMUM).amount,
        cap=figure(policy.DAILY_CAP, asked.currency).amount,
        taken_today=(taken.fetchone() or (0,))[0],
        diamonds=diamonds,
        owed=owed,
        unbacked=unbacked,
        matured=max(0, diamonds - owed - recent),
        maturity_days=figure(policy.MATURITY_DAYS).amount,
        identity=identity[-1].state if identity else standing.Identity.NOT_STARTED,
        suspended=marks[-1].reason if marks and marks[-1].state == standing.SUSPENDED else None,
        receives=(method.method, method.currency) if method else None,
        methods=tuple(METHODS),
    )


def immature_from(connection: Connection, now: datetime) -> datetime:
    """The first hour whose diamonds have not matured at `now`; without days to wait every hour has. Raises NoPolicy."""
    days = policies.in_force(connection, policy.MATURITY_DAYS, "", now).amount
    return hour_of(now - timedelta(days=days)) + timedelta(hours=0 if days else 1)
