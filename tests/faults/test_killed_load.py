"""A process that books gifts in bulk is killed, or has company: what was answered is there, and all of it once."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scene import ended, kill, kill_postmaster
from shop import Shop, once_each

from riviere.services import Riviere
from riviere.settings import Settings

LOADER = Path(__file__).with_name("loader.py")
#: Gifts for each kill: many more than a quick machine answers between our looking and our killing.
GIFTS = 16_000


def load(folder: Path, first: int, last: int, notes: Path) -> subprocess.Popen[str]:
    command = [sys.executable, LOADER, folder, str(first), str(last), notes]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answered(notes: Path) -> set[int]:
    """The numbers whose answer arrived; a line cut short is an answer nobody read."""
    lines = [line.split(" ", 1) for line in notes.read_text().splitlines(keepends=True)] if notes.exists() else []
    assert all(said == "ok\n" for _, said in lines if said.endswith("\n")), lines[-1]
    return {int(number) for number, said in lines if said.endswith("\n")}


@pytest.mark.parametrize(
    ("seed", "kills"),
    [
        pytest.param(1, 2, id="twice"),
        *(pytest.param(seed, 5, id=f"five-{seed}", marks=pytest.mark.slow) for seed in (2, 3, 4, 5)),
    ],
)
def test_a_bulk_load_killed_at_random_moments_keeps_what_it_answered(
    data_folder: Path, tmp_path: Path, seed: int, kills: int
) -> None:
    chance, notes, hits, many = random.Random(seed), tmp_path / "notes", 0, kills * GIFTS
    with Riviere(Settings(data_folder, None)) as riviere:
        shop = Shop(riviere.database, riviere.signer)
        shop.stock_up()
        orders = shop.gifts(range(many))
        for number in range(kills):
            seen = len(answered(notes))
            process = load(data_folder, 0, many, notes)
            more = seen + chance.randint(0, GIFTS // 8)
            while len(answered(notes)) <= more and process.poll() is None:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.05))
            if number % 2:
                kill_postmaster(data_folder)
            hits += kill(process)
            told = f"seed {seed}, kill {number + 1}: {hits} kills hit a running process"
            booked = shop.booked()
            assert set(booked.values()) <= {1}, told
            assert {orders[number].id for number in answered(notes)} <= booked.keys(), told
        assert hits > kills // 2, told
        assert ended(load(data_folder, 0, many, notes)).status == 0
        assert answered(notes) == set(range(many)), told
        assert shop.booked() == once_each(orders), told
        shop.balances()


def test_two_processes_write_to_the_same_creators_and_send_some_gifts_both(data_folder: Path, tmp_path: Path) -> None:
    with Riviere(Settings(data_folder, None)) as riviere:
        shop = Shop(riviere.database, riviere.signer)
        shop.stock_up()
        one = load(data_folder, 0, 6_000, tmp_path / "one")
        other = load(data_folder, 4_000, 10_000, tmp_path / "other")
        for process in (one, other):
            said = ended(process)
            assert (said.status, said.err) == (0, "")
        assert answered(tmp_path / "one") == set(range(6_000))
        assert answered(tmp_path / "other") == set(range(4_000, 10_000))
        assert shop.booked() == once_each(shop.gifts(range(10_000)))
        shop.balances()
