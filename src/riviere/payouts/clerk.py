"""The clerk: takes redemptions on as far as they go, asks providers to pay, and hears what became of it.

Whatever is done outside this database is written down before: the state that the ledger is to book (`booking`), and
each time that a provider is asked (`payout`). So after a crash anywhere the next round finds what was begun, does it
again under the same ids, and goes on. Several processes may run rounds at once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from riviere.database.connection import Connection
from riviere.economy import policies, policy
from riviere.economy.policies import NoPolicy
from riviere.errors import RiviereError
from riviere.ledger.refusals import NotMatured
from riviere.ledger.writer import Writes
from riviere.payouts import books, quotes, store
from riviere.payouts.judging import ENDED, Verdict, judge
from riviere.payouts.model import ASK_AGAIN, WATCH_EVERY, WATCHED, Row, State, is_booked, wait
from riviere.payouts.provider import Item, Provider, Refused, Unsure
from riviere.payouts.refusals import shortage

#: Who acts where nobody else does.
CLERK: Final = "riviere"

#: How long a process has a redemption for itself: longer than a provider takes to answer.
LEASE: Final = timedelta(minutes=2)


def advance_due(connection: Connection, writer: Writes, providers: Mapping[str, Provider], now: datetime) -> int:
    """One round: takes on everything that is due, and answers how many redemptions it looked at.

    `providers` by payout method. Raises DatabaseGone or QueueFull, and then a later round goes on.
    """
    looked_at = 0
    while (due := store.claim(connection, now, now + LEASE)) is not None:
        _advance(connection, writer, providers, *due, now)
        looked_at += 1
    return looked_at


def _advance(
    connection: Connection,
    writer: Writes,
    providers: Mapping[str, Provider],
    creator: int,
    redemption: UUID,
    now: datetime,
) -> None:
    row, _ = finish(connection, writer, creator, redemption, now)
    if row.state not in (State.APPROVED, State.SUBMITTED, *ENDED):
        return
    provider = providers.get(row.method)
    if provider is None:
        if row.state not in ENDED:
            _call_a_person(connection, row, f"There is no provider for payouts by {row.method}", now, again=True)
        return
    asked_before = row.state != State.APPROVED
    if not asked_before:
        row = _write_down(connection, provider, row, now)
    if row.state == State.SUBMITTED and row.reference is None:
        _submit(connection, writer, provider, row, now, asked_before=asked_before)
    elif row.reference is not None:
        _ask(connection, writer, provider, row, now)


def _call_a_person(connection: Connection, row: Row, reason: str, now: datetime, *, again: bool) -> None:
    """Notes why the clerk cannot go on, unless somebody has meanwhile; it looks again later where that may help."""
    with connection.transaction():
        current = store.lock(connection, row.creator, row.id)
        if _as_it_was(current, row):
            store.note(connection, current, CLERK, reason, now, now + wait(current.tries) if again else None)


def _as_it_was(current: Row, seen: Row) -> bool:
    """Whether nobody has taken a redemption on, or begun to, since the clerk saw it."""
    return (current.attempt, current.state, current.booking) == (seen.attempt, seen.state, None)


def begin(connection: Connection, row: Row, to: State, actor: str, reason: str, now: datetime) -> None:
    """Writes down what the ledger is to book for a redemption that the caller has locked; `finish` books it."""
    going = {"booking": to, "actor": actor, "reason": reason, "due_at": now + LEASE}
    store.save(connection, msgspec.structs.replace(row, **going))


def finish(
    connection: Connection, writer: Writes, creator: int, redemption: UUID, now: datetime
) -> tuple[Row, RiviereError | None]:
    """Books what was begun, if anything, and takes the step: the redemption as it is then, and why a hold was refused.

    The row stays locked while the ledger writes: nobody else can book or turn down the same meanwhile.
    Raises UnknownRedemption, and what kept the writer from answering.
    """
    with connection.transaction():
        row = store.lock(connection, creator, redemption)
        if row.booking is None:
            return row, None
        from_hour = quotes.immature_from(connection, now) if row.booking == State.HELD else now
        (answer,) = writer.write([books.order(row, row.booking, from_hour, now)])
        if not isinstance(answer, RiviereError):
            return _booked(connection, row, row.booking, now), None
        if row.booking == State.HELD and isinstance(answer, NotMatured):
            # Diamonds that were there when the request was judged, and were taken back or held since.
            refusal = _short(connection, row, answer, now)
            return store.move(connection, row, State.REFUSED, CLERK, str(refusal), now), refusal
        reason = f"The ledger refused to book {row.booking}: {answer}"
        row = msgspec.structs.replace(row, booking=None, actor=None, reason=None)
        return store.note(connection, row, CLERK, reason, now, None), answer


def _booked(connection: Connection, row: Row, to: State, now: datetime) -> Row:
    """The step that follows what the ledger has booked."""
    actor, reason = row.actor or CLERK, row.reason or ""
    if to == State.PAID:
        due = {"payments": row.payments + 1, "due_at": now + WATCH_EVERY}
        return store.move(connection, row, to, actor, reason, now, **due)
    if to != State.HELD:
        watched = {"due_at": now + WATCH_EVERY} if row.reference and to in ENDED else {}
        return store.move(connection, row, to, actor, reason, now, **watched)
    row = store.move(connection, row, to, actor, reason, now)
    if _needs_review(connection, row, now):
        return store.move(connection, row, State.IN_REVIEW, CLERK, "A person reviews payouts of this amount", now)
    return store.move(connection, row, State.APPROVED, CLERK, "", now, due_at=now)


def _needs_review(connection: Connection, row: Row, now: datetime) -> bool:
    """Whether what would be paid, after the fee, is over the figure. Without a figure a person reviews everything."""
    try:
        return row.net > policies.in_force(connection, policy.REVIEW_OVER, row.currency, now).amount
    except NoPolicy:
        return True


def _short(connection: Connection, row: Row, refusal: NotMatured, now: datetime) -> RiviereError:
    """The same refusal in the creator's words."""
    quote = quotes.read(connection, row.creator, row.quote)
    assert quote is not None, "quotes are never removed"
    facts = quotes.facts(connection, quote, now, None)
    return next(shortage(msgspec.structs.replace(facts, matured=refusal.facts["matured"])))


def _write_down(connection: Connection, provider: Provider, row: Row, now: datetime) -> Row:
    """Writes down that the provider will be asked; after that, nobody can cancel."""
    with connection.transaction():
        row = store.lock(connection, row.creator, row.id)
        if row.state != State.APPROVED or row.booking is not None:
            return row  # somebody cancelled it
        nothing_yet = {"reference": None, "item": None, "status": None}
        attempt = {"attempt": row.attempt + 1, "asked_at": now, "due_at": now + LEASE} | nothing_yet
        reason = f"{provider.name} is asked to pay {row.masked}"
        moved = store.move(connection, row, State.SUBMITTED, CLERK, reason, now, **attempt)
        store.add_payout(connection, moved)
        return moved


def _submit(
    connection: Connection, writer: Writes, provider: Provider, row: Row, now: datetime, *, asked_before: bool
) -> None:
    """Asks the provider to pay: as often as it takes to be sure, always by the same id.

    A refusal is the end of it only the first time: what was asked before without a clear answer may have been taken.
    """
    assert row.asked_at is not None, "what was submitted has a payout"
    if now - row.asked_at > ASK_AGAIN:
        reason = (
            f"{provider.name} gave no clear answer in {ASK_AGAIN.days} days and is not asked again: it could pay twice"
        )
        _call_a_person(connection, row, reason, now, again=False)
        return
    refused: Refused | None = None
    answer: dict[str, Any] = {}
    item = Item(id=row.batch, receiver=row.receiver, amount=row.net, currency=row.currency, note="Your payout")
    try:
        answer = {"reference": provider.submit(row.batch, [item]), "tries": 0}
    except Refused as definite:
        refused = definite
    except Unsure:
        pass
    with connection.transaction():
        current = store.lock(connection, row.creator, row.id)
        if (current.attempt, current.reference) != (row.attempt, None):
            return
        if answer:
            current = msgspec.structs.replace(current, **answer)
            store.save_payout(connection, current)
        if current.state != State.SUBMITTED or current.booking is not None:
            if answer:
                reason = f"{provider.name} took the payout after it was given up"
                store.note(connection, current, provider.name, reason, now, now + wait(0))
            return
        again = now + wait(current.tries)
        if refused is None:
            store.later(connection, current, again)
        elif asked_before:
            reason = f"Refused now ({refused}), but what was asked before may have been taken: was it paid?"
            store.note(connection, current, provider.name, reason, now, again)
        else:
            give_up(connection, current, provider.name, str(refused), now)
    finish(connection, writer, row.creator, row.id, now)


def give_up(connection: Connection, row: Row, actor: str, reason: str, now: datetime) -> None:
    """A locked redemption will not be paid: the diamonds go back, or the money is owed as before."""
    if row.payments:
        store.move(connection, row, State.RETURNED, actor, reason, now)
    else:
        begin(connection, row, State.FAILED, actor, reason, now)


def _ask(connection: Connection, writer: Writes, provider: Provider, row: Row, now: datetime) -> None:
    """Hears what became of a payout, and does what follows from it."""
    assert row.reference is not None
    ours = None
    try:
        answers = provider.items(row.reference)
        verdict = judge(row, provider.name, answers)
        ours = next((answer for answer in answers if answer.id == row.batch), None)
    except Refused as refused:
        verdict = Verdict(reason=f"{provider.name} does not say what became of it: {refused}", note=True)
    except Unsure:
        verdict = Verdict()
    with connection.transaction():
        current = store.lock(connection, row.creator, row.id)
        if not _as_it_was(current, row):
            return
        if ours is not None and (ours.reference, ours.status) != (current.item, current.status):
            current = msgspec.structs.replace(current, item=ours.reference, status=ours.status)
            store.save_payout(connection, current)
        again = _when(current, now)
        if verdict.to is None and not verdict.note:
            store.later(connection, current, again)
        elif verdict.to is None:
            store.note(connection, current, provider.name, verdict.reason, now, again)
        elif is_booked(current.state, verdict.to):
            begin(connection, current, verdict.to, provider.name, verdict.reason, now)
        else:
            store.move(connection, current, verdict.to, provider.name, verdict.reason, now, due_at=again)
    finish(connection, writer, row.creator, row.id, now)


def _when(row: Row, now: datetime) -> datetime | None:
    """When to ask again: often while money is on its way, daily for a while after it has come to an end."""
    if row.state == State.SUBMITTED:
        return now + wait(row.tries)
    assert row.asked_at is not None
    return now + WATCH_EVERY if now - row.asked_at < WATCHED else None
