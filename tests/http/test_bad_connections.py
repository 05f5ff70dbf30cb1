"""Clients that go away, take their time, come in crowds or speak something else: one answer, one gift, or none."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress

import pytest
from front import Front, problem
from test_bad_input import ROSE, give, peopled

from riviere.http import dispatch, protocol
from riviere.http.operation import OPERATIONS
from riviere.http.protocol import MOST_HEAD


@pytest.fixture
def live(front: Front) -> Front:
    """Mira with 70 coins, and Aurora who is live."""
    return peopled(front)


@contextmanager
def connected(front: Front) -> Iterator[socket.socket]:
    host, _, port = front.url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=20)) as made:
        yield made


def said(front: Front, key: str = "k1", body: bytes | None = None, version: str = "1.1", *more: str) -> bytes:
    """A gift of Mira's as bytes."""
    content = json.dumps(ROSE).encode() if body is None else body
    lines = [
        f"POST /v1/gifts HTTP/{version}",
        "Host: riviere",
        f"Authorization: Bearer {front.token('mira')}",
        f"Idempotency-Key: {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


def heard(made: socket.socket) -> bytes:
    """All that is answered until the server closes the connection."""
    parts = []
    while part := made.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def one(made: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """The next answer on a connection that stays open."""
    file = made.makefile("rb")
    status = int(file.readline().split()[1])
    headers = {}
    while line := file.readline().strip():
        name, _, value = line.decode().partition(": ")
        headers[name] = value
    return status, headers, file.read(int(headers.get("content-length", 0)))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def test_a_client_that_goes_away_half_way_through_its_body_has_sent_nothing(live: Front) -> None:
    with live.nothing_moves():
        for cut in (1, 20, len(json.dumps(ROSE)) - 1):
            with connected(live) as made:
                made.sendall(said(live)[:-cut])
                time.sleep(0.05)
        assert live.as_user("mira").get("/v1/me").status_code == 200


def test_a_client_that_goes_away_before_the_answer_has_sent_one_gift(live: Front) -> None:
    """At once, or only when it was booked: whoever asks again gets that gift, or sends it now."""
    moments = (0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.5)
    for moment in moments:
        with connected(live) as made:
            made.sendall(said(live, f"k {moment}"))
            time.sleep(moment)
    time.sleep(0.2)
    stood = 70 - live.wallet("mira").coins
    assert stood >= 1
    mira = live.as_user("mira")
    again = [give(mira, f"k {moment}").json()["repeated"] for moment in moments]
    assert (sum(again), again[-1]) == (stood, True)
    assert live.wallet("mira").coins == 70 - len(moments)


def test_a_body_that_comes_byte_by_byte_is_a_body(live: Front) -> None:
    with connected(live) as made:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in said(live):
            made.send(bytes([byte]))
        assert one(made)[0] == 200


def test_a_body_that_never_comes_is_not_waited_for(live: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "BODY_PATIENCE", 0.3)
    with live.nothing_moves(), connected(live) as made:
        made.sendall(said(live)[:-5])
        status, headers, body = one(made)
        assert (status, headers["content-type"]) == (408, "application/problem+json")
        assert json.loads(body)["code"] == "too_slow"


def test_a_head_that_never_ends_is_not_waited_for(live: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_PATIENCE", 0.3)
    with connected(live) as silent, connected(live) as slow:
        slow.sendall(b"GET /v1/health HTTP/1.1\r\nHost: riv")
        assert heard(silent) == b""
        assert heard(slow) == b""


def test_an_old_client_is_answered_and_let_go(live: Front) -> None:
    with connected(live) as made:
        made.sendall(said(live, "k1", None, "1.0"))
        answer = heard(made)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close\r\n" in answer


def test_requests_that_come_in_one_piece_are_answered_in_their_order(live: Front) -> None:
    with connected(live) as made:
        gifts = [said(live, f"k{number}") for number in range(20)]
        made.sendall(b"".join([*gifts, said(live, "end", b"[]", "1.1", "Connection: close")]))
        statuses = [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", heard(made))]
    assert statuses == [200] * 20 + [422]
    assert live.wallet("mira").coins == 50


def test_a_client_that_asks_before_it_sends_is_told_to_go_on_or_not(live: Front) -> None:
    with connected(live) as made:
        head, body = said(live, "k1", None, "1.1", "Expect: 100-continue").split(b"\r\n\r\n")
        made.sendall(head + b"\r\n\r\n")
        assert made.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        made.sendall(body)
        assert one(made)[0] == 200
    with live.nothing_moves(), connected(live) as made:
        head, body = said(live, "", None, "1.1", "Expect: 100-continue").split(b"\r\n\r\n")
        made.sendall(head + b"\r\n\r\n")
        assert one(made)[0] == 400


def test_a_client_that_wants_another_protocol_gets_this_one(live: Front) -> None:
    for wanted in ("h2c", "websocket"):
        with connected(live) as made:
            made.sendall(
                b"GET /v1/health HTTP/1.1\r\nHost: riviere\r\nConnection: Upgrade\r\n"
                + f"Upgrade: {wanted}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n".encode()
            )
            assert one(made)[0] == 200


NO_REQUESTS = [
    b"hello\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /v1/health HTTP/9.9\r\n\r\n",
    b"CONNECT example.com:443 HTTP/1.1\r\nHost: riviere\r\n\r\n",
    b"GET /v1/health HTTP/1.1\r\nHost : riviere\r\n\r\n",
    b"GET /v1/health HTTP/1.1\r\nA: b\x00c\r\n\r\n",
    b"POST /v1/gifts HTTP/1.1\r\nHost: riviere\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/gifts HTTP/1.1\r\nHost: riviere\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /v1/gifts HTTP/1.1\r\nHost: riviere\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/gifts HTTP/1.1\r\nHost: riviere\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n",
]


def test_what_is_no_request_is_answered_by_a_problem_and_a_closed_connection(
    live: Front, subtests: pytest.Subtests
) -> None:
    for sent in NO_REQUESTS:
        with subtests.test(sent=sent[:80]), live.nothing_moves(), connected(live) as made:
            made.sendall(sent)
            refused(heard(made), 400, "malformed_request")


def test_a_head_that_is_too_large_is_refused(live: Front, subtests: pytest.Subtests) -> None:
    filler = "x" * 100_000
    heads = [
        f"GET /v1/health HTTP/1.1\r\nHost: riviere\r\nX-Filler: {filler}\r\n\r\n",
        f"GET /v1/health?{filler} HTTP/1.1\r\nHost: riviere\r\n\r\n",
        "GET /v1/health HTTP/1.1\r\nHost: riviere\r\n" + "A: b\r\n" * 30_000 + "\r\n",
        f"GET /v1/health HTTP/1.1\r\nHost: riviere\r\nX-Filler: {filler * 20}",
    ]
    for head in heads:
        with subtests.test(head=head[:50], size=len(head)), live.nothing_moves(), connected(live) as made:
            threading.Thread(target=_sent, args=(made, head.encode()), daemon=True).start()
            refused(heard(made), 431, "head_too_large")
    with connected(live) as made:
        made.sendall(f"GET /v1/health HTTP/1.1\r\nHost: riviere\r\nX: {'x' * (MOST_HEAD - 100)}\r\n\r\n".encode())
        assert one(made)[0] == 200


def _sent(made: socket.socket, content: bytes) -> None:
    with suppress(OSError):
        made.sendall(content)


def refused(answer: bytes, status: int, code: str) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert b"\r\ncontent-type: application/problem+json" in head.lower()
    assert b"\r\nconnection: close" in head.lower()
    assert json.loads(body)["code"] == code


def test_slow_reads_hold_up_no_gift_and_those_beyond_what_can_be_done_are_told_to_come_later(
    live: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_PATIENCE", 1)
    mira, reader = live.as_user("mira"), live.client("places:read")
    blocker = live.database.connect_owner()
    blocker.execute("LOCK TABLE place IN ACCESS EXCLUSIVE MODE")
    try:
        with ThreadPoolExecutor(60) as crowd:
            asked = [crowd.submit(reader.get, "/v1/users/aurora/streams/live") for _ in range(60)]
            until(lambda: sum(one.done() for one in asked) > 40)
            fresh = live.as_user("aurora")
            assert fresh.get("/v1/me").status_code == 200
            problem(mira.get("/v1/users/mira/wallet"), 503, "busy")
            assert mira.get("/v1/health").status_code == 200
            blocker.rollback()
            answers = [one.result() for one in asked]
    finally:
        blocker.close()
    late = [answer for answer in answers if answer.status_code == 503]
    assert len(late) == 60 - (live.office.pool.max_size - 1)
    for answer in late:
        problem(answer, 503, "busy")
        assert answer.headers["retry-after"] == "1"
    assert mira.get("/v1/users/mira/wallet").status_code == 200


# Addresses

ELSEWHERE = [
    "/v1",
    "/v1/",
    "//v1/health",
    "/v1//health",
    "/v1/health/",
    "/v1/users/",
    "/v1/users//wallet",
    "/v1/users/mira/wallet/",
    "/v1/users/mira/%2F/wallet",
    "/v1%2Fhealth",
    "/v1/health%00",
    "/v1/health%2F",
    "/v1/health%0A",
    "/v1/./health",
    "/v1/users/mira/../aurora",
    "/v2/health",
    "/V1/health",
    "/v1/health;x=1",
    "/v1/users/%00/wallet",
    "/v1/users/mira%00/wallet",
    "/docs/static/../../app.py",
    "/docs/static/%2e%2e/app.py",
    "/docs/static/..%2fapp.py",
    "/" + "x/" * 5_000,
]


def test_what_is_at_no_address_is_not_found(live: Front, subtests: pytest.Subtests) -> None:
    key = live.client("users:read", "wallets:read")
    authorization = key.get("/v1/me").request.headers["authorization"]
    for path in ELSEWHERE:
        with subtests.test(path=path[:60]), connected(live) as made:
            made.sendall(f"GET {path} HTTP/1.1\r\nHost: riviere\r\nAuthorization: {authorization}\r\n\r\n".encode())
            status, headers, body = one(made)
            assert (status, headers["content-type"]) == (404, "application/problem+json")
            assert json.loads(body)["code"] == "not_found"


def test_every_address_says_which_methods_it_knows(live: Front) -> None:
    by_path: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, set()).add(operation.method)
    client = live.stranger()
    for path, methods in by_path.items():
        address = path.replace("{", "").replace("}", "")
        for method in {"OPTIONS", "TRACE", "PUT", "POST", "GET", "PATCH", "DELETE", "BREW"} - methods:
            if method == "BREW":
                continue  # the parser knows a list of methods
            answer = client.request(method, address)
            problem(answer, 405, "method_not_allowed")
            known = methods | ({"HEAD"} if "GET" in methods else set())
            assert set(answer.headers["allow"].split(", ")) == known, path
    problem(client.post("/openapi.json"), 405, "method_not_allowed")


def test_a_head_without_a_body_is_answered_to_head(live: Front) -> None:
    mira = live.as_user("mira")
    for path in ("/v1/health", "/v1/users/mira/wallet", "/openapi.json"):
        whole, head = mira.get(path), mira.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert head.headers["content-length"] == whole.headers["content-length"]
    assert live.stranger().head("/v1/users/mira/wallet").status_code == 401
    assert mira.head("/v1/gifts").status_code == 405


QUERIES = ["x=1", "x", "=", "limit=1&limit=2", "limit=%00", "limit=%FF", "limit=1;cursor=2", "limit=" + "9" * 5_000]


def test_a_query_that_nobody_understands_is_refused(live: Front, subtests: pytest.Subtests) -> None:
    mira = live.as_user("mira")
    for query in QUERIES:
        with subtests.test(query=query[:40]):
            problem(mira.get(f"/v1/users/mira/gifts?{query}"), 400, "invalid_query")
            problem(mira.get(f"/v1/me?{query}"), 400, "invalid_query")


def test_a_request_keeps_the_name_that_its_client_gave_it_if_it_is_a_plain_one(live: Front) -> None:
    client = live.stranger()
    made = set()
    for path in ("/v1/me", "/v1/health", "/v1/nothing"):
        assert client.get(path, headers={"X-Request-Id": "app-7:1"}).headers["x-request-id"] == "app-7:1"
        for name in ("", "a b", "x" * 65, "<script>", "é".encode()):
            given = client.get(path, headers={"X-Request-Id": name}).headers["x-request-id"]
            assert given.startswith("r_")
            assert len(given) == 15
            made.add(given)
    assert len(made) == 15, "no two requests have the same name"
