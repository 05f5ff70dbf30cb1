"""The demo economy: made-up handles, the starter catalogue, real purchases through the sandbox, gifts that keep coming.

Everything is drawn from a fixed sequence and sent under fixed keys, so that a demo stopped halfway is completed, and a
finished one left alone, by the next start.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Final

from riviere import clock, ids
from riviere.economy import catalogue, gifts, people, places, policies
from riviere.economy.gifts import GiftRequest
from riviere.economy.remembered import Remembered
from riviere.errors import RiviereError
from riviere.ledger.model import NotEnoughCoins
from riviere.ledger.writer import Writes
from riviere.payments import purchases
from riviere.payments.sandbox import SandboxProcessor
from riviere.services import Riviere

CREATORS: Final = (
    *("aurora", "basalt", "cedar", "delta", "ember", "fjord"),
    *("garnet", "harbor", "indigo", "juniper", "kelp", "lumen"),
)
VIEWERS: Final = 2_000
BUYERS: Final = 400
GIFTS: Final = 4_000

_FIRST: Final = ("amber", "brisk", "calm", "dusky", "early", "fern", "glad", "hazel", "idle", "jade")
_SECOND: Final = ("brook", "cloud", "drift", "elm", "finch", "grove", "heron", "isle", "jetty", "kite")
_PACKS: Final = ("pack-700", "pack-700", "pack-1400", "pack-3500", "pack-7000")
#: What is sent, the cheap far more often than the dear.
_SENT: Final = ("rose",) * 20 + ("clover",) * 10 + ("tulip",) * 8 + ("ring",) * 5 + ("tiara",) * 3 + ("comet",)

Progress = Callable[[int, int], None]


class Demo:
    """Fills an economy and lets gifts arrive in it."""

    def __init__(self, riviere: Riviere, writer: Writes) -> None:
        """Reads through `riviere`, from one thread at a time, and books through `writer`."""
        self._riviere = riviere
        self._writer = writer
        self._processor = SandboxProcessor()
        self._viewers = [*_handles(VIEWERS)]

    def seed(self, progress: Progress) -> str:
        """Everything the demo starts with; answers what there is, in words. `progress` hears (done, in all)."""
        riviere, now = self._riviere, clock.now()
        catalogue.stock(riviere.connection, riviere.signer, now)
        policies.defaults(riviere.connection, riviere.signer, now)
        users = people.ensure(riviere.connection, riviere.signer, [*CREATORS, *self._viewers], now)
        for creator in CREATORS:
            places.open_place(riviere.connection, riviere.signer, users[creator], places.POST, "welcome", now)
        places.open_place(riviere.connection, riviere.signer, users[CREATORS[0]], places.STREAM, "live", now)
        if not self._seeded(now):
            for number in range(BUYERS):
                self._buy(self._viewers[number], f"demo-buy-{number}", _PACKS[_draw(len(_PACKS), "pack", number)])
                progress(number, BUYERS + GIFTS)
            remembered = Remembered()
            for begin in range(0, GIFTS, 500):
                requests = [self._request(number) for number in range(begin, begin + 500)]
                orders = gifts.prepare(riviere.connection, remembered, requests, clock.now())
                self._writer.write([order for order in orders if not isinstance(order, RiviereError)])
                progress(BUYERS + begin + 500, BUYERS + GIFTS)
        return f"{len(CREATORS)} creators, {VIEWERS:,} viewers, 1 stream live"

    def _seeded(self, now: datetime) -> bool:
        """Whether the last gift of the sequence stands: then all of it does."""
        try:
            return gifts.send(self._riviere.connection, self._writer, self._request(GIFTS), now).repeated
        except NotEnoughCoins:
            return False

    def _request(self, number: int) -> GiftRequest:
        creator = CREATORS[_draw(len(CREATORS), "creator", number) * _draw(len(CREATORS), "fame", number) // 12]
        live = creator == CREATORS[0]
        return GiftRequest(
            key=f"demo-gift-{number}",
            sender=self._viewers[_draw(BUYERS, "viewer", number)],
            creator=creator,
            gift=_SENT[_draw(len(_SENT), "gift", number)],
            count=1 + _draw(3, "count", number),
            stream="live" if live else None,
            post=None if live else "welcome",
        )

    def _buy(self, viewer: str, key: str, pack: str) -> None:
        riviere = self._riviere
        purchases.buy(
            riviere.connection,
            self._writer,
            self._processor,
            catalogue.Catalogue.load(riviere.connection),
            user=viewer,
            pack=pack,
            key=key,
            card="card-ok",
            now=clock.now(),
        )

    def gift_arrives(self) -> str:
        """Sends one more gift to the live stream, topping the viewer up where it takes that; answers it in words."""
        number = ids.random_id()
        viewer = self._viewers[number % BUYERS]
        name, count = _SENT[number % len(_SENT)], 1 + number % 17
        request = GiftRequest(
            key=f"demo-live-{number}", sender=viewer, creator=CREATORS[0], gift=name, count=count, stream="live"
        )
        try:
            gifts.send(self._riviere.connection, self._writer, request, clock.now())
        except NotEnoughCoins:
            self._buy(viewer, f"demo-top-up-{number}", "pack-7000")
            gifts.send(self._riviere.connection, self._writer, request, clock.now())
        return f"✦ {viewer} sent {name} ×{count} to {CREATORS[0]}"


def _draw(below: int, *what: object) -> int:
    """A number under `below` that is the same in every run."""
    return int.from_bytes(blake2b(repr(what).encode(), digest_size=8).digest(), "big") % below


def _handles(many: int) -> Iterator[str]:
    for number in range(many):
        yield f"{_FIRST[number % 10]}-{_SECOND[number // 10 % 10]}-{number // 100 + 1}"
