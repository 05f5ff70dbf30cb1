"""The people of a bench, and the gifts that they ask for: roses of one coin, under random keys of 128 bits."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

import msgspec

from riviere import clock, ids
from riviere.cli.bench.ground import BenchRefused, say
from riviere.cli.bench.load import CREATOR, GIFT, STREAM, VIEWER
from riviere.economy import catalogue, people, places, policies
from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError
from riviere.ledger.model import Buy, Order
from riviere.ledger.writer import LARGEST_BATCH, Writes
from riviere.services import Riviere

VIEWERS: Final = 100_000
CREATORS: Final = 2_000
#: Viewers who never bought a coin.
POOR: Final = 1_000
POOR_NAMES: Final = "poor-"
#: The largest pack without bonus coins: a rose is then one row and not sometimes two.
_PACK: Final = "pack-350"
#: People added in one transaction.
_TOGETHER: Final = 10_000

#: From 64 random bits to the number of a creator.
Chooser = Callable[[int], int]


class Crowd(msgspec.Struct, frozen=True):
    """Who is there, by external ids."""

    viewers: list[str]
    creators: list[str]
    poor: list[str]


def gather(riviere: Riviere, writer: Writes, gifts: int, creators: int, *, since: datetime) -> Crowd:
    """Viewers with coins for `gifts` roses, and creators who have been live since `since`.

    There are VIEWERS and `creators` of them, and never more than gifts.
    """
    crowd = Crowd(
        [VIEWER % number for number in range(min(VIEWERS, gifts))],
        [CREATOR % number for number in range(min(creators, gifts))],
        [f"{POOR_NAMES}{number:06}" for number in range(min(POOR, gifts))],
    )
    say(f"{len(crowd.viewers):,} viewers and {len(crowd.creators):,} creators come in")
    catalogue.stock(riviere.connection, riviere.signer, since)
    policies.defaults(riviere.connection, riviere.signer, since)
    users: dict[str, int] = {}
    everyone = [*crowd.creators, *crowd.poor, *crowd.viewers]
    for begin in range(0, len(everyone), _TOGETHER):
        users |= people.ensure(riviere.connection, riviere.signer, everyone[begin : begin + _TOGETHER], since)
    wanted = [(users[name], places.STREAM, STREAM, since) for name in crowd.creators]
    places.ensure(riviere.connection, riviere.signer, wanted)
    # Twice what falls to each and some more: chance gives nobody so many gifts.
    buyers = [users[name] for name in crowd.viewers]
    _buy(writer, catalogue.Catalogue.load(riviere.connection), buyers, 2 * gifts // len(buyers) + 60)
    return crowd


def _buy(writer: Writes, shelf: catalogue.Catalogue, buyers: Sequence[int], coins: int) -> None:
    orders = list(_purchases(shelf, buyers, coins))
    for begin in range(0, len(orders), LARGEST_BATCH):
        for answer in writer.write(orders[begin : begin + LARGEST_BATCH]):
            if isinstance(answer, RiviereError):
                raise BenchRefused(reason=answer.code)


def _purchases(shelf: catalogue.Catalogue, buyers: Sequence[int], coins: int) -> Iterator[Order]:
    now = clock.now()
    pack = shelf.pack(_PACK, now)
    for buyer in buyers:
        for number in range(-(-coins // pack.coins)):
            purchase = ids.client_id(f"{buyer}-{number}")
            yield Buy(
                buyer,
                purchase,
                ids.request_digest("buy", pack.id),
                now,
                pack.coins,
                pack.bonus,
                pack.price,
                pack.currency,
                pack.id,
                now + timedelta(days=pack.bonus_days),
                "sandbox",
                purchase.hex,
            )


class Gifts:
    """An endless supply of what viewers ask for."""

    def __init__(self, crowd: Crowd, choose: Chooser, *, refuse: float = 0, days: int = 0) -> None:
        """`choose` says who gets a gift; `refuse` is the share that comes from viewers without coins.

        They happened now, or else spread over the last `days`.
        """
        self._crowd = crowd
        self._choose = choose
        self._refuse = refuse
        self._days = days
        self._made = 0

    def refused_of(self, many: int) -> int:
        """How many of the first `many` gifts are from viewers without coins."""
        return int(many * self._refuse)

    def groups(self, many: int, size: int) -> Iterator[list[GiftRequest]]:
        """The next `many` gifts, `size` at a time."""
        for begin in range(0, many, size):
            yield [self._request() for _ in range(min(size, many - begin))]

    def _request(self) -> GiftRequest:
        drawn = ids.salt(40)
        viewer, creator, moment = (int.from_bytes(drawn[at : at + 8], "big") for at in (16, 24, 32))
        poor = self.refused_of(self._made + 1) > self.refused_of(self._made)
        self._made += 1
        senders = self._crowd.poor if poor else self._crowd.viewers
        at = clock.now() - timedelta(seconds=moment % (self._days * 86_400)) if self._days else None
        return GiftRequest(
            key=drawn[:16].hex(),
            sender=senders[viewer % len(senders)],
            creator=self._crowd.creators[self._choose(creator)],
            gift=GIFT,
            stream=STREAM,
            at=at,
        )


def evenly(creators: int) -> Chooser:
    """Everybody gets as many; with one creator everything goes there."""
    return lambda drawn: drawn % creators


def by_zipf(creators: int, exponent: float) -> Chooser:
    """Zipf's law: the creator of rank r gets a share like 1 / r ** exponent."""
    bounds = list(accumulate(1 / rank**exponent for rank in range(1, creators + 1)))
    return lambda drawn: min(bisect_right(bounds, drawn / 2**64 * bounds[-1]), creators - 1)


def half_to_one(creators: int) -> Chooser:
    """The first creator gets half of all, the others the rest evenly."""
    return lambda drawn: 0 if drawn & 1 or creators == 1 else 1 + (drawn >> 1) % (creators - 1)
