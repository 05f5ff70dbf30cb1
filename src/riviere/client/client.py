"""The two clients: how calls are sent, and everything that can be asked."""

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice

from msgspec.structs import replace

from riviere.client.calls import gifts as gift_calls
from riviere.client.calls.access import AccessCalls
from riviere.client.calls.audience import AudienceCalls
from riviere.client.calls.catalogue import CatalogueCalls
from riviere.client.calls.contests import ContestCalls
from riviere.client.calls.feed import FeedCalls
from riviere.client.calls.gifts import GiftCalls
from riviere.client.calls.goals import GoalCalls
from riviere.client.calls.health import ServerCalls
from riviere.client.calls.overlays import OverlayCalls
from riviere.client.calls.places import PlaceCalls
from riviere.client.calls.redemptions import PayeeCalls, RedemptionCalls
from riviere.client.calls.supporters import SupporterCalls
from riviere.client.calls.users import UserCalls
from riviere.client.calls.verifying import VerifyingCalls
from riviere.client.calls.wallets import WalletCalls
from riviere.client.calls.webhooks import WebhookCalls
from riviere.client.calls.words import WordCalls
from riviere.client.sending import AsyncSender, Sender
from riviere.wire.gifts import BulkAnswer, BulkGift


class _Operations(
    GiftCalls,
    UserCalls,
    PlaceCalls,
    FeedCalls,
    WordCalls,
    AudienceCalls,
    GoalCalls,
    SupporterCalls,
    ContestCalls,
    OverlayCalls,
    CatalogueCalls,
    WalletCalls,
    RedemptionCalls,
    PayeeCalls,
    VerifyingCalls,
    WebhookCalls,
    AccessCalls,
    ServerCalls,
):
    """Every operation of the API."""


class Client(Sender, _Operations):
    """Riviere's API for programs that wait for an answer. Threads may share one."""

    def send_gifts(self, gifts: Iterable[BulkGift]) -> Iterator[BulkAnswer]:
        """Send any number of gifts, each under a key of its own; each is answered in its order, `line` by `line`.

        A gift that is refused does not stop its neighbours. They go in requests of 2,000, one after another.
        """
        for before, batch in _batches(gifts):
            for answer in self.do(gift_calls.send_gifts(batch)):
                yield replace(answer, line=before + answer.line)


class AsyncClient(AsyncSender, _Operations):
    """Riviere's API for programs of one event loop."""

    async def send_gifts(self, gifts: Iterable[BulkGift]) -> AsyncIterator[BulkAnswer]:
        """Send any number of gifts, each under a key of its own; each is answered in its order, `line` by `line`.

        A gift that is refused does not stop its neighbours. They go in requests of 2,000, one after another.
        """
        for before, batch in _batches(gifts):
            for answer in await self.do(gift_calls.send_gifts(batch)):
                yield replace(answer, line=before + answer.line)


def _batches(gifts: Iterable[BulkGift]) -> Iterator[tuple[int, list[BulkGift]]]:
    """The gifts in requests, each with how many went before."""
    rest, before = iter(gifts), 0
    while batch := list(islice(rest, gift_calls.BATCH)):
        yield before, batch
        before += len(batch)
