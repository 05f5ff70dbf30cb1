"""Who brings tallies up to date: a replay at its end, and the server in its rounds."""

import json
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from riviere.cli import up
from riviere.economy import tally
from riviere.economy.earned import earnings
from riviere.office import Office
from shell import Run
from world import World


def searched(world: World) -> list[tuple[Any, ...]]:
    """Chains whose batches were not all searched for creators who are due."""
    return world.connection.execute(
        "SELECT w.id, w.number, c.batch FROM writer AS w LEFT JOIN tally_cursor AS c ON c.writer = w.id"
        " WHERE w.number IS DISTINCT FROM c.batch"
    ).fetchall()


def test_a_replay_leaves_a_creator_with_many_gifts_tallied(world: World, run: Run, tmp_path: Path) -> None:
    log = tmp_path / "many.jsonl"
    row = {"at": "2026-01-02T03:04:05Z", "creator": "jo", "item": "rose", "count": 1, "unit_coins": 1, "stream": "live"}
    gifts = [row | {"id": str(number), "sender": f"viewer {number % 7}"} for number in range(tally.LEAST)]
    log.write_text("\n".join(map(json.dumps, gifts)))
    assert run("replay", str(log)).status == 0
    assert not searched(world)
    assert world.connection.execute("SELECT gifts FROM tally WHERE axis = 0").fetchone() == (tally.LEAST,)
    rows = earnings.by_supporter(world.connection, world.id("jo"))
    assert [len(rows), sum(row.gifts for row in rows)] == [7, tally.LEAST]


def test_the_server_searches_whatever_was_booked(world: World) -> None:
    world.creator("jo")
    world.viewer("mia")
    world.buy("mia", 10)
    world.give("mia", "jo")
    assert searched(world)
    with closing(world.database.pool(1)) as pool:
        office = cast("Office", SimpleNamespace(pool=pool))
        up._tallying(office).do()
    assert not searched(world)
