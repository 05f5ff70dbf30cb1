"""`riviere statement` and `balance`: what accounts hold, and every line of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args
from uuid import UUID

import msgspec
from cyclopts import Parameter

from riviere import clock, money
from riviere.cli import remote
from riviere.cli.common import NOTHING_SAID, Common, table
from riviere.cli.inputs import At, Since, Until, past, period, write_file
from riviere.cli.showing import counted, exact, iso, signed, units, when
from riviere.clock import SKEW
from riviere.database.connection import Connection
from riviere.economy import people
from riviere.economy.telling import Told, tell, usual_account
from riviere.economy.wallet import Expiring, wallet
from riviere.errors import BadInput
from riviere.ledger.law import KINDS, Kind, is_users
from riviere.ledger.proof import Statement
from riviere.ledger.statement import balance_at, prove, settled
from riviere.ledger.statement import statement as read_statement
from riviere.wire.statements import StatementQuery
from riviere.wire.wallets import Account, AccountEntry, BalanceQuery

if TYPE_CHECKING:
    from riviere.client import Client

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = {law.name: kind for kind, law in KINDS.items() if is_users(kind)}


class Page(msgspec.Struct, frozen=True):
    """A statement as the command line shows it. `chosen` says that nobody named the account."""

    document: Statement
    kind: Kind
    lines: list[Told]
    chosen: bool

    @property
    def asset(self) -> str:
        """What the account holds."""
        return KINDS[self.kind].asset

    def rows(self) -> list[dict[str, Any]]:
        """The lines for a program."""
        return [
            msgspec.structs.asdict(line)
            | {
                "booked_at": iso(line.booked_at),
                "at": iso(line.at),
                "amount": exact(line.amount, self.asset),
                "balance": exact(line.balance, self.asset),
                "id": str(line.id),
            }
            for line in self.lines
        ]


def read_page(
    connection: Connection, user: str, account: str | None, since: datetime | None, until: datetime | None
) -> Page:
    """A user's statement; without an account the usual one. Raises UnknownUser, BadPeriod, FutureTime."""
    period(since, until)
    now = clock.now()
    until = past(until, "--until") or now
    someone = people.find(connection, user).id
    kind = usual_account(connection, someone) if account is None else _KINDS[account]
    # A gift that is being booked has its time already, and can be read only when it is committed: it is waited for.
    until = min(until, settled(connection, someone, kind))
    document = read_statement(connection, someone, kind, since or _BEGIN, until)
    return Page(document, kind, tell(connection, someone, document.lines), account is None)


def statement(
    user: str,
    *,
    account: Annotated[Account | None, Parameter(help="Diamonds if the user ever earned, else coins.")] = None,
    since: Since = None,
    until: Until = None,
    proofs: Annotated[Path | None, Parameter(help="Write it as JSON that an outsider can check.")] = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Print every line of an account between two balances, or write it with proofs for an outsider to check."""
    if proofs is None:
        page = (
            _page_there(common, user, account, since, until)
            if common.server
            else _page(common, user, account, since, until)
        )
        common.answer(_head(page.document, user, since) | {"lines": page.rows()}, *_shown(page, user, since))
        return
    if common.server:
        document = _proven_there(common, user, account, since, until)
    else:
        with common.riviere() as riviere:
            document = read_page(riviere.connection, user, account, since, until).document
            prove(riviere.connection, riviere.signer, document, clock.now())
    write_file(proofs, msgspec.json.encode(document))
    key, asset = document.public_key.hex(), KINDS[_KINDS[document.kind]].asset
    common.answer(
        _head(document, user, since) | {"lines": len(document.lines), "file": str(proofs), "public_key": key},
        f"{proofs}: {counted(len(document.lines), 'line')} of {document.kind}, "
        f"from {_figure(document.opening, asset)} to {_figure(document.closing, asset)}, "
        f"under {counted(len(document.heads), 'signed head')}",
        f"public key  {key}",
        f"check it    riviere check-statement {proofs} --public-key {key}",
        "Whoever checks it needs the key from you by another way than this file, and nothing else.",
    )


def _head(document: Statement, user: str, since: datetime | None) -> dict[str, Any]:
    asset = KINDS[_KINDS[document.kind]].asset
    return {
        "user": user,
        "account": document.kind,
        "asset": asset,
        "since": iso(since),
        "until": iso(document.until),
        "opening": exact(document.opening, asset),
        "closing": exact(document.closing, asset),
    }


def _page(common: Common, user: str, account: Account | None, since: datetime | None, until: datetime | None) -> Page:
    with common.riviere() as riviere:
        return read_page(riviere.connection, user, account, since, until)


def _page_there(
    common: Common, user: str, account: Account | None, since: datetime | None, until: datetime | None
) -> Page:
    """The same of a server, out of the pages of entries that it has."""
    period(since, until)
    until = past(until, "--until")

    def asked(server: "Client") -> Page:
        pages = list(remote.entries(server, user, account, since))
        name, asset = pages[0].account, pages[0].asset
        every = [_told(line, asset) for page in pages for line in page.data]
        lines = [line for line in every if _within(line.booked_at, since, until)][::-1]
        if lines:
            opening, closing = lines[0].balance - lines[0].amount, lines[-1].balance
        else:
            held = server.get_balance(user, BalanceQuery(account=name, at=until))
            opening = closing = units(held.balance, asset)
        document = Statement(1, 0, name, since or _BEGIN, until or clock.now(), opening, closing, [])
        return Page(document, _KINDS[name], lines, account is None)

    return remote.ask(common, asked)


def _within(instant: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since <= instant) and (until is None or instant < until)


def _told(line: AccountEntry, asset: str) -> Told:
    return Told(
        line.seq,
        line.booked_at,
        line.at,
        line.route,
        line.what,
        line.who or "",
        units(line.amount, asset),
        units(line.balance, asset),
        UUID(line.id),
    )


def _proven_there(
    common: Common, user: str, account: Account | None, since: datetime | None, until: datetime | None
) -> Statement:
    if since is None:
        raise BadInput(detail="A server proves a year at the most: say --since")
    query = StatementQuery(since=since, until=until, account=account)
    return remote.ask(common, lambda server: server.get_statement(user, query))


def _shown(page: Page, user: str, since: datetime | None) -> tuple[object, ...]:
    document, asset = page.document, page.asset
    period = f"{when(since) or 'the beginning'} to {when(document.until)} UTC"
    head = f"{user} · {document.kind} · {period}"
    if page.chosen and page.kind == Kind.UNBACKED:
        head += "\nAll of it came from imports that nobody has posted money behind yet: riviere admin back"
    if not page.lines:
        return head, f"nothing was booked; the balance is {_figure(document.opening, asset)}"
    # Only what an import brought happened at another time than it was booked.
    late = any(line.booked_at - line.at > SKEW for line in page.lines)
    columns = (">seq", "booked at", *(["happened at"] if late else []), "route", "who", ">amount", ">balance", "what")
    gap = [""] * late
    opening = ["", when(since), *gap, "opening", "", "", _figure(document.opening, asset), ""]
    closing = ["", when(document.until), *gap, "closing", "", "", _figure(document.closing, asset), ""]
    lines = [
        [
            f"{line.seq:,}",
            when(line.booked_at),
            *([when(line.at)] if late else []),
            line.route,
            line.who,
            signed(line.amount, asset),
            _figure(line.balance, asset),
            line.what,
        ]
        for line in page.lines
    ]
    return head, table(columns, [opening, *lines, closing])


def _figure(units: int, asset: str) -> str:
    return money.grouped(units, asset)


def balance(user: str, *, at: At = None, common: Common = NOTHING_SAID) -> None:
    """Show what a user's accounts hold, or held at a past time."""
    past(at, "--at")
    assets = {name: KINDS[kind].asset for name, kind in _KINDS.items()}
    if common.server:
        held, expiring = remote.ask(common, lambda server: _held_there(server, user, at))
    else:
        with common.riviere() as riviere:
            someone = people.find(riviere.connection, user).id
            held = {name: balance_at(riviere.connection, someone, kind, at) for name, kind in _KINDS.items()}
            expiring = wallet(riviere.connection, someone).expiring if at is None else []
    rows = [(name, _figure(units, assets[name]), KINDS[_KINDS[name]].note) for name, units in held.items()]
    common.answer(
        {
            "user": user,
            "at": iso(at),
            "accounts": {name: exact(units, assets[name]) for name, units in held.items()},
            "expiring": [{"coins": part.coins, "expires_at": iso(part.expires_at)} for part in expiring],
        },
        f"{user} · {'now' if at is None else f'{when(at)} UTC'}",
        table(("account", ">balance", "what it is"), rows),
        *(f"{counted(part.coins, 'bonus coin')} expire at {when(part.expires_at)} UTC" for part in expiring),
    )


def _held_there(server: "Client", user: str, at: datetime | None) -> tuple[dict[str, int], list[Expiring]]:
    held: dict[str, int] = {}
    for account in get_args(get_args(Account)[0]):
        balance = server.get_balance(user, BalanceQuery(account=account, at=at))
        held[balance.account] = units(balance.balance, balance.asset)
    expiring = server.get_wallet(user).expiring if at is None else []
    return held, [Expiring(part.coins, part.expires_at) for part in expiring]
