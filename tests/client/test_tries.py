"""Requests that go wrong: what is sent again, under which key, how soon, and when it is given up."""

import socket
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from broken_server import RESET, Broken, Kind, Step, problem
from hypothesis import given
from hypothesis import strategies as st

from riviere.client import Client, NoAnswer, ProblemError, StrangeAnswer
from riviere.client.call import Call
from riviere.client.tries import FIRST, LONGEST, Tries
from riviere.wire.access import MakeKey
from riviere.wire.gifts import BulkGift, Gift, SendGift

GIFT = SendGift(sender="mira", creator="aurora", gift="rose", stream="live")
SENT: dict[str, Any] = {
    "key": "k1",
    "id": "f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11",
    "sender": "mira",
    "creator": "aurora",
    "gift": "rose",
    "count": 1,
    "coins": 1,
    "diamonds": "1",
    "repeated": False,
    "booked_at": "2026-01-31T20:15:00Z",
    "of_a_later_version": True,
}
DONE = Step(200, SENT)
HEALTHY = Step(200, {"status": "ok", "version": "0.1.0"})


def send(client: Client) -> Any:
    return client.send_gift(GIFT, key="k1")


@pytest.mark.parametrize(
    "failure",
    [
        RESET,
        Step(200, SENT, cut=True),
        Step(200, SENT, seconds=60),
        problem(503, "busy"),
        problem(429, "too_many_requests"),
        problem(409, "still_running"),
        Step(502, b"<html>bad gateway</html>"),
    ],
    ids=["reset", "cut", "slow", "busy", "quota", "still running", "gateway"],
)
def test_a_gift_is_sent_again_under_the_same_key(kind: Kind, broken: Broken, failure: Step) -> None:
    broken.does(failure, failure if failure.seconds == 0 else DONE, DONE)
    sent = kind.tell(broken.url, send, timeout=3)
    assert isinstance(sent, Gift)
    assert sent.key == "k1"
    assert set(broken.keys()) == {"k1"}
    assert len({asked.body for asked in broken.asked}) == 1
    assert len(broken.asked) == (3 if failure.seconds == 0 else 2)


def test_the_client_makes_one_key_for_all_tries_of_a_gift_and_another_for_the_next(kind: Kind, broken: Broken) -> None:
    broken.does(RESET, problem(503, "busy"), DONE)
    kind.tell(broken.url, lambda client: client.send_gift(GIFT))
    broken.does(DONE)
    kind.tell(broken.url, lambda client: client.send_gift(GIFT))
    first, again, at_last, other = broken.keys()
    assert first == again == at_last != other
    assert first


def test_what_only_reads_is_asked_again(kind: Kind, broken: Broken) -> None:
    broken.does(RESET, problem(503, "busy"), HEALTHY)
    assert kind.tell(broken.url, lambda client: client.get_health()).version == "0.1.0"
    assert broken.keys() == [None] * 3


def test_the_server_says_how_long_to_wait(kind: Kind, broken: Broken) -> None:
    broken.does(problem(429, "too_many_requests", Retry_After="1"), DONE)
    begun = time.monotonic()
    kind.tell(broken.url, send)
    assert 1 <= time.monotonic() - begun < 30


def test_a_wait_longer_than_our_patience_is_not_begun(kind: Kind, broken: Broken) -> None:
    broken.does(problem(503, "busy", Retry_After="3600"))
    with pytest.raises(ProblemError) as refused:
        kind.tell(broken.url, send, deadline=5)
    assert refused.value.code == "busy"
    assert len(broken.asked) == 1


def test_tries_come_to_an_end(kind: Kind, broken: Broken) -> None:
    broken.does(*[RESET] * 3)
    with pytest.raises(NoAnswer, match=r"it may have been done: try again later with the key k1\.") as lost:
        kind.tell(broken.url, send, attempts=3)
    assert lost.value.key == "k1"
    assert len(broken.asked) == 3


def test_what_must_not_be_sent_twice_is_left_to_the_caller(kind: Kind, broken: Broken) -> None:
    broken.does(RESET)
    with pytest.raises(NoAnswer, match=r"it may have been done: look before you send it again\."):
        kind.tell(broken.url, lambda client: client.make_key(MakeKey(name="app")))
    assert len(broken.asked) == 1


def test_what_is_refused_is_not_tried_again(kind: Kind, broken: Broken) -> None:
    broken.does(problem(409, "not_enough_coins"))
    with pytest.raises(ProblemError, match=r"^A sentence\.$") as refused:
        kind.tell(broken.url, send)
    wrong = refused.value
    assert (wrong.status, wrong.code, wrong.detail) == (409, "not_enough_coins", "A sentence.")
    assert (wrong.request_id, wrong.facts, wrong.key) == ("r_1", {"needed": 5}, "k1")


@pytest.mark.parametrize(
    "answer",
    [
        Step(200, b"<html>welcome</html>"),
        Step(200, {"key": "k1"}),
        Step(500, b"<html>oops</html>"),
        Step(302, b"", {"Location": "http://elsewhere.example"}),
    ],
    ids=["page", "other shape", "broken page", "moved"],
)
def test_an_answer_that_is_not_of_riviere_is_called_strange(kind: Kind, broken: Broken, answer: Step) -> None:
    broken.does(answer)
    with pytest.raises(StrangeAnswer, match="check the address"):
        kind.tell(broken.url, send)


def test_nobody_there(kind: Kind) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        begun = time.monotonic()
        with pytest.raises(NoAnswer, match=rf"127\.0\.0\.1:{port}"):
            kind.tell(f"http://127.0.0.1:{port}", send, attempts=3)
    assert time.monotonic() - begun > FIRST / 2000


def test_bulk_goes_again_as_it_was_and_counts_its_lines_through(
    kind: Kind, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riviere.client.calls.gifts.BATCH", 2)

    def lines(*answers: str) -> Step:
        return Step(200, "".join(answers).encode())

    problem = '{"type":"t","title":"t","status":409,"detail":"No.","code":"c","request_id":"r"}'
    refused = f'{{"line":1,"status":409,"problem":{problem}}}\n'
    booked = '{"line":2,"status":200}\n'
    broken.does(lines(refused, booked), RESET, lines('{"line":1,"status":200}\n'))
    gifts = [BulkGift(key=f"b{n}", sender="mira", creator="aurora", gift="rose", stream="live") for n in range(3)]
    answers = kind.tell(broken.url, lambda client: client.send_gifts(iter(gifts)))
    assert [(answer.line, answer.status) for answer in answers] == [(1, 409), (2, 200), (3, 200)]
    assert [asked.body.count(b"\n") for asked in broken.asked] == [2, 1, 1]
    assert broken.keys() == [None] * 3


def failing(status: int = 0) -> httpx2.Response | httpx2.TransportError:
    return httpx2.Response(status) if status else httpx2.ReadError("reset")


def tries(call: Call[Any], draw: Callable[[], int] = lambda: 0, attempts: int = 10) -> Tries:
    return Tries(call, attempts, 60_000, draw)


def test_what_would_be_done_twice_is_not_sent_twice() -> None:
    once: Call[None] = Call("POST", "/v1/keys", type(None))
    assert tries(once).wait(failing(), 0) is None
    assert tries(once).wait(failing(503), 0) is None
    assert tries(once).wait(failing(429), 0) is not None
    assert tries(once).wait(httpx2.ConnectError("refused"), 0) is not None


@given(st.integers(0, 65_535), st.integers(0, 8))
def test_waits_double_up_to_five_seconds_and_half_of_each_is_chance(drawn: int, before: int) -> None:
    call: Call[None] = Call("GET", "/v1/health", type(None))
    waiting = tries(call, lambda: drawn)
    waits = [waiting.wait(failing(), 0) for _ in range(before + 1)]
    whole = min(FIRST * 2**before, LONGEST)
    assert waits[-1] is not None
    assert whole // 2 <= waits[-1] < whole


@given(st.text(max_size=12))
def test_no_retry_after_breaks_anything(text: str) -> None:
    call: Call[None] = Call("GET", "/v1/health", type(None))
    headers = {"Retry-After": text.encode("ascii", "ignore").decode().replace("\n", "").replace("\r", "")}
    wait = tries(call).wait(httpx2.Response(503, headers=headers), 0)
    assert wait is None or wait >= FIRST // 2
