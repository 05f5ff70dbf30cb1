"""A server is killed while somebody follows a feed at it: they come back by themselves, and hear everything once."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scene import ended, kill, serve
from shop import CREATORS, VIEWERS, Shop

from riviere.access import keys
from riviere.client import Client
from riviere.ledger.model import Order
from riviere.services import Riviere
from riviere.settings import Settings
from riviere.wire.feed import FeedQuery

KILLS = 3
GIFTS = 40


def test_a_follower_misses_nothing_of_what_is_sent_around_a_kill(data_folder: Path) -> None:
    with Riviere(Settings(data_folder, None)) as riviere:
        shop = Shop(riviere.database, riviere.signer)
        shop.stock_up()
        _, key = keys.create(riviere.connection, "follower", ["feed:read"], by="tests", now=shop.now)
        rounds = [orders(shop, number) for number in range(KILLS + 1)]
        expected = [str(order.id) for some in rounds for order in some]
        process, url = serve(data_folder)
        with ThreadPoolExecutor(1) as apart:
            heard = apart.submit(follow, url, key, expected[-1])
            for some in rounds[:-1]:
                # Some are sent while the server is there, some while it is not, all of them by another process.
                shop.write(some[: GIFTS // 2])
                assert kill(process)
                shop.write(some[GIFTS // 2 :])
                process, _ = serve(data_folder, int(url.rpartition(":")[2]))
            shop.write(rounds[-1])
            assert heard.result(60) == expected
        process.send_signal(signal.SIGTERM)
        assert ended(process).status == 0
        shop.balances()


def orders(shop: Shop, number: int) -> list[Order]:
    """Gifts to one creator."""
    return [
        shop.gift(VIEWERS[gift % len(VIEWERS)], CREATORS[0], f"gift-{number}-{gift}", 1 + gift % 3)
        for gift in range(GIFTS)
    ]


def follow(url: str, key: str, last: str) -> list[str]:
    """The ids of all gifts that a follower hears of, up to the last one."""
    heard: list[str] = []
    with Client(url, key) as riviere:
        for event in riviere.follow_creator(CREATORS[0], FeedQuery(after="0.0")):
            heard.append(getattr(event, "id", ""))
            if heard[-1] == last:
                break
    return heard
