"""The rules: from what accounts hold and what is asked, to what is booked or why not. Pure.

A gift comes here from `writer.py` (or from the memory engine, the oracle of the tests, which runs the same rules) and
goes on to `posting.py` as one or two legs. `decide` is the whole entrance.
"""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from riviere.clock import hour_of
from riviere.ids import system_id
from riviere.ledger import provenance, redeeming, refunding
from riviere.ledger.law import GIFT_FROM, GIFTS, HOLDINGS, REVERSE_OF, WALLET, Kind, Route
from riviere.ledger.model import (
    Back,
    Buy,
    Expire,
    Freeze,
    Gift,
    Hold,
    Hole,
    Known,
    Order,
    Origin,
    PayAgain,
    Receipt,
    Refund,
    Release,
    Return,
    Reverse,
    Settle,
    Thaw,
    Unbind,
)
from riviere.ledger.posting import Leg, Posting, State, book, words_hash
from riviere.ledger.refusals import (
    ChargeTaken,
    GiftReversed,
    ImportedGift,
    KeyReused,
    NotBacked,
    NotEnoughCoins,
    NothingToExpire,
    SelfGift,
    TooLarge,
    UnknownEntry,
)
from riviere.money import LARGEST, BadAmount

#: The largest count that the journal's integer column holds.
MOST_PIECES = 2**31 - 1


def decide(state: State, order: Order) -> Posting:
    """What `order` books on `state`, which is changed by it. Raises a RiviereError, and then nothing has moved.

    The same order again answers what stands and books nothing; another order under the same id raises KeyReused.
    """
    known = state.known(order.owner, order.id)
    if known is not None and known.request != order.request:
        raise KeyReused
    if known is not None and not (isinstance(order, Gift) and order.combo):
        return _nothing(order, known)
    if isinstance(order, Gift):
        return _gift(state, order, known)
    rule: Callable[[State, Order], Posting] = _RULES[type(order)]
    return rule(state, order)


def _nothing(order: Order, known: Known) -> Posting:
    return Posting(Receipt(order.owner, order.id, known, True, []))


def _gift(state: State, order: Gift, known: Known | None) -> Posting:
    """A gift, or the next step of a combo: bonus coins first, then bought ones; diamonds at the order's rate."""
    if order.creator == order.owner:
        raise SelfGift
    unit, count, item = order.unit, order.count, order.item
    if known is not None:
        count -= known.upto
        if count <= 0:
            return _nothing(order, known)
        if state.known(order.owner, system_id("reverse", order.id)) is not None:
            raise GiftReversed
        # The price of a combo is the one it began with.
        unit, item = known.coins // known.upto, known.item or order.item
    coins = order.paid if order.paid is not None else unit * count
    if coins < 1 or order.rate < 1:
        raise BadAmount(what="What a gift costs", unit="coins", least=1, got=coins)
    if order.count > MOST_PIECES or coins > LARGEST or coins * order.rate > LARGEST:
        raise TooLarge(what="This gift")
    upto = order.count if order.combo else None
    message = words_hash(order.words) if order.words else None
    legs = []
    if order.imported:
        legs.append(Leg(Route.IMPORT, None, coins, order.owner, coins))
    for axis, part in _from_wallet(state, order, coins):
        legs.append(
            Leg(
                GIFT_FROM[axis],
                order.owner,
                part,
                order.creator,
                part * order.rate,
                count=count,
                place=order.place,
                item=item,
                policy=order.policy,
                upto=upto,
                message=message,
            )
        )
        # A second leg pays for the same pieces: they are counted, and their words kept, once.
        count, message = 0, None
    return book(state, order, known, legs)


def _from_wallet(state: State, order: Gift, coins: int) -> list[tuple[Kind, int]]:
    if order.imported:
        return [(Kind.IMPORTED, coins)]
    parts, left = [], coins
    for axis in WALLET:
        totals = state.totals(order.owner, axis)
        part = min(left, totals.credits - totals.debits)
        if part:
            parts.append((axis, part))
            left -= part
    if left:
        raise NotEnoughCoins(needed=coins, held=coins - left)
    return parts


def _buy(state: State, order: Buy) -> Posting:
    """Coins against a charge that the processor has taken, and the bonus that comes with them."""
    if state.charge_owner(order.processor, order.charge) is not None:
        raise ChargeTaken(charge=order.charge)
    legs = [
        Leg(
            Route.COINS_BUY,
            None,
            order.price,
            order.owner,
            order.coins,
            item=order.pack,
            currency=order.currency,
            cause=system_id("charge", order.processor, order.charge),
        )
    ]
    if order.bonus:
        legs.append(
            Leg(
                Route.COINS_BONUS,
                None,
                order.bonus,
                order.owner,
                order.bonus,
                item=order.pack,
                cause=order.id,
                expires_at=order.bonus_expires_at,
            )
        )
    return book(state, order, None, legs)


def _reverse(state: State, order: Reverse) -> Posting:
    """Every leg of the gift goes back to the end of its queue, one origin row a range; diamonds become owed."""
    assert order.id == system_id("reverse", order.gift), "any other id could undo the gift a second time"
    gift = [leg for leg in state.legs(order.owner, order.gift) if leg.route in GIFTS]
    if not gift:
        raise UnknownEntry(what="gift", id=order.gift)
    legs, origins, undone = [], [], []
    ends: dict[int, int] = {}
    for given in gift:
        if given.route not in REVERSE_OF:
            raise ImportedGift
        axis = given.debit_kind
        queue = state.queue(order.owner, axis)
        at = ends.get(axis, queue.credited)
        expires_at = None
        for piece in provenance.funding(queue, users(given.debit_start), given.debit_amount):
            size = piece.hi - piece.lo
            origins.append(Origin(order.owner, order.id, axis, at, at + size, piece.purchase, piece.k))
            at += size
            if piece.expires_at is not None:
                expires_at = max(piece.expires_at, order.spend_until, expires_at or piece.expires_at)
        ends[axis] = at
        legs.append(
            Leg(
                REVERSE_OF[Route(given.route)],
                given.credit_user,
                given.credit_amount,
                order.owner,
                given.debit_amount,
                cause=order.gift,
                expires_at=expires_at,
            )
        )
        undone.append((users(given.credit_user), hour_of(given.booked_at), given.credit_amount))
    posting = book(state, order, None, legs, turns=True)
    posting.origins, posting.undone = origins, undone
    return posting


def _expire(state: State, order: Expire) -> Posting:
    """The unspent rest of one grant of bonus coins leaves: one debit, one hole a range."""
    queue = state.queue(order.owner, Kind.BONUS)
    for credit in queue.credits:
        if (credit.entry, credit.leg) == (order.grant, order.leg):
            break
    else:
        raise UnknownEntry(what="bonus", id=order.grant)
    left = provenance.unspent(queue, credit)
    if not left or credit.expires_at is None or credit.expires_at > order.at:
        raise NothingToExpire
    coins = sum(piece.hi - piece.lo for piece in left)
    posting = book(
        state,
        order,
        None,
        [Leg(Route.COINS_EXPIRE, order.owner, coins, None, coins, cause=order.grant)],
        turns=True,
    )
    posting.holes = [
        Hole(order.owner, order.id, Kind.BONUS, piece.lo, piece.hi, piece.purchase, piece.k, queue.credited)
        for piece in left
    ]
    return posting


def _back(state: State, order: Back) -> Posting:
    """Money set aside behind an import."""
    leg = Leg(Route.IMPORT_BACK, None, order.amount, None, order.amount, currency=order.currency)
    return book(state, order, None, [leg])


def _unbind(state: State, order: Unbind) -> Posting:
    """Imported diamonds become the creator's own, earned in the hour they are released."""
    totals = state.totals(order.owner, Kind.UNBACKED)
    if order.diamonds > totals.credits - totals.debits:
        raise NotBacked(asked=order.diamonds, unbacked=totals.credits - totals.debits)
    leg = Leg(Route.IMPORT_RELEASE, order.owner, order.diamonds, order.owner, order.diamonds, cause=order.backing)
    return book(state, order, None, [leg])


_RULES: dict[type, Callable[..., Posting]] = {
    Buy: _buy,
    Reverse: _reverse,
    Expire: _expire,
    Freeze: refunding.freeze,
    Thaw: refunding.thaw,
    Refund: refunding.refund,
    Hold: redeeming.hold,
    Release: redeeming.release,
    Settle: redeeming.settle,
    Return: redeeming.come_back,
    PayAgain: redeeming.pay_again,
    Back: _back,
    Unbind: _unbind,
}


def users(value: int | None) -> int:
    """The user's side of a gift leg, which has a user on both."""
    assert value is not None
    return value


def guards(posting: Posting) -> set[tuple[int, int]]:
    """The accounts whose debits this posting was decided on: they must be as read when it is written."""
    return {
        (entry.debit_user, entry.debit_kind)
        for entry in posting.receipt.entries
        if entry.debit_user is not None and entry.debit_kind in HOLDINGS
    }


def touched(order: Order) -> list[tuple[int, int]]:
    """The accounts that deciding and booking this order may read or move, but for the creator's in a reversal."""
    return _TOUCHED[type(order)](order)


def receiver(order: Gift) -> tuple[int, int]:
    """The account of the creator's that a gift only adds to."""
    return (order.creator, Kind.UNBACKED if order.imported else Kind.DIAMONDS)


def lookups(order: Order) -> list[tuple[int, UUID]]:
    """The ids that deciding this order asks about: its own, and that of what excludes it.

    A combo does not go on that was reversed, a freeze is either thawed or refunded, a hold either released or settled.
    """
    asked = [(order.owner, order.id)]
    if isinstance(order, Gift) and order.combo:
        asked.append((order.owner, system_id("reverse", order.id)))
    elif isinstance(order, Thaw):
        asked.append((order.owner, system_id("refund", order.freeze)))
    elif isinstance(order, Refund):
        asked.append((order.owner, system_id("thaw", order.freeze)))
    elif isinstance(order, Release):
        asked.append((order.owner, system_id("settle", order.hold)))
    elif isinstance(order, Settle):
        asked.append((order.owner, system_id("release", order.hold)))
    return asked


def _touched_by_gift(order: Gift) -> list[tuple[int, int]]:
    if order.imported:
        return [(order.owner, Kind.IMPORTED), (order.creator, Kind.UNBACKED)]
    return [(order.owner, Kind.COINS), (order.owner, Kind.BONUS), (order.creator, Kind.DIAMONDS)]


def _owners(kinds: tuple[Kind, ...], order: Order) -> list[tuple[int, int]]:
    return [(order.owner, kind) for kind in kinds]


_TOUCHED: dict[type, Callable[..., list[tuple[int, int]]]] = {
    Gift: _touched_by_gift,
    Buy: partial(_owners, (Kind.COINS, Kind.BONUS)),
    Reverse: partial(_owners, (Kind.COINS, Kind.BONUS)),
    Expire: partial(_owners, (Kind.COINS, Kind.BONUS)),
    Freeze: partial(_owners, (Kind.COINS, Kind.BONUS, Kind.FROZEN)),
    Thaw: partial(_owners, (Kind.COINS, Kind.BONUS, Kind.FROZEN)),
    Refund: partial(_owners, (Kind.COINS, Kind.FROZEN)),
    Hold: partial(_owners, (Kind.DIAMONDS, Kind.OWED, Kind.HELD)),
    Release: partial(_owners, (Kind.DIAMONDS, Kind.HELD)),
    Settle: partial(_owners, (Kind.HELD,)),
    Return: partial(_owners, ()),
    PayAgain: partial(_owners, ()),
    Back: partial(_owners, ()),
    Unbind: partial(_owners, (Kind.UNBACKED, Kind.DIAMONDS)),
}
