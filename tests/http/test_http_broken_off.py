"""A bulk request that does not come to its end: what arrived is booked, the rest is not, and it may be sent again."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from front import Front, both_desks, opened
from many import codes, earned, line, send, set_up

from riviere.clock import now
from riviere.database.database import Database
from riviere.http import serve
from riviere.wire.gifts import BulkAnswer


@pytest.fixture
def live(front: Front) -> Front:
    """Mira with 100,000 coins, and Aurora who is live."""
    return set_up(front)


def raw(front: Front, *, length: int | None = None) -> socket.socket:
    """A connection on which the head of a bulk request was sent: `length` bytes will follow, or chunks."""
    text = front.client("gifts:write").build_request("POST", "/v1/gifts/bulk")
    authorization = next(front.client("gifts:write").auth.auth_flow(text)).headers["Authorization"]  # type: ignore[union-attr]
    host, port = front.url.removeprefix("http://").split(":")
    head = [
        "POST /v1/gifts/bulk HTTP/1.1",
        f"Host: {host}",
        f"Authorization: {authorization}",
        "Content-Type: application/x-ndjson",
        f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked",
    ]
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    return connection


def settle(front: Front, least: int) -> int:
    """How many diamonds Aurora has once nothing waits any more and she has at least so many."""
    deadline = time.monotonic() + 20
    before = -1
    while time.monotonic() < deadline:
        time.sleep(0.1)
        after = earned(front)
        if after == before and after >= least:
            return after
        before = after
    pytest.fail(f"only {before} of {least}")


@both_desks
def test_a_client_that_goes_away_half_way_has_sent_what_had_arrived(live: Front) -> None:
    whole = [line(f"k{n}", count=1) + b"\n" for n in range(1_000)]
    connection = raw(live, length=sum(map(len, whole)))
    connection.sendall(b"".join(whole[:600]) + whole[600][:-10])
    assert settle(live, 600) == 600
    connection.close()
    assert settle(live, 600) == 600
    answers = send(live, b"".join(whole))
    assert [one.gift.repeated for one in answers if one.gift] == [True] * 600 + [False] * 400
    assert earned(live) == 1_000


@both_desks
def test_a_client_that_vanishes_at_any_moment_leaves_a_beginning_of_its_lines(live: Front) -> None:
    for turn, cut in enumerate((0, 1, 150, 5_000, 60_000, 150_000)):
        whole = b"".join(line(f"t{turn} {n}") + b"\n" for n in range(1_000))
        connection = raw(live, length=len(whole))
        connection.sendall(whole[:cut])
        connection.close()
        before = settle(live, 1_000 * turn)
        repeated = [one.gift.repeated for one in send(live, whole) if one.gift]
        assert len(repeated) == 1_000
        assert repeated == sorted(repeated, reverse=True), "a later line was booked and an earlier one not"
        assert sum(repeated) == before - 1_000 * turn <= whole[:cut].count(b"\n")


def test_a_client_that_does_not_listen_to_the_answer_has_sent_its_gifts(live: Front) -> None:
    whole = b"".join(line(f"k{n}") + b"\n" for n in range(5_000))
    connection = raw(live, length=len(whole))
    connection.sendall(whole)
    connection.close()
    assert settle(live, 0) >= 0
    answers = send(live, whole)
    assert codes(answers) == ["booked"] * 5_000
    assert earned(live) == 5_000


@pytest.mark.parametrize("apart", [False, True])
def test_a_server_that_is_told_to_stop_answers_what_was_asked(database: Database, apart: bool) -> None:
    with opened(database, apart=apart) as front:
        set_up(front)
        client = front.client("gifts:write")
        first_part, go_on = threading.Event(), threading.Event()
        answers: list[BulkAnswer] = []

        def body() -> Iterator[bytes]:
            yield b"".join(line(f"k{n}") + b"\n" for n in range(500))
            first_part.set()
            assert go_on.wait(20)
            yield b"".join(line(f"k{n}") + b"\n" for n in range(500, 1_000))

        asking = threading.Thread(target=lambda: answers.extend(send(front, body(), client)))
        asking.start()
        assert first_part.wait(20)
        settle(front, 500)
        stopping = threading.Thread(target=front._server.stop)
        stopping.start()
        time.sleep(0.2)
        go_on.set()
        asking.join(30)
        stopping.join(30)
        assert codes(answers) == ["booked"] * 1_000
        assert earned(front) == 1_000


def test_a_server_that_is_told_to_stop_does_not_wait_for_ever_and_keeps_what_arrived(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "GRACE", 1)
    with opened(database) as front:
        set_up(front)
        whole = b"".join(line(f"k{n}") + b"\n" for n in range(10))
        connection = raw(front, length=len(whole) + 1_000)
        connection.sendall(whole)
        settle(front, 10)
        begun = now()
        front.stop()
        assert (now() - begun).total_seconds() < 8
        connection.close()
        assert earned(front) == 10
