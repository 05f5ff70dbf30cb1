"""The rules of refunds: unspent coins of a purchase set aside, and then given back for money or come back to be spent.

Pure, like `rules.py`, whose part these are. A freeze takes coins from the far end of the queue (docs/decisions/0005,
rule 2): the coins that are spent next stay. A thaw and a refund of one freeze both take its coins from `coins.frozen`:
one of two at once finds the debits changed, reads again, and sees the other's id.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from riviere.ids import system_id
from riviere.ledger.law import FREEZES, THAW_OF, Kind, Route
from riviere.ledger.model import Entry, Freeze, Hole, Origin, Refund, Thaw
from riviere.ledger.posting import Leg, Posting, State, book
from riviere.ledger.provenance import Piece, Queue, away, taken_by, unspent_of
from riviere.ledger.refusals import AlreadyRefunded, AlreadyThawed, NotRefundable, RefundMismatch, UnknownEntry
from riviere.money import amount


class Bought(NamedTuple):
    """What a purchase was: coins, the bonus beside them, and the price in minor units of its currency."""

    id: UUID
    coins: int
    bonus: int
    price: int
    currency: str


def bought(legs: Iterable[Entry], purchase: UUID) -> Bought:
    """The purchase that these rows booked. Raises UnknownEntry if they booked none."""
    by_route = {leg.route: leg for leg in legs}
    paid, bonus = by_route.get(Route.COINS_BUY), by_route.get(Route.COINS_BONUS)
    if paid is None or paid.currency is None:
        raise UnknownEntry(what="purchase", id=purchase)
    given = bonus.credit_amount if bonus else 0
    return Bought(purchase, paid.credit_amount, given, paid.debit_amount, paid.currency)


def refundable(pack: Bought, coins: Queue, bonus: Queue) -> int:
    """The most coins of a purchase that may be given back now: unspent ones, and none that its used bonus rests on.

    Whoever spends b' of the b bonus coins beside n coins keeps ⌈b'·n/b⌉ of those (docs/decisions/0005, rule 1), or
    the bonus would be had for nothing.
    """
    unspent, kept = _count(unspent_of(coins, pack.id)), 0
    if pack.bonus:
        used = pack.bonus - _count(unspent_of(bonus, pack.id)) - away(bonus, pack.id)
        kept = -(-used * pack.coins // pack.bonus)
    return max(0, min(unspent, pack.coins - kept - away(coins, pack.id)))


def leaving(pack: Bought, coins: Queue, bonus: Queue, asked: int) -> int:
    """The bonus coins that leave with `asked` coins: beside what is kept, its share of the bonus stays."""
    kept = pack.coins - away(coins, pack.id) - asked
    return max(0, pack.bonus - away(bonus, pack.id) - pack.bonus * kept // pack.coins)


def share(pack: Bought, pieces: Iterable[Piece]) -> int:
    """What these coins of a purchase cost, in minor units: parts add up to the price, in whichever order they go."""
    price, coins = pack.price, pack.coins
    return sum(price * (p.k + p.hi - p.lo) // coins - price * p.k // coins for p in pieces)


def far_end(pieces: Sequence[Piece], coins: int) -> list[Piece]:
    """So many coins of these from the end of the queue, in the order in which they lie."""
    taken: list[Piece] = []
    for piece in reversed(pieces):
        if coins:
            part = piece.cut(max(piece.lo, piece.hi - coins), piece.hi)
            coins -= part.hi - part.lo
            taken.append(part)
    return taken[::-1]


def freeze(state: State, order: Freeze) -> Posting:
    """Unspent coins of a purchase are set aside. Raises UnknownEntry, NotRefundable and BadAmount."""
    if order.coins is not None:
        amount(order.coins, "What is given back", unit="coins")
    pack = bought(state.legs(order.owner, order.purchase), order.purchase)
    coins, bonus = state.queue(order.owner, Kind.COINS), state.queue(order.owner, Kind.BONUS)
    most = refundable(pack, coins, bonus)
    asked = most if order.coins is None else order.coins
    taken = far_end(unspent_of(coins, pack.id), min(asked, most))
    # A few coins of a cheap pack can be worth less than the currency's smallest unit.
    if asked > most or not share(pack, taken):
        raise NotRefundable(refundable=most, asked=asked)
    parts = [(Route.COINS_FREEZE, coins, taken)]
    if gone := leaving(pack, coins, bonus, asked):
        parts.append((Route.COINS_FREEZE_BONUS, bonus, far_end(unspent_of(bonus, pack.id), gone)))
    legs = [
        Leg(route, order.owner, _count(pieces), order.owner, _count(pieces), cause=pack.id)
        for route, _, pieces in parts
    ]
    posting = book(state, order, None, legs, turns=True)
    posting.holes = [
        Hole(order.owner, order.id, queue.axis, piece.lo, piece.hi, piece.purchase, piece.k, queue.credited)
        for _, queue, pieces in parts
        for piece in pieces
    ]
    return posting


def thaw(state: State, order: Thaw) -> Posting:
    """What a freeze took comes back, to the end of its queue. Raises UnknownEntry and AlreadyRefunded."""
    assert order.id == system_id("thaw", order.freeze), "any other id could thaw the coins a second time"
    frozen = _frozen(state, order)
    if state.known(order.owner, system_id("refund", order.freeze)) is not None:
        raise AlreadyRefunded(freeze=order.freeze)
    legs, origins = [], []
    for leg in frozen:
        queue = state.queue(order.owner, leg.debit_kind)
        at, expires_at = queue.credited, None
        for piece in taken_by(queue, order.freeze):
            size = piece.hi - piece.lo
            origins.append(Origin(order.owner, order.id, queue.axis, at, at + size, piece.purchase, piece.k))
            at += size
            if piece.expires_at is not None:
                expires_at = max(piece.expires_at, order.spend_until, expires_at or piece.expires_at)
        coins = leg.debit_amount
        route = THAW_OF[Route(leg.route)]
        legs.append(Leg(route, order.owner, coins, order.owner, coins, cause=order.freeze, expires_at=expires_at))
    posting = book(state, order, None, legs, turns=True)
    posting.origins = origins
    return posting


def refund(state: State, order: Refund) -> Posting:
    """What a freeze took leaves for good, its coins at their share of the price.

    Raises UnknownEntry, AlreadyThawed and RefundMismatch.
    """
    assert order.id == system_id("refund", order.freeze), "any other id could refund the coins a second time"
    frozen = _frozen(state, order)
    if state.known(order.owner, system_id("thaw", order.freeze)) is not None:
        raise AlreadyThawed(freeze=order.freeze)
    purchase = frozen[0].cause
    assert purchase is not None, "a freeze names its purchase"
    pack = bought(state.legs(order.owner, purchase), purchase)
    price = share(pack, taken_by(state.queue(order.owner, Kind.COINS), order.freeze))
    if (order.amount, order.currency) != (price, pack.currency):
        raise RefundMismatch(
            freeze=order.freeze,
            price=price,
            priced_in=pack.currency,
            amount=order.amount,
            currency=order.currency,
        )
    legs = []
    for leg in frozen:
        coins = leg.debit_amount
        if leg.route == Route.COINS_FREEZE:
            legs.append(Leg(Route.COINS_REFUND, order.owner, coins, None, price, currency=pack.currency))
        else:
            legs.append(Leg(Route.COINS_WITHDRAW, order.owner, coins, None, coins))
        legs[-1].cause = order.freeze
    return book(state, order, None, legs)


def _frozen(state: State, order: Thaw | Refund) -> list[Entry]:
    """The legs of a freeze: its coins, and the bonus that left with them if any did."""
    frozen = [leg for leg in state.legs(order.owner, order.freeze) if leg.route in FREEZES]
    if not frozen:
        raise UnknownEntry(what="freeze", id=order.freeze)
    return frozen


def _count(pieces: Iterable[Piece]) -> int:
    return sum(piece.hi - piece.lo for piece in pieces)
