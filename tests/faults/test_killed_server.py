"""A server is killed, or told to stop, before a crowd: what was answered is there once, the rest at most once."""

import random
import signal
import time
from pathlib import Path

import pytest
from crowd import Crowd
from scene import ended, kill, kill_postmaster, serve
from shop import Shop

from riviere.access import keys
from riviere.ids import client_id
from riviere.services import Riviere
from riviere.settings import Settings

CLIENTS = 64


def open_shop(riviere: Riviere) -> tuple[Shop, str]:
    """A stocked shop and an API key that may send gifts."""
    shop = Shop(riviere.database, riviere.signer)
    shop.stock_up()
    _, key = keys.create(riviere.connection, "crowd", ["gifts:write"], by="tests", now=shop.now)
    return shop, key


@pytest.mark.parametrize(
    ("seed", "kills"),
    [
        pytest.param(1, 2, id="twice"),
        *(pytest.param(seed, 5, id=f"five-{seed}", marks=pytest.mark.slow) for seed in (2, 3, 4, 5)),
    ],
)
def test_a_server_killed_before_a_crowd_keeps_what_it_answered(data_folder: Path, seed: int, kills: int) -> None:
    chance, hits = random.Random(seed), 0
    sent: set[int] = set()
    answered: set[int] = set()
    with Riviere(Settings(data_folder, None)) as riviere:
        shop, key = open_shop(riviere)
        for number in range(kills):
            told = f"seed {seed}, kill {number + 1}"
            process, url = serve(data_folder)
            crowd = Crowd(url, key, CLIENTS, iter(range(number * 100_000, (number + 1) * 100_000)))
            while len(crowd.answered) < chance.randint(1, 600) and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.2))
            if number % 2:
                kill_postmaster(data_folder)
            hits += kill(process)
            crowd.gone()
            assert not crowd.wrong, f"{told}: {crowd.wrong[0]}"
            sent |= crowd.sent
            answered |= crowd.answered
            booked = shop.booked()
            assert set(booked.values()) <= {1}, told
            assert {client_id(f"gift-{gift}") for gift in answered} <= booked.keys(), told
            assert booked.keys() <= {client_id(f"gift-{gift}") for gift in sent}, told
            shop.balances()
        assert hits == kills
        assert sent - answered, "no kill left anybody without an answer"
        again(data_folder, key, sent)
        assert shop.booked() == {client_id(f"gift-{gift}"): 1 for gift in sent}
        shop.balances()


def again(folder: Path, key: str, numbers: set[int]) -> None:
    """Everybody sends everything once more, under the same keys."""
    process, url = serve(folder)
    crowd = Crowd(url, key, CLIENTS, iter(sorted(numbers)))
    crowd.finished()
    assert (crowd.answered, crowd.wrong) == (numbers, [])
    process.send_signal(signal.SIGTERM)
    assert ended(process).status == 0


def test_a_server_told_to_stop_answers_what_was_asked(data_folder: Path) -> None:
    with Riviere(Settings(data_folder, None)) as riviere:
        shop, key = open_shop(riviere)
        process, url = serve(data_folder)
        crowd = Crowd(url, key, CLIENTS)
        while len(crowd.answered) < 300:
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGTERM)
        crowd.gone()
        said = ended(process)
        assert (said.status, said.err, crowd.wrong) == (0, "", [])
        assert shop.booked() == {client_id(f"gift-{gift}"): 1 for gift in crowd.answered}
        shop.balances()
