"""Couriers of running servers: told at once, stopped at once, killed, two at a time, and a database that goes away."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from office import Office
from receiver import OK, Answer, Heard, Receiver
from standardwebhooks import Webhook

from riviere.database.connection import DatabaseUnreachable
from riviere.economy import gifts as giving
from riviere.ledger.writer import Writer
from riviere.webhooks import schedule, sender
from riviere.webhooks.courier import Courier
from world import World

RUNNER = Path(__file__).with_name("runner.py")


@pytest.fixture
def office(world: World) -> Office:
    world.creator("mia")
    world.viewer("ben")
    return Office(world)


@contextmanager
def running(what: str, office: Office) -> Iterator[subprocess.Popen[str]]:
    """A process of runner.py; killed in the end, if a test has not done so."""
    command = [sys.executable, str(RUNNER), what, office.world.database.owner_dsn]
    with subprocess.Popen(command, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def numbers(receiver: Receiver) -> dict[str, list[int]]:
    """What was taken, by subject."""
    found: dict[str, list[int]] = {}
    for heard in receiver.taken:
        found.setdefault(heard.subject, []).append(heard.told["data"]["n"])
    return found


def in_order(receiver: Receiver) -> bool:
    """Whether the first arrivals of each subject's events are in order."""
    firsts = {subject: list(dict.fromkeys(found)) for subject, found in numbers(receiver).items()}
    return all(found == sorted(found) for found in firsts.values())


def test_a_gift_is_heard_of_at_once(office: Office, receiver: Receiver) -> None:
    world = office.world
    world.buy("ben", 100)
    endpoint = office.endpoint(receiver)
    with Courier(world.database.connect, allow_local=True):
        time.sleep(1)
        sent = time.monotonic()
        world.give("ben", "mia", "ring", 2, combo=True)
        assert receiver.wait_for(lambda: bool(receiver.taken))
        # Half a second as a rule; this machine may be busy.
        assert receiver.taken[0].at - sent < 5
        assert receiver.wait_for(lambda: len(receiver.taken) == 2, 15)
    gift, combo = receiver.taken
    for heard in (gift, combo):
        assert Webhook(office.secrets[endpoint]).verify(heard.body, dict(heard.headers))
    assert (gift.told["type"], combo.told["type"]) == ("gift.sent", "combo.finished")
    assert combo.at - gift.at > 4


def test_a_courier_stops_soon_whatever_it_waits_for(office: Office) -> None:
    with Receiver(lambda heard: Answer(wait=60)) as hanging:
        office.endpoint(hanging)
        office.tell("user/ben", 1)
        courier = Courier(office.world.database.connect, allow_local=True)
        courier.start()
        assert hanging.wait_for(lambda: bool(hanging.heard))
        begun = time.monotonic()
        courier.close()
        assert time.monotonic() - begun < 30, "two seconds, on a machine that is not busy"


def test_two_couriers_never_send_one_event_at_the_same_time(office: Office, receiver: Receiver) -> None:
    receiver.plan = lambda heard: Answer(wait=0.05)
    endpoint = office.endpoint(receiver)
    for number in range(8):
        for subject in range(12):
            office.tell(f"user/{subject}", number)
    connect = office.world.database.connect
    with Courier(connect, allow_local=True), Courier(connect, allow_local=True), running("courier", office):
        assert receiver.wait_for(lambda: len(receiver.taken) >= 96)
        time.sleep(1)
    assert not receiver.overlaps
    assert len(receiver.heard) == 96, "nothing failed, so nothing is sent twice"
    assert numbers(receiver) == {f"user/{subject}": list(range(8)) for subject in range(12)}
    assert len(office.deliveries(endpoint, "delivered")) == 96


@pytest.mark.parametrize(
    ("seed", "kills"),
    [(1, 2), *(pytest.param(seed, 8, marks=pytest.mark.slow) for seed in range(2, 5))],
)
def test_a_courier_killed_in_mid_delivery_is_made_up_for(
    office: Office, receiver: Receiver, seed: int, kills: int
) -> None:
    chance = random.Random(seed)
    endpoint = office.endpoint(receiver)
    receiver.plan = lambda heard: Answer(wait=0.02)
    told = 0
    for _ in range(kills):
        for _ in range(40):
            office.tell(f"user/{told % 5}", told)
            told += 1
        before = len(receiver.heard)
        with running("courier", office) as process:
            wanted = before + chance.randint(5, 30)
            assert receiver.wait_for(lambda wanted=wanted: len(receiver.heard) >= wanted)
            process.kill()
            assert process.wait() != 0
        assert office.deliveries(endpoint, "waiting"), "the kill came too late to break anything off"
    with Courier(office.world.database.connect, allow_local=True):
        assert receiver.wait_for(lambda: not office.deliveries(endpoint, "waiting"))
    assert {n for found in numbers(receiver).values() for n in found} == set(range(told))
    assert in_order(receiver)
    assert all(heard.signed_by(office.secrets[endpoint]) for heard in receiver.heard)
    assert len(receiver.heard) - told <= 4 * kills, "only what was under way is sent again"


def test_a_courier_outlives_its_database(office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = office.endpoint(receiver)
    receiver.plan = lambda heard: Answer(wait=0.3)
    connect, opened = office.world.database.connect, []

    def sometimes() -> Any:
        opened.append(len(opened))
        if len(opened) in (1, 3):
            raise DatabaseUnreachable(reason="it is away")
        return connect()

    office.tell("user/ben", 1, 2, 3, 4)
    with Courier(sometimes, allow_local=True), office.world.database.connect_owner(autocommit=True) as owner:
        assert receiver.wait_for(lambda: len(receiver.heard) == 2)
        killing = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
        mine = (office.connection.info.backend_pid, owner.info.backend_pid)
        owner.execute(f"{killing} AND application_name = 'riviere' AND NOT pid = any(%s)", [list(mine)])
        assert receiver.wait_for(lambda: len(office.deliveries(endpoint, "delivered")) == 4)
    assert len(opened) >= 4
    assert in_order(receiver)
    assert set(numbers(receiver)["user/ben"]) == {1, 2, 3, 4}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_receiver_that_does_everything_wrong_hears_all_of_it_in_order(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Fails, times out, answers late and twice, hangs up, redirects, drips; couriers come and go."""
    chance = random.Random(seed)
    wrong = [
        Answer(500), Answer(429, headers={"retry-after": "0"}), Answer(0), Answer(wait=1.5), Answer(500, wait=0.2),
        Answer(301, headers={"location": "/"}), Answer(200, body="slow" * 20, drip=True),
    ]  # fmt: skip
    monkeypatch.setattr(sender, "TIMEOUT", 1)
    short = tuple(timedelta(milliseconds=ms) for ms in (0, 20, 50, 100, *([200] * 60)))
    monkeypatch.setattr(schedule, "DELAYS", short)

    def plan(heard: Heard) -> Answer:
        return chance.choice(wrong) if chance.random() < 0.4 else OK

    receiver.plan = plan
    endpoint = office.endpoint(receiver)
    connect = office.world.database.connect
    for number in range(6):
        with Courier(connect, allow_local=True), Courier(connect, allow_local=True):
            for subject in range(10):
                office.tell(f"user/{subject}", number)
            time.sleep(chance.uniform(0.2, 1.5))
    receiver.plan = lambda heard: OK
    with Courier(connect, allow_local=True):
        assert receiver.wait_for(lambda: not office.deliveries(endpoint, "waiting"), 60)
    assert {subject: set(found) for subject, found in numbers(receiver).items()} == {
        f"user/{subject}": set(range(6)) for subject in range(10)
    }
    assert in_order(receiver)
    assert not office.deliveries(endpoint, "given_up")
    assert all(heard.signed_by(office.secrets[endpoint]) for heard in receiver.heard)


@pytest.mark.parametrize(
    ("seed", "kills", "gifts"),
    [(1, 2, 150), *(pytest.param(seed, 10, 600, marks=pytest.mark.slow) for seed in (2, 3))],
)
def test_gifts_of_two_chains_are_each_gathered_once_though_the_gatherer_is_killed(
    office: Office, receiver: Receiver, seed: int, kills: int, gifts: int
) -> None:
    world, chance = office.world, random.Random(seed)
    world.viewer("lea")
    world.buy("ben", 5_000)
    world.buy("lea", 5_000)
    endpoint = office.endpoint(receiver, "gift.sent")
    sent: list[str] = []

    def write(viewer: str) -> None:
        with world.database.connect(autocommit=True) as connection, Writer(world.database.connect) as writer:
            for number in range(gifts):
                request = world.asked(viewer, "mia", "rose", key=f"{viewer} {number}")
                sent.append(str(giving.send(connection, writer, request, world.now).id))

    threads = [threading.Thread(target=write, args=[viewer]) for viewer in ("ben", "lea")]
    for thread in threads:
        thread.start()
    for _ in range(kills):
        with running("gather", office) as process:
            before = len(office.deliveries(endpoint))
            receiver.wait_for(lambda before=before: len(office.deliveries(endpoint)) > before, 5)
            time.sleep(chance.uniform(0, 0.1))
            process.kill()
    for thread in threads:
        thread.join()
    with Courier(world.database.connect, allow_local=True):
        told = "SELECT bool_and(c.batch = w.number) FROM writer AS w LEFT JOIN journal_cursor AS c ON c.writer = w.id"
        assert receiver.wait_for(lambda: office.connection.execute(told).fetchone() == (True,))
        time.sleep(1)
        assert receiver.wait_for(lambda: not office.deliveries(endpoint, "waiting"))
    found = Counter(gift["id"] for heard in receiver.taken for gift in heard.told["data"]["gifts"])
    assert set(found.values()) == {1}
    assert set(found) == set(sent)
    assert len(found) == 2 * gifts
    assert office.connection.execute("SELECT count(DISTINCT writer) FROM batch").fetchone() >= (2,)
    seqs: dict[str, list[int]] = {}
    for heard in receiver.taken:
        for gift in heard.told["data"]["gifts"]:
            seqs.setdefault(gift["sender"], []).append(gift["wallet"][0]["seq"])
    assert all(of_one == sorted(of_one) for of_one in seqs.values()), "what one viewer sent is told in order"
