"""Refunds as people ask for them, and how each goes on: frozen, paid back by the processor, or back in the wallet."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg.rows import kwargs_row

from riviere import money
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people, policies
from riviere.economy.gifts import SPEND_AGAIN, write_one
from riviere.economy.policy import REFUND_DAYS
from riviere.economy.wallet import totals
from riviere.errors import RiviereError
from riviere.ids import BadKey, client_id, request_digest, system_id
from riviere.ledger import refunding
from riviere.ledger.journal import legs
from riviere.ledger.law import Kind, Route
from riviere.ledger.model import Freeze, Refund, Thaw, Totals
from riviere.ledger.provenance import Queue, taken_by, unspent_of
from riviere.ledger.refusals import KeyReused, NotRefundable, UnknownEntry
from riviere.ledger.store import read_known, read_queue
from riviere.ledger.writer import Writes
from riviere.payments.checkout.model import Misfit, ProcessorRefused, ProcessorUnsure
from riviere.payments.refunds.model import Given, Giver, Row, State, TooLateToRefund, UnknownRefund

SQL = load("riviere.payments.refunds")

#: A refund that is not through is looked at again after a minute, and then ever more rarely.
_LOOK_AGAIN: Final = timedelta(minutes=1)
#: Refunds that one round takes up.
_AT_ONCE: Final = 50

#: What calls a refund at the processor, before the user and the id.
TAG: Final = "refund"


class Offer(msgspec.Struct, frozen=True):
    """What of a purchase may be given back: `coins` for `price` minor units, with `bonus`, until `until`."""

    coins: int
    bonus: int
    price: int
    currency: str
    until: datetime


def offer(connection: Connection, user: int, purchase: UUID, now: datetime) -> Offer:
    """What a user (our id) may give back of a purchase now: nothing, once it is too late or all of it is used.

    Raises UnknownEntry and NoPolicy.
    """
    booked_at, *_ = _bought(connection, user, purchase)
    until = booked_at + timedelta(days=_days(connection, now))
    pack = refunding.bought(legs(connection, user, purchase), purchase)
    coins, bonus = _queue(connection, user, Kind.COINS), _queue(connection, user, Kind.BONUS)
    most = refunding.refundable(pack, coins, bonus) if now < until else 0
    price = refunding.share(pack, refunding.far_end(unspent_of(coins, pack.id), most))
    if not price:
        return Offer(0, 0, 0, pack.currency, until)
    return Offer(most, refunding.leaving(pack, coins, bonus, most), price, pack.currency, until)


def ask(
    connection: Connection,
    writer: Writes,
    givers: Mapping[str, Giver],
    *,
    user: str,
    purchase: UUID,
    coins: int | None,
    key: str,
    now: datetime,
) -> Row:
    """Gives back `coins` unspent coins of a user's purchase, or all that may be (None); answers how far that has come.

    The same key again answers the same; what was refused moved nothing and may be asked again. Raises UnknownUser,
    UnknownEntry, NotRefundable, TooLateToRefund, NoPolicy, BadKey, KeyReused and BadAmount.
    """
    if coins is not None:
        money.amount(coins, "What is given back", unit="coins")
    buyer = people.find(connection, user).id
    refund_id, request = client_id(key), request_digest("refund", user, purchase.hex, coins)
    found = _read(connection, buyer, refund_id)
    if found is None and read_known(connection, [(buyer, refund_id)]):
        raise KeyReused
    if found is not None and found.request != request:
        raise KeyReused
    if found is None or found.state == State.REFUSED:
        booked_at, processor, charge, currency = _bought(connection, buyer, purchase)
        days = _days(connection, now)
        if now >= booked_at + timedelta(days=days):
            raise TooLateToRefund(days=days, bought=f"{booked_at:%Y-%m-%d}")
        terms = {"user": buyer, "id": refund_id, "request": request, "purchase": purchase, "asked": coins}
        paid = {"processor": processor, "charge": charge, "currency": currency}
        connection.execute(SQL["ask_refund"], terms | paid | {"now": now})
        found = _sure(_read(connection, buyer, refund_id))
        if found.request != request:
            raise KeyReused
    return advance(connection, writer, givers, found, now)


def find(connection: Connection, user: int, key: str) -> Row:
    """The refund that a user (our id) asked for under a key. Raises UnknownRefund."""
    try:
        found = _read(connection, user, client_id(key))
    except BadKey:
        found = None
    if found is None:
        raise UnknownRefund(key=key)
    return found


def listed(connection: Connection, user: int, before: tuple[datetime, UUID] | None, most: int) -> Sequence[Row]:
    """Up to `most` of a user's refunds, the latest first, asked for before the one given."""
    at, last = before or (None, None)
    asked = {"user": user, "at": at, "before": last, "most": most}
    with connection.cursor(row_factory=kwargs_row(Row.of_row)) as cursor:
        return cursor.execute(SQL["page_refunds"], asked).fetchall()


def advance_due(connection: Connection, writer: Writes, givers: Mapping[str, Giver], now: datetime) -> int:
    """Goes on with every refund that is due; answers how many. Safe to run at any time, often."""
    with connection.cursor(row_factory=kwargs_row(Row.of_row)) as cursor:
        due = cursor.execute(SQL["due_refunds"], {"now": now, "most": _AT_ONCE}).fetchall()
    for row in due:
        try:
            advance(connection, writer, givers, row, now)
        except NotRefundable:
            # Kept as refused: whoever asked reads why.
            continue
    return len(due)


def advance(connection: Connection, writer: Writes, givers: Mapping[str, Giver], row: Row, now: datetime) -> Row:
    """Takes a refund as far as it goes now, and answers it. Safe to repeat.

    Raises what the ledger refuses to freeze for; the refund is then kept as refused, with the reason.
    """
    which = {"user": row.user_id, "id": row.id}
    if row.state == State.ASKED:
        row = _freeze(connection, writer, row, now)
    giver = givers.get(row.processor)
    if row.state != State.FROZEN:
        return row
    age = now - row.asked_at
    connection.execute(SQL["refund_later"], which | {"due_at": now + max(_LOOK_AGAIN, age)})
    if giver is not None:
        _give_back(connection, writer, giver, row, now)
    return _sure(_read(connection, row.user_id, row.id))


def heard(
    connection: Connection, writer: Writes, givers: Mapping[str, Giver], tag: str, failed: bool, now: datetime
) -> None:
    """The processor told of a refund: what became of it is asked for. Raises Misfit where a paid one failed since."""
    row = _by_tag(connection, tag)
    if row is None:
        raise Misfit(reason=f"A refund names none of ours: {tag}"[:400])
    if row.state == State.PAID and failed:
        what = f"{row.amount} minor units of {row.currency}"
        raise Misfit(reason=f"Refund {row.reference} of {what} came back after it was paid: pay it another way")
    advance(connection, writer, givers, row, now)


def _by_tag(connection: Connection, tag: str) -> Row | None:
    """The refund that was called so at the processor, if any was."""
    _, _, name = tag.partition(":")
    user, _, refund_id = name.partition(":")
    if not (user.isascii() and user.isdigit() and len(user) < 20):
        return None
    try:
        return _read(connection, int(user), UUID(refund_id))
    except ValueError:
        return None


def _freeze(connection: Connection, writer: Writes, row: Row, now: datetime) -> Row:
    """Sets the coins aside, and keeps what they are worth."""
    which = {"user": row.user_id, "id": row.id}
    try:
        write_one(writer, Freeze(row.user_id, row.id, row.request, now, row.purchase, row.asked))
    except RiviereError as refusal:
        if isinstance(refusal, NotRefundable):
            said = {"state": State.REFUSED, "reason": str(refusal)[:500], "now": now}
            connection.execute(SQL["end_refund"], which | said)
        raise
    frozen = {leg.route: leg.debit_amount for leg in legs(connection, row.user_id, row.id)}
    pack = refunding.bought(legs(connection, row.user_id, row.purchase), row.purchase)
    amount = refunding.share(pack, taken_by(_queue(connection, row.user_id, Kind.COINS), row.id))
    coins, bonus = frozen[Route.COINS_FREEZE], frozen.get(Route.COINS_FREEZE_BONUS, 0)
    connection.execute(SQL["freeze_refund"], which | {"coins": coins, "bonus": bonus, "amount": amount})
    return _sure(_read(connection, row.user_id, row.id))


def _give_back(connection: Connection, writer: Writes, giver: Giver, row: Row, now: datetime) -> None:
    """Has the processor pay, or asks whether it has; the coins leave once it has, and come back if it will not."""
    which = {"user": row.user_id, "id": row.id}
    try:
        given = _given(giver, row)
    except ProcessorUnsure:
        connection.execute(SQL["refund_in_vain"], which)
        return
    except ProcessorRefused as refused:
        # Of one that is there only the question was refused.
        if row.reference is None:
            _undo(connection, writer, row, str(refused.facts["reason"]), now)
        return
    connection.execute(SQL["name_refund"], which | {"reference": given.reference})
    if given.done:
        entry = system_id("refund", row.id)
        write_one(writer, Refund(row.user_id, entry, row.id, now, row.id, row.amount, row.currency))
        connection.execute(SQL["end_refund"], which | {"state": State.PAID, "reason": "", "now": now})
    elif given.failed:
        _undo(connection, writer, row, given.reason or "the payment was not taken back", now)


def _given(giver: Giver, row: Row) -> Given:
    if row.reference is not None:
        return giver.given(row.reference)
    return giver.give_back(f"{TAG}:{row.user_id}:{row.id}", row.tries, row.charge, row.amount, row.currency)


def _undo(connection: Connection, writer: Writes, row: Row, reason: str, now: datetime) -> None:
    """The coins come back to the wallet, with time to spend what would have expired."""
    entry = system_id("thaw", row.id)
    write_one(writer, Thaw(row.user_id, entry, row.id, now, row.id, now + SPEND_AGAIN))
    said = {"state": State.FAILED, "reason": reason[:500], "now": now}
    connection.execute(SQL["end_refund"], {"user": row.user_id, "id": row.id} | said)


def _bought(connection: Connection, user: int, purchase: UUID) -> tuple[datetime, str, str, str]:
    """When coins were bought, the processor and its charge, and the currency. Raises UnknownEntry."""
    found = connection.execute(SQL["read_bought"], {"user": user, "purchase": purchase}).fetchone()
    if found is None:
        raise UnknownEntry(what="purchase", id=purchase)
    booked_at, processor, charge, currency = found
    return booked_at, processor, charge, currency


def _days(connection: Connection, now: datetime) -> int:
    return policies.in_force(connection, REFUND_DAYS, "", now).amount


def _queue(connection: Connection, user: int, axis: Kind) -> Queue:
    return read_queue(connection, user, axis, totals(connection, user).get(axis, Totals()))


def _read(connection: Connection, user: int, refund_id: UUID) -> Row | None:
    with connection.cursor(row_factory=kwargs_row(Row.of_row)) as cursor:
        return cursor.execute(SQL["read_refund"], {"user": user, "id": refund_id}).fetchone()


def _sure(row: Row | None) -> Row:
    assert row is not None, "what was asked for is kept"
    return row
