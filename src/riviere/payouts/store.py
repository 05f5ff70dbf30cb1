"""Redemptions as rows: locked, moved on by one step, saved. The only place that writes them, their steps and payouts.

Everything here runs in the caller's transaction and leaves by it: a state, its step and its event stand together or not
at all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from riviere import money, outbox
from riviere.database.connection import Connection
from riviere.economy import people
from riviere.payouts.methods import SQL
from riviere.payouts.model import ATTENTION, Row, State, Step, UnknownRedemption, Waiting, may
from riviere.payouts.quotes import Quote

#: Characters of a step's reason that are kept (migration 0005).
_LONGEST_TOLD: Final = 2_000


def find(connection: Connection, creator: int, redemption: UUID) -> Row | None:
    """A redemption of this creator, if there is one."""
    return next(iter(_rows(connection, [(creator, redemption)])), None)


def read(connection: Connection, creator: int, redemption: UUID) -> Row:
    """A redemption of this creator. Raises UnknownRedemption."""
    found = find(connection, creator, redemption)
    if found is None:
        raise UnknownRedemption(redemption=redemption)
    return found


def of_creator(connection: Connection, creator: int, after: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
    """A creator's redemptions, newest first, after that time of request and id."""
    asked = {"creator": creator, **_place(after), "most": limit}
    return _rows(connection, connection.execute(SQL["list_redemptions"], asked).fetchall())


def for_people(connection: Connection, after: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
    """What waits for a person, longest first, after that time of request and id."""
    asked = {**_place(after), "most": limit}
    return _rows(connection, connection.execute(SQL["list_for_people"], asked).fetchall())


def among(connection: Connection, state: str, after: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
    """Everybody's redemptions in a state, or those with ATTENTION, newest first, after that time of request and id."""
    query = "list_with_attention" if state == ATTENTION else "list_by_state"
    asked = {"state": state, **_place(after), "most": limit}
    return _rows(connection, connection.execute(SQL[query], asked).fetchall())


def waiting(connection: Connection) -> list[Waiting]:
    """What waits for a decision of a person, by why and currency."""
    return [Waiting(*row) for row in connection.execute(SQL["count_waiting"])]


def _place(after: tuple[datetime, UUID] | None) -> dict[str, Any]:
    """Where a page goes on. The time is given too: that of a refused redemption changes when it is asked for again."""
    return dict(zip(("at", "id"), after or (None, None), strict=True))


def _rows(connection: Connection, named: Sequence[tuple[Any, ...]]) -> list[Row]:
    """Redemptions by creator and id, in this order."""
    asked = {"creators": [creator for creator, _ in named], "ids": [redemption for _, redemption in named]}
    with connection.cursor(row_factory=dict_row) as cursor:
        return msgspec.convert(cursor.execute(SQL["read_redemptions"], asked).fetchall(), list[Row])


def lock(connection: Connection, creator: int, redemption: UUID) -> Row:
    """The same, locked until the transaction ends. Raises UnknownRedemption."""
    # Locked first and read after: what a statement reads while it waits for a lock may be old.
    connection.execute(SQL["lock_redemption"], {"creator": creator, "id": redemption})
    return read(connection, creator, redemption)


def opened(
    connection: Connection,
    quote: Quote,
    redemption: UUID,
    method: int | None,
    state: State,
    actor: str,
    reason: str,
    now: datetime,
) -> Row:
    """A redemption that somebody asks for, new or refused before: requested, or refused at once."""
    row = {"creator": quote.creator, "id": redemption, "quote": quote.id, "payout_method": method, "at": now}
    connection.execute(SQL["open_redemption"], row | {"state": state})
    found = read(connection, quote.creator, redemption)
    return _step(connection, msgspec.structs.replace(found, step=found.step + 1), actor, reason, now, tell=True)


def move(connection: Connection, row: Row, to: State, actor: str, reason: str, now: datetime, **changes: Any) -> Row:
    """Takes a locked redemption to its next state; what was being booked is booked, and nobody needs to look at it."""
    assert may(row.state, to, row.payments), f"a redemption that is {row.state} never becomes {to}"
    done = {"booking": None, "actor": None, "reason": None, "attention": None, "tries": 0, "due_at": None}
    moved = msgspec.structs.replace(row, state=to, step=row.step + 1, **(done | changes))
    return _step(connection, moved, actor, reason, now, tell=True)


def note(connection: Connection, row: Row, actor: str, reason: str, now: datetime, due_at: datetime | None) -> Row:
    """Calls a person to a locked redemption: a step that moves nothing, written once however often it comes up."""
    if row.attention == _fit(reason):
        return later(connection, row, due_at)
    noted = msgspec.structs.replace(row, step=row.step + 1, attention=reason, tries=row.tries + 1, due_at=due_at)
    return _step(connection, noted, actor, reason, now, tell=False)


def later(connection: Connection, row: Row, due_at: datetime | None) -> Row:
    """Puts off a locked redemption: somebody was asked in vain, or has nothing new to say."""
    return save(connection, msgspec.structs.replace(row, due_at=due_at, tries=row.tries + 1))


def settle_attention(connection: Connection, row: Row, actor: str, reason: str, now: datetime) -> Row:
    """A person has looked at a locked redemption: a step says what came of it, and what has ended is at rest."""
    due_at = (row.due_at or now) if row.state == State.SUBMITTED else None
    seen = msgspec.structs.replace(row, step=row.step + 1, attention=None, due_at=due_at)
    return _step(connection, seen, actor, reason, now, tell=False)


def save(connection: Connection, row: Row) -> Row:
    """Writes a locked redemption."""
    connection.execute(SQL["save_redemption"], _columns(row))
    return row


def _step(connection: Connection, row: Row, actor: str, reason: str, now: datetime, *, tell: bool) -> Row:
    save(connection, row)
    step = {"number": row.step, "state": row.state, "at": now, "actor": actor, "reason": _fit(reason)}
    connection.execute(SQL["add_step"], step | {"creator": row.creator, "redemption": row.id})
    if tell:
        money_of = {"gross": row.gross, "fee": row.fee, "net": max(0, row.net)}
        told = {name: {"amount": money.plain(units, row.currency), "currency": row.currency}
                for name, units in money_of.items()}  # fmt: skip
        told_of = {"redemption": row.id, "creator": people.names(connection, [row.creator])[row.creator]}
        told_of |= {"diamonds": money.plain(row.diamonds, money.DIAMOND), **told, **step}
        outbox.put(connection, f"redemption.{row.state}", f"redemption/{row.id}", told_of, now)
    return row


def claim(connection: Connection, now: datetime, until: datetime) -> tuple[int, UUID] | None:
    """Takes a redemption that is due, for nobody else until `until`: its creator and id."""
    found = connection.execute(SQL["claim_due"], {"now": now, "until": until}).fetchone()
    return None if found is None else (found[0], found[1])


def add_payout(connection: Connection, row: Row) -> None:
    """Writes down that a provider will be asked, before it is."""
    connection.execute(SQL["add_payout"], msgspec.structs.asdict(row))


def save_payout(connection: Connection, row: Row) -> None:
    """Keeps what the provider calls a payout, and says of it."""
    connection.execute(SQL["save_payout"], _columns(row))


def used_by(connection: Connection, quote: Quote) -> UUID | None:
    """The redemption that has used this quote; a refused one has not."""
    found = connection.execute(SQL["read_use"], {"creator": quote.creator, "quote": quote.id}).fetchone()
    return None if found is None else found[0]


def whose(connection: Connection, redemption: UUID) -> int:
    """The creator of a redemption, by our id. Raises UnknownRedemption."""
    found = connection.execute(SQL["whose_redemption"], {"id": redemption}).fetchone()
    if found is None:
        raise UnknownRedemption(redemption=redemption)
    return int(found[0])


def steps(connection: Connection, rows: Sequence[Row]) -> dict[UUID, list[Step]]:
    """The steps of redemptions, in order."""
    found: dict[UUID, list[Step]] = {row.id: [] for row in rows}
    asked = {"creators": [row.creator for row in rows], "ids": [row.id for row in rows]}
    for redemption, number, state, *rest in connection.execute(SQL["read_steps"], asked):
        found[redemption].append(Step(number, State(state), *rest))
    return found


def has_step(connection: Connection, row: Row, to: State, actor: str, reason: str) -> bool:
    """Whether somebody has taken this very step before: who asks twice is answered twice the same."""
    asked = {"creator": row.creator, "redemption": row.id, "state": to, "actor": actor, "reason": reason}
    return bool((connection.execute(SQL["same_step"], asked).fetchone() or (0,))[0])


def _columns(row: Row) -> dict[str, Any]:
    """The fields of a row, its texts as a column takes them."""
    fields = msgspec.structs.asdict(row)
    return fields | {name: _fit(value) for name, value in fields.items() if type(value) is str}


def _fit(text: str) -> str:
    """A text as a column takes it: a provider may say anything."""
    return text[:_LONGEST_TOLD].replace("\0", "")
