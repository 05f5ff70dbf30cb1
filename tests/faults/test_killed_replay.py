"""`riviere replay` is killed, again and again, and run once more: every gift is there once."""

import os
import random
import time
from pathlib import Path

import pytest
from scene import (
    BATCH,
    Log,
    batches,
    begin,
    booked,
    each_creator_has_theirs,
    everything_stands,
    gift_log,
    kill,
    kill_postmaster,
    postmaster,
    run,
    wait_for,
)

from riviere.database.database import Database, open_database
from riviere.settings import Settings

#: Each seed kills so often on one folder before the run that ends, each time amid what the kill before it left.
FAST = [pytest.param(1, 2, id="two-kills")]
LONG = [pytest.param(seed, 5, id=f"five-kills-{seed}", marks=pytest.mark.slow) for seed in (2, 3, 4, 5)]


@pytest.mark.parametrize(("seed", "kills"), [*FAST, *LONG])
def test_a_replay_killed_at_random_moments_books_every_gift_once(
    data_folder: Path, tmp_path: Path, seed: int, kills: int
) -> None:
    chance = random.Random(seed)
    log = gift_log(tmp_path / "gifts.jsonl", rows=(3 * kills + 3) * BATCH)
    with open_database(Settings(data_folder, None)) as database:
        hits = sum(replay_is_killed(database, log, chance, number) for number in range(kills))
        told = f"seed {seed}: {hits} of {kills} kills hit a process that was booking"
        assert hits > kills // 2, told
        before = booked(data_folder)
        assert 0 < before < sum(log.gifts.values()), told
        everything_stands(data_folder, log, before)
        each_creator_has_theirs(data_folder, log)
    assert run("verify", "--data", data_folder).status == 0


def replay_is_killed(database: Database, log: Log, chance: random.Random, number: int) -> bool:
    """Kills one replay at a random moment; answers whether it had written a batch and not its last.

    Every fourth is killed anywhere from its first instruction on. Every second takes PostgreSQL with it, which then
    recovers from a crash.
    """
    folder = database.folder.path
    there = batches(folder)
    process = begin("replay", log.path, "--data", folder, "--json")
    if number % 4 == 3:
        time.sleep(chance.uniform(0.1, 2))
    else:
        wanted = there + chance.randint(1, 2)
        wait_for(lambda: batches(folder) >= wanted, process)
        time.sleep(chance.uniform(0, 0.1))
    if number % 2:
        kill_postmaster(folder)
    hit = kill(process)
    database.connect().close()  # starts the server again where it was killed
    return hit and there < batches(folder) and booked(folder) < sum(log.gifts.values())


def test_a_replay_killed_alone_leaves_a_server_that_the_next_run_joins(data_folder: Path, tmp_path: Path) -> None:
    log = gift_log(tmp_path / "gifts.jsonl", rows=5 * BATCH)
    process = begin("replay", log.path, "--data", data_folder, "--json")
    wait_for(lambda: batches(data_folder) >= 2, process)
    assert kill(process)
    orphan = postmaster(data_folder)
    os.kill(orphan, 0)
    before = booked(data_folder)
    with open_database(Settings(data_folder, None)):
        assert postmaster(data_folder) == orphan
        everything_stands(data_folder, log, before)
        each_creator_has_theirs(data_folder, log)
