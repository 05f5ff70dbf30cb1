"""What clients see when the process of the gift desk dies: come again in a second, and it is as if nothing had been."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
import pytest
from front import Front, both_desks, opened, problem
from many import codes, line, send, set_up, soon

from riviere.database.database import Database
from riviere.economy.apart import desk as apart
from riviere.economy.apart.desk import DeskApart
from riviere.http.problems import RETRY_AFTER

ASKED = {"sender": "mira", "creator": "aurora", "gift": "rose", "stream": "live"}


def desk(front: Front) -> DeskApart:
    assert isinstance(front.office.desk, DeskApart)
    return front.office.desk


def test_a_gift_whose_desk_dies_is_to_be_sent_again_and_is_booked_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_AT_FIRST", timedelta(seconds=2))  # time enough to see that it is away
    with opened(database, apart=True) as front, ThreadPoolExecutor(2) as pool:
        set_up(front)
        client, reader = front.client("gifts:write"), front.client("ledger:read")

        def give(key: str) -> httpx2.Response:
            return client.post("/v1/gifts", json=ASKED, headers={"Idempotency-Key": key})

        assert give("before").status_code == 200
        assert client.get("/v1/ready").status_code == 200
        os.kill(desk(front)._process.pid, signal.SIGSTOP)
        single = pool.submit(give, "single")
        bulk = pool.submit(send, front, b"\n".join(line(f"k{number}") for number in range(20)))
        soon(lambda: "\nriviere_gifts_waiting 21.0\n" in reader.get("/v1/metrics").text)
        os.kill(desk(front)._process.pid, signal.SIGKILL)
        answer = single.result(20)
        problem(answer, 503, "desk_away")
        assert answer.headers["retry-after"] == str(RETRY_AFTER)
        assert codes(bulk.result(20)) == ["desk_away"] * 20
        problem(client.get("/v1/ready"), 503, "desk_away")
        soon(lambda: client.get("/v1/ready").status_code == 200)
        assert give("single").json()["repeated"] is False
        assert give("single").json()["repeated"] is True
        assert give("before").json()["repeated"] is True
        assert front.wallet("aurora").diamonds == 2_000


@both_desks
def test_a_time_that_no_calendar_has_is_refused_and_its_neighbours_are_booked(front: Front) -> None:
    set_up(front)
    ends = ("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00")
    answers = send(front, b"\n".join([line("a"), *(line(at, at=at) for at in ends), line("b")]))
    assert codes(answers) == ["booked", "bad_time", "bad_time", "booked"]
