"""Refunds over HTTP: what may be given back of a purchase, coins given back, and how far that has come."""

from datetime import datetime
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec

from riviere import money
from riviere.economy import people, policies
from riviere.http import cursors
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.ledger import refusals as ledger
from riviere.payments.refunds import model, refunds
from riviere.wire.common import Money, Page, Paged
from riviere.wire.purchases import AskRefund, Refund, Refundable, RefundableQuery

_PURCHASE: Final = "f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11"
_FROZEN: Final = Refund(
    key="8f14e45f-ea8b-4c1a-9d0e-6f3b2a1c7d55",
    id="c81e728d-9d4c-2f63-6f06-7f89cc14862c",
    purchase=_PURCHASE,
    state="frozen",
    coins=350,
    bonus=10,
    amount=Money(amount="3.99", currency="USD"),
    reason=None,
    asked_at=EXAMPLE_TIME,
    ended_at=None,
)


class _Asked(NamedTuple):
    """A refund in the order in which they were asked for."""

    at: cursors.Instant
    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f-]{36}$")]


@operation(
    "GET",
    "/v1/users/{user}/refundable",
    id="getRefundable",
    tag="Purchases",
    scope="purchases:read",
    owner="user",
    raises=(people.UnknownUser, ledger.UnknownEntry, policies.NoPolicy),
    answer=Refundable(
        purchase=_PURCHASE, coins=350, bonus=10, price=Money(amount="3.99", currency="USD"), until=EXAMPLE_TIME
    ),
)
def get_refundable(call: Call, query: RefundableQuery) -> Refundable:
    """Get what of a purchase may be given back now, and what all of it would bring.

    Unspent coins, within the days that the policy `refund_days` gives. Whoever spent bonus coins keeps the coins that
    those came beside.
    """
    with call.reading() as connection:
        user = people.find(connection, call.path["user"]).id
        offer = refunds.offer(connection, user, _entry(query.purchase), call.now)
    return Refundable(
        purchase=query.purchase,
        coins=offer.coins,
        bonus=offer.bonus,
        price=Money(amount=money.plain(offer.price, offer.currency), currency=offer.currency),
        until=offer.until,
    )


@operation(
    "POST",
    "/v1/users/{user}/refunds",
    id="askRefund",
    tag="Purchases",
    scope="purchases:write",
    owner="user",
    keyed=True,
    status=201,
    again=200,
    raises=(
        people.UnknownUser,
        ledger.KeyReused,
        ledger.NotRefundable,
        ledger.UnknownEntry,
        model.TooLateToRefund,
        money.BadAmount,
        policies.NoPolicy,
    ),
    asked=AskRefund(purchase=_PURCHASE, coins=350),
    answer=_FROZEN,
)
def ask_refund(call: Call, body: AskRefund) -> Answered[Refund]:
    """Give back unspent coins of a purchase, for their share of its price.

    The coins are set aside at once, the latest of the purchase first, and with them the bonus that came beside them;
    the money goes back to where it came from. Where that fails the coins come back. The same key again answers how far
    it has come; what is refused moves nothing and may be asked again.
    """
    with call.reading() as connection:
        row = refunds.ask(
            connection,
            call.office.writer,
            call.office.givers,
            user=call.path["user"],
            purchase=_entry(body.purchase),
            coins=body.coins,
            key=call.key,
            now=call.now,
        )
    return Answered(_shown(row, call.key), 201 if row.asked_at == call.now else 200)


@operation(
    "GET",
    "/v1/users/{user}/refunds",
    id="listRefunds",
    tag="Purchases",
    scope="purchases:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=Page(data=[msgspec.structs.replace(_FROZEN, key=None)]),
)
def list_refunds(call: Call, query: Paged) -> Page[Refund]:
    """List a user's refunds, the latest first."""
    given = cursors.read(query.cursor, _Asked)
    before = None if given is None else (given.at, _entry(given.id))
    with call.reading() as connection:
        user = people.find(connection, call.path["user"]).id
        rows = refunds.listed(connection, user, before, query.limit + 1)
    return cursors.page(rows, query.limit, _shown, _place)


@operation(
    "GET",
    "/v1/users/{user}/refunds/{key}",
    id="getRefund",
    tag="Purchases",
    scope="purchases:read",
    owner="user",
    raises=(people.UnknownUser, model.UnknownRefund),
    answer=_FROZEN,
)
def get_refund(call: Call) -> Refund:
    """Get how far a refund has come."""
    key = call.path["key"]
    with call.reading() as connection:
        user = people.find(connection, call.path["user"]).id
        return _shown(refunds.find(connection, user, key), key)


def _entry(text: str) -> UUID:
    """The id of an entry. Raises UnknownEntry for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise ledger.UnknownEntry(what="purchase", id=text[:60]) from None


def _shown(row: model.Row, key: str | None = None) -> Refund:
    return Refund(
        key=key,
        id=str(row.id),
        purchase=str(row.purchase),
        state=row.state.value,
        coins=row.coins,
        bonus=row.bonus,
        amount=Money(amount=money.plain(row.amount, row.currency), currency=row.currency),
        reason=row.reason or None,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
    )


def _place(row: model.Row) -> tuple[datetime, str]:
    return row.asked_at, str(row.id)
