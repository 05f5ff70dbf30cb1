"""Purchases over HTTP: coins for money, charged and booked once."""

from typing import Final

import msgspec

from riviere import money
from riviere.economy import catalogue, people
from riviere.economy.catalogue import Catalogue
from riviere.http import cursors
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.ledger import refusals
from riviere.payments import limits, purchases, sandbox
from riviere.payments.purchases import Bought
from riviere.wire.common import Money, Page, Paged
from riviere.wire.purchases import BuyPack, Purchase

_BOUGHT: Final = Purchase(
    key="8f14e45f-ea8b-4c1a-9d0e-6f3b2a1c7d55",
    id="f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11",
    pack="pack-700",
    coins=700,
    bonus=20,
    bonus_expires_at=EXAMPLE_TIME,
    price=Money(amount="7.99", currency="USD"),
    repeated=False,
    booked_at=EXAMPLE_TIME,
)


@operation(
    "POST",
    "/v1/users/{user}/purchases",
    id="buyPack",
    tag="Purchases",
    scope="purchases:write",
    owner="user",
    keyed=True,
    status=201,
    again=200,
    raises=(
        catalogue.PackNotSold,
        catalogue.UnknownPack,
        refusals.KeyReused,
        refusals.TooLarge,
        limits.OverOwnLimit,
        people.UnknownUser,
        sandbox.CardDeclined,
        sandbox.CardExpired,
        sandbox.ChargeConflict,
        sandbox.UnknownCard,
    ),
    asked=BuyPack(pack="pack-700", card="card-ok"),
    answer=_BOUGHT,
)
def buy_pack(call: Call, body: BuyPack) -> Answered[Purchase]:
    """Buy a pack of coins for a user.

    It is answered when the coins are in the wallet. The same key with the same pack charges nothing more and answers
    the same purchase again with 200, whatever the card; with another pack it is 422. A card that is refused is charged
    nothing, and the same key may be tried with another one. A price beyond the buyer's own limit is refused before the
    card is asked. Where the answer got lost, send the request again.
    """
    office, user = call.office, call.path["user"]
    with call.reading() as connection:
        receipt = purchases.buy(
            connection,
            office.writer,
            office.processor,
            Catalogue.load(connection),
            user=user,
            pack=body.pack,
            key=call.key,
            card=body.card,
            now=call.now,
        )
        bought = purchases.find(connection, receipt.owner, call.key)
    purchase = _purchase(bought, call.key, repeated=receipt.repeated)
    return Answered(purchase, 200 if receipt.repeated else 201)


@operation(
    "GET",
    "/v1/users/{user}/purchases",
    id="listPurchases",
    tag="Purchases",
    scope="purchases:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=Page(data=[msgspec.structs.replace(_BOUGHT, key=None, repeated=True)]),
)
def list_purchases(call: Call, query: Paged) -> Page[Purchase]:
    """List a user's purchases, the latest first."""
    before = cursors.read(query.cursor, cursors.Numbered)
    with call.reading() as connection:
        buyer = people.find(connection, call.path["user"]).id
        rows = purchases.listed(connection, buyer, before and before.seq, query.limit + 1)
    return cursors.page(rows, query.limit, _purchase, lambda row: (row.seq,))


@operation(
    "GET",
    "/v1/users/{user}/purchases/{key}",
    id="getPurchase",
    tag="Purchases",
    scope="purchases:read",
    owner="user",
    raises=(people.UnknownUser, purchases.UnknownPurchase),
    answer=msgspec.structs.replace(_BOUGHT, repeated=True),
)
def get_purchase(call: Call) -> Purchase:
    """Get the purchase that was made under an idempotency key."""
    key = call.path["key"]
    with call.reading() as connection:
        buyer = people.find(connection, call.path["user"]).id
        return _purchase(purchases.find(connection, buyer, key), key)


def _purchase(bought: Bought, key: str | None = None, *, repeated: bool = True) -> Purchase:
    return Purchase(
        key=key,
        id=str(bought.id),
        pack=bought.pack,
        coins=bought.coins,
        bonus=bought.bonus,
        bonus_expires_at=bought.bonus_expires_at,
        price=Money(amount=money.plain(bought.price, bought.currency), currency=bought.currency),
        repeated=repeated,
        booked_at=bought.booked_at,
    )
