"""The naive model of provenance: a coin is an object that is put into a gift, taken back, or thrown away.

It shares no code with riviere.ledger.provenance and knows nothing of axes, starts, holes or origins.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from desk import Named

from riviere.errors import RiviereError
from riviere.ledger.law import Kind
from riviere.ledger.model import Buy, Expire, Freeze, Gift, Hold, Refund, Release, Reverse, Thaw
from riviere.ledger.refusals import (
    AlreadyRefunded,
    AlreadyThawed,
    GiftReversed,
    NotEnoughCoins,
    NothingToExpire,
    NotMatured,
    NotRefundable,
    SelfGift,
)

#: Person 2 is both, and tries to gift themselves.
VIEWERS, CREATORS = (1, 2), (2, 3)

Refusal = type[RiviereError] | None


@dataclass
class Coin:
    """One coin. `credit` is the entry and leg that brought it into the wallet last."""

    purchase: UUID
    k: int
    credit: tuple[UUID, int]
    expires_at: datetime | None

    def name(self) -> Named:
        return self.purchase, self.k, self.expires_at


@dataclass
class Leg:
    """What one leg of a gift took: the very coins, their names then, and the thousandths that each one funded."""

    axis: Kind
    coins: list[Coin]
    names: list[Named]
    shares: list[int]
    creator: int
    booked_at: datetime


@dataclass
class Sent:
    """A gift: its legs, whether it stands, and for a combo how far it has come at which unit."""

    order: Gift
    legs: list[Leg] = field(default_factory=list)
    stands: bool = True
    upto: int = 0


@dataclass
class Frozen:
    """What a freeze took, by pile, and what became of it: it ends once, one way or the other."""

    order: Freeze
    parts: list[tuple[Kind, list[Coin]]]
    price: int
    ended: str = ""


class Piles:
    """Coins in piles. Every method answers the refusal that is due, or None and has done what was asked."""

    def __init__(self) -> None:
        self.piles: dict[tuple[int, Kind], list[Coin]] = {
            (user, axis): [] for user in VIEWERS for axis in (Kind.BONUS, Kind.COINS)
        }
        self.credits: dict[tuple[UUID, int], tuple[int, Kind]] = {}
        self.sent: dict[UUID, Sent] = {}
        self.done: set[UUID] = set()
        self.bought: dict[UUID, Buy] = {}
        self.frozen: dict[UUID, Frozen] = {}
        self.diamonds, self.owed = dict.fromkeys(CREATORS, 0), dict.fromkeys(CREATORS, 0)
        self.taken_out: dict[int, int] = dict.fromkeys(CREATORS, 0)

    def put(self, user: int, axis: Kind, coins: list[Coin]) -> None:
        self.piles[user, axis] += coins
        for coin in coins:
            self.credits[coin.credit] = (user, axis)

    def buy(self, order: Buy) -> None:
        self.bought[order.id] = order
        self.put(order.owner, Kind.COINS, [Coin(order.id, k, (order.id, 0), None) for k in range(order.coins)])
        bonus = [Coin(order.id, k, (order.id, 1), order.bonus_expires_at) for k in range(order.bonus)]
        self.put(order.owner, Kind.BONUS, bonus)

    def gift(self, order: Gift, now: datetime) -> Refusal:
        if order.creator == order.owner:
            return SelfGift
        sent = self.sent.get(order.id) or Sent(order)
        if order.count <= sent.upto:
            return None
        if not sent.stands:
            return GiftReversed
        price = order.paid or sent.order.unit * (order.count - sent.upto)
        if price > sum(len(self.piles[order.owner, axis]) for axis in (Kind.BONUS, Kind.COINS)):
            return NotEnoughCoins
        self.sent[order.id], sent.upto = sent, order.count
        for axis in (Kind.BONUS, Kind.COINS):
            coins = []
            while price and self.piles[order.owner, axis]:
                coins.append(self.piles[order.owner, axis].pop(0))
                price -= 1
            if coins:
                given = len(coins) * order.rate
                shares = [given * (i + 1) // len(coins) - given * i // len(coins) for i in range(len(coins))]
                names = [coin.name() for coin in coins]
                sent.legs.append(Leg(axis, coins, names, shares, order.creator, now))
                self.diamonds[order.creator] += sum(shares)
        return None

    def reverse(self, order: Reverse) -> None:
        sent = self.sent[order.gift]
        if not sent.stands:
            return
        sent.stands = False
        for number, leg in enumerate(sent.legs):
            until = None
            if leg.axis == Kind.BONUS:
                until = max([order.spend_until, *(coin.expires_at for coin in leg.coins if coin.expires_at)])
            for coin in leg.coins:
                coin.credit, coin.expires_at = (order.id, number), until
            self.put(order.owner, leg.axis, leg.coins)
            self.owed[leg.creator] += sum(leg.shares)

    def expire(self, order: Expire) -> Refusal:
        if order.id in self.done:
            return None
        pile = self.piles[order.owner, Kind.BONUS]
        gone = [coin for coin in pile if coin.credit == (order.grant, order.leg)]
        if not gone or any(coin.expires_at is None or coin.expires_at > order.at for coin in gone):
            return NothingToExpire
        self.done.add(order.id)
        for coin in gone:
            pile.remove(coin)
        return None

    def freeze(self, order: Freeze) -> Refusal:
        pack = self.bought[order.purchase]
        coins, bonus = (
            [coin for coin in self.piles[order.owner, axis] if coin.purchase == pack.id]
            for axis in (Kind.COINS, Kind.BONUS)
        )
        used = sum(
            coin.purchase == pack.id
            for sent in self.sent.values()
            if sent.stands
            for leg in sent.legs
            if leg.axis == Kind.BONUS
            for coin in leg.coins
        )
        away = [
            coin
            for frozen in self.frozen.values()
            if frozen.order.purchase == pack.id and frozen.ended != "thawed"
            for axis, taken in frozen.parts
            if axis == Kind.COINS
            for coin in taken
        ]

        def bonus_beside(asked: int) -> int:
            return pack.bonus * (pack.coins - len(away) - asked) // pack.coins

        most = max((asked for asked in range(1, len(coins) + 1) if bonus_beside(asked) >= used), default=0)
        asked = most if order.coins is None else order.coins
        price = sum(pack.price * (c.k + 1) // pack.coins - pack.price * c.k // pack.coins for c in coins[-asked:])
        if not 0 < asked <= most or not price:
            return NotRefundable
        taken = [(Kind.COINS, coins[-asked:])]
        if leaving := max(0, used + len(bonus) - bonus_beside(asked)):
            taken.append((Kind.BONUS, bonus[-leaving:]))
        for axis, part in taken:
            for coin in part:
                self.piles[order.owner, axis].remove(coin)
        self.frozen[order.id] = Frozen(order, taken, price)
        return None

    def thaw(self, order: Thaw) -> Refusal:
        frozen = self.frozen[order.freeze]
        if frozen.ended == "refunded":
            return AlreadyRefunded
        if not frozen.ended:
            frozen.ended = "thawed"
            for number, (axis, part) in enumerate(frozen.parts):
                until = None
                if axis == Kind.BONUS:
                    until = max([order.spend_until, *(coin.expires_at for coin in part if coin.expires_at)])
                for coin in part:
                    coin.credit, coin.expires_at = (order.id, number), until
                self.put(order.owner, axis, part)
        return None

    def refund(self, order: Refund) -> Refusal:
        frozen = self.frozen[order.freeze]
        if frozen.ended == "thawed":
            return AlreadyThawed
        frozen.ended = "refunded"
        return None

    def matured(self, creator: int, cut: datetime) -> int:
        """The formula of the decision: what standing gifts of the hours before earned, less what was taken out."""
        before = cut.replace(minute=0, second=0, microsecond=0)
        legs = [leg for sent in self.sent.values() if sent.stands for leg in sent.legs if leg.creator == creator]
        return max(0, sum(sum(leg.shares) for leg in legs if leg.booked_at < before) - self.taken_out[creator])

    def hold(self, order: Hold) -> Refusal:
        if order.diamonds > self.matured(order.owner, order.immature_from):
            return NotMatured
        self.diamonds[order.owner] -= self.owed[order.owner] + order.diamonds
        self.owed[order.owner] = 0
        self.taken_out[order.owner] += order.diamonds
        return None

    def release(self, order: Release, hold: Hold) -> None:
        if order.id not in self.done:
            self.done.add(order.id)
            self.diamonds[order.owner] += hold.diamonds
            self.taken_out[order.owner] -= hold.diamonds
