"""Many gifts in one request: the good lines are booked in their order, the bad ones answered in their place."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import pytest
from front import Front, both_desks, opened, problem
from hypothesis import given
from hypothesis import strategies as st
from many import NDJSON, codes, earned, line, send, set_up, soon
from watcher import events

from riviere.database.database import Database
from riviere.economy import gifts
from riviere.http import bulk
from riviere.http.bulk import MOST_LINES
from riviere.http.dispatch import MOST_BYTES
from riviere.http.lines import Line, lines
from riviere.ledger.writer import Answer, Draft, Writer
from riviere.live import reading
from riviere.live.position import Position


@pytest.fixture
def live(front: Front) -> Front:
    """Mira with 100,000 coins, and Aurora who is live."""
    return set_up(front)


@both_desks
def test_every_line_is_a_gift_and_answered_in_order(live: Front) -> None:
    answers = send(live, b"\n".join(line(f"k{n}", count=n) for n in range(1, 101)) + b"\n")
    assert [(one.line, one.status, one.gift and (one.gift.key, one.gift.count, one.gift.coins)) for one in answers] == [
        (n, 200, (f"k{n}", n, n)) for n in range(1, 101)
    ]
    assert earned(live) == 5_050


@both_desks
def test_the_good_lines_are_booked_and_the_bad_ones_answered_in_their_place(live: Front) -> None:
    bad: list[tuple[bytes, int, str]] = [
        (b"{", 400, "malformed_body"),
        (b"\xff\xfe", 400, "malformed_body"),
        (b"[]", 422, "invalid_body"),
        (b"null", 422, "invalid_body"),
        (line("k") + b" {}", 400, "malformed_body"),
        (b"[" * 5_000, 422, "invalid_body"),
        (line("k", colour="red"), 422, "invalid_body"),
        (line("k", count=0), 422, "invalid_body"),
        (line("k", count=2**31), 422, "invalid_body"),
        (line("k", count="1"), 422, "invalid_body"),
        (line("k", message="\x00"), 422, "invalid_body"),
        (line("k", message="\x1b[2J"), 422, "bad_text"),
        (line(""), 422, "invalid_body"),
        (line("two\nlines"), 400, "bad_key"),
        (line("k", sender="nobody"), 404, "unknown_user"),
        (line("k", sender=None), 422, "no_sender"),
        (line("k", gift="moon"), 404, "unknown_gift"),
        (line("k", stream="gone"), 404, "unknown_place"),
        (line("k", post="p"), 422, "one_place"),
        (line("k", creator="mira", stream="x"), 422, "self_gift"),
        (line("k", at="9999-12-31T23:59:59Z"), 422, "future_time"),
        (line("k", at="0001-01-01T00:00:00+14:00"), 422, "bad_time"),
        (line("k", at="2026-01-01"), 422, "invalid_body"),
        (line("k", count=2**31 - 1, gift="crown"), 409, "locked_by_level"),
        (line("k", gift="comet", count=1_000), 409, "not_enough_coins"),
        (line("k", message="m" * MOST_BYTES), 413, "body_too_large"),
    ]
    body = b"".join(line(f"good {n}") + b"\n" + text + b"\n" for n, (text, _, _) in enumerate(bad))
    answers = send(live, body)
    assert [one.line for one in answers] == list(range(1, 2 * len(bad) + 1))
    assert codes(answers[::2]) == ["booked"] * len(bad)
    assert [(one.status, code) for one, code in zip(answers[1::2], codes(answers[1::2]), strict=True)] == [
        (status, code) for _, status, code in bad
    ]
    for one in answers[1::2]:
        assert one.gift is None
        assert one.problem is not None
        assert one.problem.status == one.status
        assert one.problem.detail.endswith(".")
    assert earned(live) == len(bad)


def test_nothing_but_bad_lines_moves_nothing(live: Front) -> None:
    client = live.client("gifts:write")
    with live.nothing_moves():
        assert codes(send(live, b"{\n" + line("k", sender="nobody") + b"\n", client)) == [
            "malformed_body",
            "unknown_user",
        ]
        assert send(live, b"", client) == []
        assert send(live, b"\n \r\n\n\t", client) == []


def test_blank_lines_are_passed_over_and_every_kind_of_line_end_will_do(live: Front) -> None:
    body = b"\n\r\n" + line("a") + b"\r\n\n   \n" + line("b") + b" \n\n" + line("c")
    answers = send(live, body)
    assert codes(answers) == ["booked"] * 3
    assert [one.line for one in answers] == [3, 6, 8], "as an editor counts them"


@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_however_the_network_cuts_it_the_lines_are_the_same(live: Front, size: int) -> None:
    body = line("a") + b"\r\n" + b"x" * (MOST_BYTES + 1 if size > 7 else 10) + b"\n" + line("b", message="ü€😀")
    parts = (body[at : at + size] for at in range(0, len(body), size))
    assert codes(send(live, parts)) == ["booked", "body_too_large" if size > 7 else "malformed_body", "booked"]


@given(
    st.lists(st.sampled_from([b"", b" ", b"\r", b"a", b"ab", b"abcd", b"abcde", b"a" * 30]), max_size=12),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_lines_are_those_of_the_whole_text_whatever_its_parts(texts: list[bytes], sizes: list[int]) -> None:
    whole, most = b"\n".join(texts), 4

    async def parts() -> AsyncIterator[bytes]:
        at = 0
        for size in cycle(sizes):
            yield whole[at : at + size]
            at += size
            if at >= len(whole):
                return

    async def read() -> list[Line]:
        return [found async for together in lines(parts(), most) for found in together]

    usual = [(number, text if len(text) <= most else None) for number, text in enumerate(texts, 1)]
    assert asyncio.run(read()) == [(number, text) for number, text in usual if text is None or text.strip()]


def test_a_huge_line_is_not_kept_while_it_arrives_and_the_next_one_is_a_line_again(live: Front) -> None:
    def body() -> Iterator[bytes]:
        yield line("a") + b"\n"
        for _ in range(256):
            yield b"x" * 65_536
        yield b"\n" + line("b") + b"\n"
        for _ in range(16):
            yield b"y" * 65_536

    assert codes(send(live, body())) == ["booked", "body_too_large", "booked", "body_too_large"]


def test_one_key_twice_is_one_gift_and_another_gift_under_it_is_refused(live: Front) -> None:
    answers = send(live, b"\n".join([line("a"), line("a"), line("a", count=2), line("a")]))
    assert codes(answers) == ["booked", "booked", "key_reused", "booked"]
    assert [one.gift.repeated for one in answers if one.gift] == [False, True, True]
    assert earned(live) == 1


@both_desks
def test_the_steps_of_a_combo_are_booked_in_the_order_of_the_lines(live: Front) -> None:
    steps = range(1, 3_001)
    answers = send(live, b"\n".join(line("streak", combo=True, count=count) for count in steps))
    assert [one.gift and (one.gift.count, one.gift.repeated) for one in answers] == [(count, False) for count in steps]
    assert earned(live) == 3_000


@both_desks
def test_a_wallet_is_spent_in_the_order_of_the_lines(live: Front) -> None:
    live.viewer("noor")
    live.buy("noor", 100)
    asked = [line(f"k{n}", sender="noor", gift="ring") for n in range(5)] + [line("last", sender="noor", count=10)]
    assert codes(send(live, b"\n".join(asked))) == ["booked"] * 3 + ["not_enough_coins"] * 2 + ["booked"]


@both_desks
def test_a_request_that_is_sent_again_is_answered_as_repeated(live: Front) -> None:
    body = b"\n".join(line(f"k{n}") for n in range(500))
    first, second = send(live, body), send(live, body)
    assert not any(one.gift.repeated for one in first if one.gift)
    assert all(one.gift.repeated for one in second if one.gift)
    assert [one.gift and one.gift.booked_at for one in first] == [one.gift and one.gift.booked_at for one in second]
    assert earned(live) == 500


def test_the_line_after_the_last_one_allowed_is_refused_and_the_rest_is_not_looked_at(
    live: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_LINES", 100)
    one_too_many(live, 100)


@pytest.mark.slow
def test_line_20_001_is_refused_and_the_rest_is_not_looked_at(live: Front) -> None:
    one_too_many(live, MOST_LINES)


def one_too_many(live: Front, most: int) -> None:
    answers = send(live, b"\n" + b"".join(line(f"k{n}") + b"\n" for n in range(most + 10)))
    assert len(answers) == most + 1
    assert codes(answers) == ["booked"] * most + ["too_many_lines"]
    assert answers[-1].line == most + 2
    assert earned(live) == most


def test_each_line_counts_as_a_request_and_those_beyond_the_quota_are_told_when_to_come_back(
    database: Database,
) -> None:
    with opened(database, user_quota=5) as few:
        set_up(few)
        # The request itself is one, too.
        answers = send(few, b"\n".join(line(f"k{n}") for n in range(6)), few.as_user("mira"))
        assert codes(answers) == ["booked"] * 4 + ["too_many_requests"] * 2
        assert [one.problem.facts["quota"] for one in answers if one.problem] == [5, 5]
        assert earned(few) == 4


def test_a_user_sends_only_gifts_of_their_own(live: Front) -> None:
    live.viewer("noor")
    answers = send(
        live, line("a") + b"\n" + line("b", sender=None) + b"\n" + line("c", sender="noor"), live.as_user("mira")
    )
    assert codes(answers) == ["booked", "booked", "unknown_user"]


def test_a_request_as_a_whole_can_be_wrong_too(live: Front) -> None:
    client, reader = live.client("gifts:write"), live.client("gifts:read")
    path, body = "/v1/gifts/bulk", line("a")
    with live.nothing_moves():
        problem(client.post(path, content=body), 415, "wrong_content_type")
        problem(
            client.post(path, content=body, headers={"Content-Type": "application/json"}), 415, "wrong_content_type"
        )
        problem(client.post(path + "?dry=1", content=body, headers=NDJSON), 400, "invalid_query")
        problem(client.put(path, content=body, headers=NDJSON), 405, "method_not_allowed")
        problem(live.stranger().post(path, content=body, headers=NDJSON), 401, "missing_credentials")
        problem(reader.post(path, content=body, headers=NDJSON), 403, "scope_too_small")


def test_what_breaks_in_one_line_is_answered_there_and_its_neighbours_stand(
    live: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = gifts.GiftRequest

    def sometimes(**fields: Any) -> gifts.GiftRequest:
        if fields["message"] == "boom":
            raise ZeroDivisionError
        return real(**fields)

    monkeypatch.setattr("riviere.http.gifts.GiftRequest", sometimes)
    answers = send(live, line("a") + b"\n" + line("b", message="boom") + b"\n" + line("c"))
    assert codes(answers) == ["booked", "internal", "booked"]
    assert answers[1].status == 500
    assert answers[1].problem
    assert "ZeroDivision" not in answers[1].problem.detail
    assert earned(live) == 2


@pytest.fixture
def slow_ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Nothing is written before this event."""
    real, go = Writer.keep, threading.Event()

    def slow(self: Writer, draft: Draft) -> Sequence[Answer]:
        assert go.wait(60)
        return real(self, draft)

    monkeypatch.setattr(Writer, "keep", slow)
    yield go
    go.set()


def test_a_bulk_request_waits_at_the_door_where_a_single_gift_gets_in(
    live: Front, slow_ledger: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the ledger is slow the queue fills up, but not to its end; a single gift finds room there."""
    monkeypatch.setattr(bulk, "AT_THE_DOOR", 100)
    monkeypatch.setattr(bulk, "TOGETHER", 10)
    asked = {"sender": "mira", "creator": "aurora", "gift": "rose", "stream": "live"}
    client, reader = live.client("gifts:write"), live.client("ledger:read")
    body = b"\n".join(line(f"k{n}") for n in range(1_000))
    with ThreadPoolExecutor(2) as pool:
        answers = pool.submit(send, live, body)
        soon(lambda: "\nriviere_gifts_waiting 100.0\n" in reader.get("/v1/metrics").text)
        single = pool.submit(client.post, "/v1/gifts", json=asked, headers={"Idempotency-Key": "single"})
        soon(lambda: "\nriviere_gifts_waiting 101.0\n" in reader.get("/v1/metrics").text)
        slow_ledger.set()
        assert single.result(60).status_code == 200
        assert codes(answers.result(60)) == ["booked"] * 1_000


@both_desks
def test_an_anonymous_line_names_nobody_to_viewers(live: Front) -> None:
    lines = [line("a", anonymous=True), line("b"), line("a", anonymous=True), line("b", anonymous=True)]
    answers = send(live, b"\n".join(lines))
    assert [one.status for one in answers] == [200, 200, 200, 422]
    aurora = live.id("aurora")
    read = reading.since(live.connection, {aurora: Position(0, 0)})[aurora]
    assert [event["sender"] for event in events(read) if event["type"] == "gift"] == [None, "mira"]
