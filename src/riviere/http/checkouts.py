"""Checkouts over HTTP: a pack ordered, paid in the buyer's browser, credited by what the card processor tells."""

from datetime import datetime
from typing import Final, NamedTuple

import structlog

from riviere import money
from riviere.economy import catalogue, people
from riviere.economy.catalogue import Catalogue
from riviere.http import cursors
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, Signed, operation
from riviere.ledger import refusals as ledger
from riviere.payments import limits
from riviere.payments.checkout import checkouts, inbox, model
from riviere.payments.checkout.inbox import Told
from riviere.payments.checkout.model import CardProcessor
from riviere.wire.common import Money, Page
from riviere.wire.purchases import Checkout, EventQuery, ProviderEvent, StartCheckout

_LOG = structlog.get_logger("riviere.checkouts")

_OPEN: Final = Checkout(
    key="8f14e45f-ea8b-4c1a-9d0e-6f3b2a1c7d55",
    pack="pack-700",
    coins=700,
    bonus=20,
    price=Money(amount="7.99", currency="USD"),
    state="open",
    payment="pi_3PqR5s2eZvKYlo2C0x1",
    client_secret="pi_3PqR5s2eZvKYlo2C0x1_secret_a1b2c3",  # noqa: S106 - an example's
    publishable_key="pk_test_of_an_example",
    started_at=EXAMPLE_TIME,
    ended_at=None,
)
_OVER: Final = (model.NoCardAccount, model.ProcessorRefused, model.ProcessorUnsure, model.Misfit)


class _Heard(NamedTuple):
    """An event in the order in which it was received."""

    at: cursors.Instant
    id: str


@operation(
    "POST",
    "/v1/users/{user}/checkouts",
    id="startCheckout",
    tag="Purchases",
    scope="purchases:write",
    owner="user",
    keyed=True,
    status=201,
    again=200,
    raises=(
        *_OVER,
        model.CheckoutOver,
        catalogue.PackNotSold,
        catalogue.UnknownPack,
        ledger.ChargeTaken,
        ledger.KeyReused,
        ledger.TooLarge,
        limits.OverOwnLimit,
        people.UnknownUser,
    ),
    asked=StartCheckout(pack="pack-700"),
    answer=_OPEN,
)
def start_checkout(call: Call, body: StartCheckout) -> Answered[Checkout]:
    """Order a pack of coins, to be paid by card in the buyer's browser.

    What is ordered stays what it is, whatever the pack costs later. Open Stripe.js with `publishable_key` and let it
    confirm `client_secret`; the coins are in the wallet once Stripe has told us that it has the money, whether or not
    the browser comes back. The same key answers the same checkout again with 200. It counts against the buyer's own
    limit until it is paid or cancelled; nobody pays any more after a day.
    """
    user = call.path["user"]
    with call.reading() as connection:
        found, secret = checkouts.start(
            connection,
            call.office.writer,
            _cards(call),
            Catalogue.load(connection),
            user=user,
            pack=body.pack,
            key=call.key,
            now=call.now,
        )
    return Answered(_shown(call, found, call.key, secret), 201 if found.started_at == call.now else 200)


@operation(
    "GET",
    "/v1/users/{user}/checkouts/{key}",
    id="getCheckout",
    tag="Purchases",
    scope="purchases:read",
    owner="user",
    raises=(people.UnknownUser, model.UnknownCheckout),
    answer=_OPEN,
)
def get_checkout(call: Call) -> Checkout:
    """Get how far a checkout has come. The secret to pay it with is only in the answer to the order."""
    key = call.path["key"]
    with call.reading() as connection:
        return _shown(call, checkouts.find(connection, people.find(connection, call.path["user"]).id, key), key)


@operation(
    "POST",
    "/v1/users/{user}/checkouts/{key}/cancel",
    id="cancelCheckout",
    tag="Purchases",
    scope="purchases:write",
    owner="user",
    raises=(*_OVER, people.UnknownUser, model.UnknownCheckout, ledger.ChargeTaken, ledger.KeyReused, ledger.TooLarge),
    answer=_OPEN,
)
def cancel_checkout(call: Call) -> Checkout:
    """End a checkout that nobody has paid.

    One that was paid meanwhile is credited, and the answer says so. Asked again it answers the same.
    """
    key = call.path["key"]
    with call.reading() as connection:
        user = people.find(connection, call.path["user"]).id
        return _shown(call, checkouts.cancel(connection, call.office.writer, _cards(call), user, key, call.now), key)


@operation(
    "POST",
    "/v1/stripe/events",
    id="receiveStripeEvent",
    tag="Purchases",
    scope=None,
    status=204,
    raises=(model.NoCardAccount, model.BadSignature, model.BadEvent),
    asked={
        "id": "evt_1PqR5s2eZvKYlo2C",
        "type": "payment_intent.succeeded",
        "created": 1769890500,
        "data": {"object": {"id": "pi_3PqR5s2eZvKYlo2C0x1", "amount": 799, "currency": "usd", "status": "succeeded"}},
    },
)
def receive_stripe_event(call: Call, body: Signed) -> None:
    """Take what Stripe tells: the address for its webhooks.

    Each event must be signed by one of the account's webhook secrets, within five minutes. It is answered once it is
    kept; the same one again changes nothing. What does not fit waits for a person (`listProviderEvents`).
    """
    cards = _cards(call)
    event = cards.heard(body.body, body.signature)
    with call.reading() as connection:
        inbox.keep(connection, event, call.now)
        try:
            inbox.apply(connection, call.office.writer, cards, event, call.now)
        except Exception:
            # It is kept: a round applies it. Stripe has done its part.
            _LOG.exception("an event waits", event=event.id)


@operation(
    "GET",
    "/v1/provider-events",
    id="listProviderEvents",
    tag="Purchases",
    scope="ledger:read",
    answer=Page(
        data=[
            ProviderEvent(
                id="evt_1PqR5s2eZvKYlo2C",
                type="payment_intent.succeeded",
                state="attention",
                reason="799 minor units of EUR were paid, and 799 of USD were ordered: pay it back.",
                created_at=EXAMPLE_TIME,
                received_at=EXAMPLE_TIME,
            )
        ]
    ),
)
def list_provider_events(call: Call, query: EventQuery) -> Page[ProviderEvent]:
    """List what the card processor told, the latest first: what a person has to look at, or all of it."""
    before = cursors.read(query.cursor, _Heard)
    with call.reading() as connection:
        rows = inbox.listed(connection, before, query.limit + 1, attention=query.among == "attention")
    return cursors.page(rows, query.limit, _told, _place)


def _cards(call: Call) -> CardProcessor:
    """Who takes money from cards. Raises NoCardAccount."""
    if call.office.cards is None:
        raise model.NoCardAccount
    return call.office.cards


def _shown(call: Call, found: model.Checkout, key: str, secret: str = "") -> Checkout:
    return Checkout(
        key=key,
        pack=found.code,
        coins=found.coins,
        bonus=found.bonus,
        price=Money(amount=money.plain(found.price, found.currency), currency=found.currency),
        state=found.state.value,
        payment=found.reference,
        client_secret=secret or None,
        publishable_key=call.office.cards.publishable if call.office.cards else None,
        started_at=found.started_at,
        ended_at=found.ended_at,
    )


def _told(told: Told) -> ProviderEvent:
    return ProviderEvent(
        id=told.id,
        type=told.type,
        state=told.state,
        reason=told.reason or None,
        created_at=told.created_at,
        received_at=told.received_at,
    )


def _place(told: Told) -> tuple[datetime, str]:
    return told.received_at, told.id
