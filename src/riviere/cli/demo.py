"""The demo economy: made-up handles, the starter catalogue, real purchases through the sandbox, gifts that keep coming.

Everything is drawn from a fixed sequence and sent under fixed keys, so that a demo stopped halfway is completed, and a
finished one left alone, by the next start.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

import msgspec

from riviere import clock, ids
from riviere.audience import announcements, questions
from riviere.content import posters
from riviere.content.posters import Poster
from riviere.economy import catalogue, gifts, people, places, policies
from riviere.economy.gifts import GiftRequest
from riviere.economy.remembered import Remembered
from riviere.errors import RiviereError
from riviere.ledger.refusals import NotEnoughCoins
from riviere.ledger.writer import Writes
from riviere.live import goals
from riviere.live.goals import Wanted
from riviere.payments import purchases
from riviere.payments.sandbox import SandboxProcessor
from riviere.services import Riviere

CREATORS: Final = (
    *("aurora", "basalt", "cedar", "delta", "ember", "fjord"),
    *("garnet", "harbor", "indigo", "juniper", "kelp", "lumen"),
)
#: The stream that is live.
STREAM: Final = "live"
#: What its goal comes to, in thousandths of diamonds.
GOAL: Final = 5_000_000
VIEWERS: Final = 2_000
BUYERS: Final = 400
GIFTS: Final = 4_000

_FIRST: Final = ("amber", "brisk", "calm", "dusky", "early", "fern", "glad", "hazel", "idle", "jade")
_SECOND: Final = ("brook", "cloud", "drift", "elm", "finch", "grove", "heron", "isle", "jetty", "kite")
_PACKS: Final = ("pack-700", "pack-700", "pack-1400", "pack-3500", "pack-7000")
#: What is sent, the cheap far more often than the dear.
_SENT: Final = ("rose",) * 20 + ("clover",) * 10 + ("tulip",) * 8 + ("ring",) * 5 + ("tiara",) * 3 + ("comet",)

#: What takes the stage, one gift of fifty; and what is sent as combos.
_RARE: Final = ("comet", "cascade", "lotus", "comet", "daybreak")
_COMBOS: Final = frozenset({"rose", "clover", "tulip"})

Progress = Callable[[int, int], None]


class Demo:
    """Fills an economy and lets gifts arrive in it."""

    def __init__(self, riviere: Riviere, writer: Writes) -> None:
        """Reads through `riviere`, from one thread at a time, and books through `writer`."""
        self._riviere = riviere
        self._writer = writer
        self._processor = SandboxProcessor()
        self._viewers = [*_handles(VIEWERS)]
        #: The combo that grows at this moment, and how far it will.
        self._combo: GiftRequest | None = None
        self._until = 0

    def seed(self, progress: Progress) -> str:
        """Everything the demo starts with; answers what there is, in words. `progress` hears (done, in all)."""
        riviere, now = self._riviere, clock.now()
        catalogue.stock(riviere.connection, riviere.signer, now)
        policies.defaults(riviere.connection, riviere.signer, now)
        users = people.ensure(riviere.connection, riviere.signer, [*CREATORS, *self._viewers], now)
        for creator in CREATORS:
            places.open_place(riviere.connection, riviere.signer, users[creator], places.POST, "welcome", now)
        places.open_place(riviere.connection, riviere.signer, users[CREATORS[0]], places.STREAM, STREAM, now)
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
        self._dress(now)
        return f"{len(CREATORS)} creators, {VIEWERS:,} viewers, 1 stream live"

    def _dress(self, now: datetime) -> None:
        """What lies beside the stream: a title, a goal, a question, a coming stream."""
        connection, creator = self._riviere.connection, CREATORS[0]
        place = places.find(connection, people.find(connection, creator).id, places.STREAM, STREAM)
        posters.put(connection, place.creator, place.id, Poster("Friday night, paint with me", None))
        if not goals.listed(connection, creator, None, 1, only_open=True):
            wanted = Wanted("New easel", GOAL, stream=STREAM)
            goals.open_goal(connection, creator, wanted, f"demo-goal-{ids.random_id()}", now)
        with suppress(questions.AskedJustNow):
            asker = people.find(connection, self._viewers[0]).id
            questions.ask(connection, place, asker, "What paper is that?", "demo-question", now)
        if not announcements.listed(connection, place.creator, None, 1, now):
            text, begins = "Portraits of whoever asks.", now + timedelta(days=3)
            key = f"demo-coming-{ids.random_id()}"
            announcements.announce(connection, place.creator, "Portraits by request", text, begins, key, now)

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
            stream=STREAM if live else None,
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

    def moment(self) -> None:
        """What happens next in the live stream: a gift or none, a combo that grows, now and then something large."""
        chance = ids.random_id()
        if self._combo is not None and chance % 4:
            self._combo = msgspec.structs.replace(self._combo, count=self._combo.count + 1 + chance % 3)
            self._give(self._combo)
            if self._combo.count > self._until:
                self._combo = None
            return
        if chance % 3 == 0:
            return
        gift = _RARE[chance // 8 % len(_RARE)] if chance // 8 % 50 == 0 else _SENT[chance // 8 % len(_SENT)]
        viewer = self._viewers[chance // 1024 % BUYERS]
        key = f"demo-live-{chance}"
        request = GiftRequest(key=key, sender=viewer, creator=CREATORS[0], gift=gift, count=1, stream=STREAM)
        if gift in _COMBOS and chance // 64 % 3 == 0:
            self._combo, self._until = msgspec.structs.replace(request, combo=True), 5 + chance // 128 % 40
            request = self._combo
        self._give(request)

    def _give(self, request: GiftRequest) -> None:
        """Sends a gift, and tops the viewer up where it takes that."""
        connection = self._riviere.connection
        try:
            gifts.send(connection, self._writer, request, clock.now())
        except NotEnoughCoins:
            self._buy(request.sender, f"top-up-{request.key}-{request.count}", "pack-7000")
            with suppress(NotEnoughCoins):
                gifts.send(connection, self._writer, request, clock.now())


def _draw(below: int, *what: object) -> int:
    """A number under `below` that is the same in every run."""
    return int.from_bytes(blake2b(repr(what).encode(), digest_size=8).digest(), "big") % below


def _handles(many: int) -> Iterator[str]:
    for number in range(many):
        yield f"{_FIRST[number % 10]}-{_SECOND[number // 10 % 10]}-{number // 100 + 1}"
