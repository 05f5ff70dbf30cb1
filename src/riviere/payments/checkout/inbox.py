"""What the card processor tells: kept once an event, then applied. Where it is silent, it is asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from psycopg.rows import class_row, kwargs_row, scalar_row

from riviere.database.connection import Connection
from riviere.ledger.refusals import ChargeTaken, KeyReused
from riviere.ledger.writer import Writes
from riviere.payments.checkout import checkouts
from riviere.payments.checkout.checkouts import ASK_AFTER, SQL
from riviere.payments.checkout.model import CardProcessor, Checkout, Event, Misfit, ProcessorRefused, ProcessorUnsure
from riviere.payments.refunds import refunds

#: Events and checkouts that one round takes up.
_AT_ONCE: Final = 50

#: Nobody pays any more: Stripe forgets the keys of requests after a day (docs.stripe.com/api/idempotent_requests), and
#: from then on asking for a payment again would make a second one.
ABANDONED: Final = timedelta(hours=23)

#: What can be wrong with a payment for good, so that a person has to look at it.
_WRONG: Final = (Misfit, ChargeTaken, KeyReused)


class Told(msgspec.Struct, frozen=True):
    """An event as people look at it: `state` is waiting, applied, kept or attention, and `reason` why the last."""

    id: str
    type: str
    created_at: datetime
    received_at: datetime
    state: Literal["waiting", "applied", "kept", "attention"]
    reason: str


def keep(connection: Connection, event: Event, now: datetime) -> None:
    """Keeps an event, once. One whose end we do not follow is kept, and nothing is done about it."""
    followed = bool(event.payment is not None and event.payment.tag) or event.refund.startswith(f"{refunds.TAG}:")
    state = "waiting" if followed else "kept"
    row = {"id": event.id, "type": event.type, "created_at": event.created_at, "body": event.body}
    connection.execute(SQL["keep_event"], row | {"now": now, "state": state})


def apply(connection: Connection, writer: Writes, processor: CardProcessor, event: Event, now: datetime) -> None:
    """Does what a kept event says, or says why it does not fit. Safe to repeat."""
    state, reason = "applied", ""
    try:
        if event.payment is not None and event.payment.tag:
            checkout = checkouts.by_tag(connection, event.payment.tag)
            if checkout is None:
                raise Misfit(reason=f"{event.payment.reference} names no checkout of ours: {event.payment.tag}"[:400])
            checkouts.settle(connection, writer, processor, checkout, event.payment, now)
        elif event.refund.startswith(f"{refunds.TAG}:"):
            givers = {processor.name: processor}
            refunds.heard(connection, writer, givers, event.refund, event.refund_failed, now)
    except _WRONG as wrong:
        state, reason = "attention", str(wrong)[:500]
    connection.execute(SQL["decide_event"], {"id": event.id, "state": state, "reason": reason})


def advance(connection: Connection, writer: Writes, processor: CardProcessor, now: datetime) -> int:
    """Applies what waits, asks about payments that nothing was heard of, and ends those that nobody makes.

    Answers how many it took up.
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        bodies = cursor.execute(SQL["waiting_events"], {"most": _AT_ONCE}).fetchall()
    for body in bodies:
        apply(connection, writer, processor, processor.read(body), now)
    with connection.cursor(row_factory=kwargs_row(Checkout.of_row)) as cursor:
        due = cursor.execute(SQL["due_checkouts"], {"now": now, "most": _AT_ONCE}).fetchall()
    for checkout in due:
        _ask(connection, writer, processor, checkout, now)
    return len(bodies) + len(due)


def _ask(connection: Connection, writer: Writes, processor: CardProcessor, checkout: Checkout, now: datetime) -> None:
    """Asks the processor about one payment; the next time after as long again as it has been open."""
    age = now - checkout.started_at
    which = {"user": checkout.user_id, "id": checkout.id, "ask_at": now + max(ASK_AFTER, age)}
    connection.execute(SQL["ask_again"], which)
    try:
        payment = checkouts.payment_of(connection, processor, checkout, now)
        if age > ABANDONED and not payment.paid and not payment.cancelled:
            payment = processor.cancel(payment.reference)
        checkouts.settle(connection, writer, processor, checkout, payment, now)
    except (ProcessorRefused, ProcessorUnsure, *_WRONG):
        # It is asked again; what is wrong with what was paid is in the event that told of it.
        return


def listed(
    connection: Connection, before: tuple[datetime, str] | None, most: int, *, attention: bool
) -> Sequence[Told]:
    """Up to `most` events, the latest first, received before the one given; only those that need a person, if asked."""
    at, name = before or (None, None)
    asked = {"attention": attention, "at": at, "before": name, "most": most}
    with connection.cursor(row_factory=class_row(Told)) as cursor:
        return cursor.execute(SQL["page_events"], asked).fetchall()
