"""What somebody's accounts hold, and held: wallet, balance, entries."""

from datetime import datetime
from typing import Final, cast

from riviere import clock, money
from riviere.clock import BadTime, FutureTime
from riviere.database.connection import Connection, snapshot
from riviere.economy import explaining, figures, people, places, policies, wallet
from riviere.economy.telling import Told, tell
from riviere.http import cursors
from riviere.http.accounts import KIND_OF, meant
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.ledger.journal import matured
from riviere.ledger.law import KINDS, Kind
from riviere.ledger.refusals import UnknownEntry
from riviere.ledger.statement import balance_at, entries
from riviere.payouts import quotes
from riviere.wire import wallets as wire

_ENTRY: Final = wire.AccountEntry(
    seq=12,
    id="f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11",
    route="gift",
    what="Comet",
    who="mira",
    amount="299",
    balance="8420",
    at=EXAMPLE_TIME,
    booked_at=EXAMPLE_TIME,
)


@operation(
    "GET",
    "/v1/users/{user}/wallet",
    id="getWallet",
    tag="Wallets",
    scope="wallets:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=wire.Wallet(
        user="aurora",
        coins=1200,
        bonus=50,
        expiring=[wire.Expiring(coins=50, expires_at=EXAMPLE_TIME)],
        frozen=0,
        diamonds="8420",
        matured="7100",
        held="0",
        owed="0",
        unbacked="0",
    ),
)
def get_wallet(call: Call) -> wire.Wallet:
    """Get what a user's accounts hold now.

    Viewers and creators are the same kind of user: coins are what was bought, diamonds what was earned. A gift spends
    bonus coins first, those that expire first before the others that were given with them.
    """
    user = call.path["user"]
    with call.reading() as connection, snapshot(connection):
        someone = people.find(connection, user).id
        held = wallet.wallet(connection, someone)
        ripe = _matured(connection, someone, call.now)
    return wire.Wallet(
        user=user,
        coins=held.coins,
        bonus=held.bonus,
        expiring=[wire.Expiring(coins=part.coins, expires_at=part.expires_at) for part in held.expiring],
        frozen=held.frozen,
        diamonds=_diamonds(held.diamonds),
        matured=None if ripe is None else _diamonds(ripe),
        held=_diamonds(held.held),
        owed=_diamonds(held.owed),
        unbacked=_diamonds(held.unbacked),
    )


@operation(
    "GET",
    "/v1/users/{user}/balance",
    id="getBalance",
    tag="Wallets",
    scope="wallets:read",
    owner="user",
    raises=(people.UnknownUser, BadTime, FutureTime),
    answer=wire.Balance(user="aurora", account="diamonds", asset="DIAMOND", at=EXAMPLE_TIME, balance="8420"),
)
def get_balance(call: Call, query: wire.BalanceQuery) -> wire.Balance:
    """Get what an account holds, or held at any past moment."""
    user = call.path["user"]
    at = None if query.at is None else clock.happened(clock.instant(query.at, "`at`"), call.now, "`at`")
    with call.reading() as connection:
        someone = people.find(connection, user).id
        kind = meant(connection, someone, query.account)
        held = balance_at(connection, someone, kind, at)
    account, asset = _names(kind)
    return wire.Balance(user=user, account=account, asset=asset, at=at or call.now, balance=money.plain(held, asset))


@operation(
    "GET",
    "/v1/users/{user}/entries",
    id="listEntries",
    tag="Wallets",
    scope="wallets:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=wire.Entries(account="diamonds", asset="DIAMOND", data=[_ENTRY], next=None),
)
def list_entries(call: Call, query: wire.EntryQuery) -> wire.Entries:
    """List the entries of an account, newest first, each with the balance after it."""
    before = cursors.read(query.cursor, cursors.Numbered)
    with call.reading() as connection:
        someone = people.find(connection, call.path["user"]).id
        kind = meant(connection, someone, query.account)
        lines = entries(connection, someone, kind, before and before.seq, query.limit + 1)
        told = tell(connection, someone, lines)
    account, asset = _names(kind)
    page = cursors.page(told, query.limit, lambda line: _shown(line, asset), lambda line: (line.seq,))
    return wire.Entries(account=account, asset=asset, data=page.data, next=page.next)


@operation(
    "GET",
    "/v1/users/{user}/accounts/{account}/entries/{seq}/why",
    id="explainEntry",
    tag="Wallets",
    scope="wallets:read",
    owner="user",
    raises=(people.UnknownUser, UnknownEntry),
    answer=wire.ExplainedEntry(
        account="diamonds",
        asset="DIAMOND",
        entry=_ENTRY,
        gift="comet",
        pieces=1,
        coins=299,
        stream="live",
        post=None,
        policy=1,
        rate="1 diamond a coin",
        rate_since=EXAMPLE_TIME,
        undoes=None,
    ),
)
def explain_entry(call: Call) -> wire.ExplainedEntry:
    """Explain an entry of an account: which gift, of how many coins, at which rate, since when that held.

    Entries are numbered (`seq`) in each account. Of a gift that was undone it says what that gift had been.
    """
    with call.reading() as connection:
        someone = people.find(connection, call.path["user"]).id
        kind = KIND_OF.get(call.path["account"])
        if kind is None:
            raise UnknownEntry(what="entry", id=call.path["seq"][:60])
        found = explaining.explain(connection, someone, kind, call.path["seq"])
    account, asset = _names(kind)
    place, rate = found.place, found.rate
    return wire.ExplainedEntry(
        account=account,
        asset=asset,
        entry=_shown(found.told, asset),
        gift=found.gift,
        pieces=found.pieces,
        coins=found.coins,
        stream=place.id if place is not None and place.kind == places.STREAM else None,
        post=place.id if place is not None and place.kind == places.POST else None,
        policy=None if rate is None else rate.id,
        rate=None if rate is None else figures.shown(rate),
        rate_since=None if rate is None else rate.starts_at,
        undoes=None if found.undoes is None else str(found.undoes),
    )


def _matured(connection: Connection, user: int, now: datetime) -> int | None:
    try:
        return matured(connection, user, quotes.immature_from(connection, now))
    except policies.NoPolicy:
        return None


def _names(kind: Kind) -> tuple[wire.Account, wire.Asset]:
    law = KINDS[kind]
    return cast("wire.Account", law.name), cast("wire.Asset", law.asset)


def _shown(line: Told, asset: str) -> wire.AccountEntry:
    return wire.AccountEntry(
        seq=line.seq,
        id=str(line.id),
        route=line.route,
        what=line.what,
        who=line.who or None,
        amount=money.plain(line.amount, asset),
        balance=money.plain(line.balance, asset),
        at=line.at,
        booked_at=line.booked_at,
    )


def _diamonds(units: int) -> str:
    return money.plain(units, money.DIAMOND)
