"""What somebody sent, a page at a time: every gift once, newest first, out of whatever account it was paid."""

from itertools import product

import pytest

from riviere.economy import sent
from riviere.economy.sent import Position
from world import World


def test_pages_hold_every_gift_once_newest_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few entries a page looks at: bonus and bought coins take turns, and purchases lie between the gifts."""
    world.viewer("mira")
    world.creator("aurora")
    world.buy("mira", 80)
    given = [world.give("mira", "aurora", key="streak", combo=True).id]
    for number in range(1, 8):
        for _ in range(number % 4):
            world.buy("mira", 80, bonus=35 * (number % 2))
        given += [world.give("mira", "aurora", code).id for code in ("rose", "ring")]
        world.give("mira", "aurora", count=number + 1, key="streak", combo=True)
    for most, limit in product((1, 2, 3, 7, 1_000), (1, 4, 100)):
        monkeypatch.setattr(sent, "MOST_ROWS", most)
        page, before = sent.listed(world.connection, world.id("mira"), None, limit)
        found = [gift.id for gift in page]
        while before is not None:
            page, before = sent.listed(world.connection, world.id("mira"), before, limit)
            assert len(page) <= limit
            found += [gift.id for gift in page]
        assert found == given[::-1], (most, limit)


def test_whoever_never_paid_for_anything_sent_nothing(world: World) -> None:
    world.viewer("mira")
    assert sent.listed(world.connection, world.id("mira"), None, 5) == ([], None)
    world.buy("mira", 40)
    assert sent.listed(world.connection, world.id("mira"), None, 5) == ([], None)
    assert sent.listed(world.connection, world.id("mira"), Position(1, 1, 1), 5) == ([], None)
