"""Gifts that get as far as the end of their transaction and wait there, and how a test sees that somebody waits."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from riviere.economy import gifts
from riviere.economy.gifts import GiftRequest
from riviere.ledger.model import Receipt
from riviere.ledger.writer import Writer
from world import World

__all__ = ["held_before_its_commit", "wait_until_locked_out"]


@contextmanager
def held_before_its_commit(
    world: World, first: GiftRequest
) -> Iterator[tuple[Callable[[GiftRequest], Receipt], Callable[[], None]]]:
    """A way to send gifts with a writer that gets as far as the end of its transaction, and what lets it commit.

    `first` is sent before, so that the writer has a chain of its own.
    """
    with (
        Writer(world.database.connect) as late,
        world.database.connect(autocommit=True) as prices,
        world.database.connect() as holding,
    ):
        gifts.send(prices, late, first, world.now)
        # The last thing it does before it commits is to move its chain on, which is the one begun last.
        holding.execute("SELECT FROM writer WHERE id = (SELECT max(id) FROM writer) FOR UPDATE")
        yield lambda request: gifts.send(prices, late, request, world.now), holding.commit


def wait_until_locked_out(world: World, many: int) -> None:
    """Waits until so many connections wait for a lock."""
    for _ in range(1_000):
        row = world.connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
        if row == (many,):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
