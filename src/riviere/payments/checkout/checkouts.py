"""Checkouts as people ask for them: started, looked at, cancelled; and credited, whoever finds that they were paid."""

from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import kwargs_row

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.economy.catalogue import Catalogue
from riviere.economy.gifts import write_one
from riviere.ids import BadKey, client_id, request_digest
from riviere.ledger.model import Buy
from riviere.ledger.refusals import KeyReused
from riviere.ledger.store import read_known
from riviere.ledger.writer import Writes
from riviere.payments import spending
from riviere.payments.checkout.model import (
    CardProcessor,
    Checkout,
    CheckoutOver,
    Misfit,
    Payment,
    ProcessorRefused,
    ProcessorUnsure,
    State,
    UnknownCheckout,
)

SQL = load("riviere.payments.checkout")

#: A processor keeps the answer to a request, a failure too, and repeats it under the same key: after so many vain tries
#: another key is used. A payment that the earlier one made after all is never told to a browser, so nobody can pay it.
_TRIES_A_KEY: Final = 3

#: A payment that was begun is asked about after a minute, and then ever more rarely.
ASK_AFTER: Final = timedelta(minutes=1)


def start(
    connection: Connection,
    writer: Writes,
    processor: CardProcessor,
    catalogue: Catalogue,
    *,
    user: str,
    pack: str,
    key: str,
    now: datetime,
) -> tuple[Checkout, str]:
    """Orders a pack for a user, both by their external ids; answers the checkout and the secret to pay it with.

    The same key again answers the same, with an empty secret once it is paid. Raises UnknownUser, UnknownPack,
    PackNotSold, OverOwnLimit, BadKey, KeyReused, CheckoutOver, ProcessorRefused, ProcessorUnsure and what the ledger
    refuses a purchase for.
    """
    buyer = people.find(connection, user).id
    checkout_id, request = client_id(key), request_digest("checkout", user, pack)
    found = _read(connection, buyer, key)
    if found is None:
        if read_known(connection, [(buyer, checkout_id)]):
            raise KeyReused
        sold = catalogue.pack(pack, now)
        spending.hold(connection, buyer, checkout_id, sold.price, sold.currency, now)
        connection.execute(
            SQL["open_checkout"],
            {
                "user": buyer,
                "id": checkout_id,
                "request": request,
                "pack": sold.id,
                "coins": sold.coins,
                "bonus": sold.bonus,
                "bonus_days": sold.bonus_days,
                "price": sold.price,
                "currency": sold.currency,
                "now": now,
                "ask_at": now + ASK_AFTER,
            },
        )
        found = _read(connection, buyer, key)
        assert found is not None, "what was opened is there"
    if found.request != request:
        raise KeyReused
    if found.state == State.OPEN:
        payment = payment_of(connection, processor, found, now)
        settle(connection, writer, processor, found, payment, now)
        found = find(connection, buyer, key)
        if found.state == State.OPEN:
            return found, payment.secret
    if found.state == State.CANCELLED:
        raise CheckoutOver
    return found, ""


def find(connection: Connection, user: int, key: str) -> Checkout:
    """The checkout that a user (our id) started under a key. Raises UnknownCheckout."""
    try:
        found = _read(connection, user, key)
    except BadKey:
        found = None
    if found is None:
        raise UnknownCheckout(key=key)
    return found


def cancel(
    connection: Connection, writer: Writes, processor: CardProcessor, user: int, key: str, now: datetime
) -> Checkout:
    """Ends a checkout that was not paid; one that was paid meanwhile is credited, and that is the answer.

    Raises UnknownCheckout, ProcessorRefused where it is being paid this moment, and ProcessorUnsure.
    """
    found = find(connection, user, key)
    if found.state == State.OPEN:
        payment = payment_of(connection, processor, found, now)
        if not payment.paid and not payment.cancelled:
            payment = processor.cancel(payment.reference)
        settle(connection, writer, processor, found, payment, now)
        found = find(connection, user, key)
    return found


def payment_of(connection: Connection, processor: CardProcessor, checkout: Checkout, now: datetime) -> Payment:
    """The payment of an open checkout as it is now; asked for, where nobody has yet.

    Raises ProcessorUnsure, and ProcessorRefused, where the processor will not take such a payment: then it is over.
    """
    which = {"user": checkout.user_id, "id": checkout.id}
    if checkout.reference is not None:
        return processor.look(checkout.reference)
    tag = tag_of(checkout)
    key = f"{tag}:{checkout.tries // _TRIES_A_KEY}"
    try:
        payment = processor.ask(tag, key, checkout.price, checkout.currency)
    except ProcessorUnsure:
        connection.execute(SQL["tried_in_vain"], which)
        raise
    except ProcessorRefused:
        _end(connection, checkout, State.CANCELLED, None, now)
        raise
    connection.execute(SQL["name_checkout"], which | {"reference": payment.reference})
    return payment


def settle(
    connection: Connection,
    writer: Writes,
    processor: CardProcessor,
    checkout: Checkout,
    payment: Payment,
    now: datetime,
) -> None:
    """Does what a payment says: credits what was paid for, once, or ends what was cancelled. Raises Misfit.

    What is credited is what was ordered; whatever the pack costs by now. Safe to repeat, in any order, from anywhere.
    """
    if payment.paid:
        _check(checkout, payment)
        order = Buy(
            checkout.user_id,
            checkout.id,
            checkout.request,
            checkout.started_at,
            checkout.coins,
            checkout.bonus,
            checkout.price,
            checkout.currency,
            checkout.pack,
            now + timedelta(days=checkout.bonus_days),
            processor.name,
            payment.reference,
        )
        write_one(writer, order)
        _end(connection, checkout, State.PAID, payment.reference, now)
    elif payment.cancelled and checkout.state == State.OPEN:
        _end(connection, checkout, State.CANCELLED, payment.reference, now)


def tag_of(checkout: Checkout) -> str:
    """What the processor is told to call a checkout, so that it can be found by what the processor tells."""
    return f"{checkout.user_id}:{checkout.id}"


def by_tag(connection: Connection, tag: str) -> Checkout | None:
    """The checkout that was called so, if any was."""
    user, _, checkout_id = tag.partition(":")
    if not (user.isascii() and user.isdigit() and len(user) < 20 and len(checkout_id) == 36):
        return None
    with connection.cursor(row_factory=kwargs_row(Checkout.of_row)) as cursor:
        return cursor.execute(SQL["read_checkout"], {"user": int(user), "id": checkout_id}).fetchone()


def _check(checkout: Checkout, payment: Payment) -> None:
    """Whether a payment is the one that was ordered. Raises Misfit."""
    if checkout.state == State.CANCELLED:
        raise Misfit(reason=f"It was paid ({payment.reference}) after it had been cancelled: pay it back")
    if checkout.reference not in (None, payment.reference):
        raise Misfit(reason=f"{payment.reference} was paid, and the checkout is {checkout.reference}: pay it back")
    ordered, paid = (checkout.price, checkout.currency), (payment.received, payment.currency)
    if ordered != paid:
        said = f"{paid[0]} minor units of {paid[1]} were paid, and {ordered[0]} of {ordered[1]} were ordered"
        raise Misfit(reason=f"{said}: pay it back")


def _end(connection: Connection, checkout: Checkout, state: State, reference: str | None, now: datetime) -> None:
    which = {"user": checkout.user_id, "id": checkout.id}
    connection.execute(SQL["end_checkout"], which | {"state": state, "reference": reference, "now": now})
    spending.let_go(connection, checkout.user_id, checkout.id)


def _read(connection: Connection, user: int, key: str) -> Checkout | None:
    with connection.cursor(row_factory=kwargs_row(Checkout.of_row)) as cursor:
        return cursor.execute(SQL["read_checkout"], {"user": user, "id": client_id(key)}).fetchone()
