"""The process of the gift desk is killed before a crowd, or its server is: what was answered is there once."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from crowd import Crowd
from scene import ended, kill_postmaster
from test_killed_server import CLIENTS, again, open_shop, serve

from riviere.ids import client_id
from riviere.services import Riviere
from riviere.settings import Settings


def desk(server: int) -> int | None:
    """The number of the desk's process of this server."""
    for entry in Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1] if entry.name.isdecimal() else ""
            if parent == str(server) and b"riviere.economy.apart.child" in (entry / "cmdline").read_bytes():
                return int(entry.name)
        except OSError:
            continue  # it has ended meanwhile
    return None


def another(server: int, than: int | None = None) -> int:
    """Waits until there is a desk, and not this one."""
    deadline = time.monotonic() + 20
    while (found := desk(server)) in (None, than):
        assert time.monotonic() < deadline, "no desk"
        time.sleep(0.01)
    assert found is not None
    return found


def more(crowd: Crowd, process: "subprocess.Popen[str]", many: int) -> None:
    """Waits until so many more are answered."""
    enough = len(crowd.answered) + many
    deadline = time.monotonic() + 60
    while len(crowd.answered) < enough:
        assert process.poll() is None
        assert time.monotonic() < deadline, crowd.wrong
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("seed", "kills"),
    [pytest.param(1, 3, id="thrice"), *(pytest.param(seed, 6, marks=pytest.mark.slow) for seed in (2, 3, 4))],
)
def test_a_desk_killed_before_a_crowd_loses_nothing_and_doubles_nothing(
    data_folder: Path, seed: int, kills: int
) -> None:
    chance = random.Random(seed)
    with Riviere(Settings(data_folder, None)) as riviere:
        shop, key = open_shop(riviere)
        process, url = serve(data_folder)
        crowd = Crowd(url, key, CLIENTS)
        victim: int | None = None
        for number in range(kills):
            victim = another(process.pid, victim)
            more(crowd, process, chance.randint(1, 600))
            time.sleep(chance.uniform(0, 0.05))
            if number % 3 == 2:
                kill_postmaster(data_folder)
            os.kill(victim, signal.SIGKILL)
        more(crowd, process, 100)
        crowd.gone()
        assert crowd.wrong == []
        assert crowd.sent - crowd.answered, "no kill left anybody without an answer"
        process.send_signal(signal.SIGTERM)
        said = ended(process)
        assert said.status == 0
        assert said.err.count("the gift desk ended and is begun again") == kills
        booked = shop.booked()
        assert set(booked.values()) <= {1}
        assert {client_id(f"gift-{gift}") for gift in crowd.answered} <= booked.keys()
        assert booked.keys() <= {client_id(f"gift-{gift}") for gift in crowd.sent}
        again(data_folder, key, crowd.sent)
        assert shop.booked() == {client_id(f"gift-{gift}"): 1 for gift in crowd.sent}
        shop.balances()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/exe").exists():  # a zombie that nobody reaps has none
        assert time.monotonic() < deadline, "the desk is still there"
        time.sleep(0.01)


def test_a_desk_whose_server_is_killed_writes_what_it_has_taken_and_ends(data_folder: Path) -> None:
    with Riviere(Settings(data_folder, None)) as riviere:
        shop, key = open_shop(riviere)
        process, url = serve(data_folder)
        crowd = Crowd(url, key, CLIENTS)
        more(crowd, process, 300)
        left = another(process.pid)
        os.kill(left, signal.SIGSTOP)
        time.sleep(0.2)
        before = len(shop.booked())
        process.kill()
        process.wait()
        crowd.gone()
        os.kill(left, signal.SIGCONT)
        wait_until_gone(left)
        ended(process)
        booked = shop.booked()
        assert len(booked) > before, "it had taken gifts that nobody was told of"
        assert {client_id(f"gift-{gift}") for gift in crowd.answered} <= booked.keys()
        again(data_folder, key, crowd.sent)
        assert shop.booked() == {client_id(f"gift-{gift}"): 1 for gift in crowd.sent}
        shop.balances()


def test_a_server_told_to_stop_leaves_no_desk_behind(data_folder: Path) -> None:
    with Riviere(Settings(data_folder, None)) as riviere:
        open_shop(riviere)
        for number in (signal.SIGTERM, signal.SIGINT):
            process, _ = serve(data_folder)
            there = another(process.pid)
            process.send_signal(number)
            assert ended(process)[::2] == (0, "")
            assert not Path(f"/proc/{there}").exists()


def test_gifts_go_on_where_the_database_is_started_again_beneath(data_folder: Path) -> None:
    with Riviere(Settings(data_folder, None)) as riviere:
        shop, key = open_shop(riviere)
        process, url = serve(data_folder)
        crowd = Crowd(url, key, CLIENTS)
        more(crowd, process, 100)
        there = another(process.pid)
        for _ in range(2):
            kill_postmaster(data_folder)
            more(crowd, process, 200)
        crowd.gone()
        assert desk(process.pid) == there
        process.send_signal(signal.SIGTERM)
        assert ended(process).status == 0
        assert crowd.wrong == []
        assert {client_id(f"gift-{gift}") for gift in crowd.answered} <= shop.booked().keys()
        shop.balances()
