"""A feed over a real socket: events that begin at once, go on after a break, and end when the server does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from front import Front, problem
from watcher import Watcher, sent

from riviere.live.combos import QUIET, finish

FEED = "/v1/users/aurora/streams/live/feed"


@contextmanager
def following(client: httpx2.Client, path: str = FEED, **headers: str) -> Iterator["Reader"]:
    """Somebody who follows."""
    with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        yield Reader(response)


class Reader:
    """Reads messages out of an answer that has no end."""

    def __init__(self, response: httpx2.Response) -> None:
        self._parts = response.iter_raw()
        self._left = b""

    def until(self, watcher: Watcher, count: int) -> None:
        """Reads until the watcher has heard so many events."""
        while len(watcher.events) < count or watcher.last is None:
            self._left += next(self._parts)
            whole, end, self._left = self._left.rpartition(b"\n\n")
            watcher.hear(whole + end)

    def rest(self) -> bytes:
        """What still comes, when it ends."""
        return b"".join(self._parts)


@pytest.fixture
def viewer(front: Front) -> httpx2.Client:
    """Somebody who watches, with a stream that is on and a friend who gives."""
    front.creator("aurora")
    for name in ("mira", "kim"):
        front.viewer(name)
    front.buy("mira", 1_000)
    return front.as_user("kim")


def test_gifts_are_heard_as_they_are_answered(front: Front, viewer: httpx2.Client) -> None:
    watcher = Watcher()
    with following(viewer) as reader:
        reader.until(watcher, 0)
        gift = {"creator": "aurora", "gift": "rose", "count": 3, "stream": "live"}
        answer = front.as_user("mira").post("/v1/gifts", json=gift, headers={"Idempotency-Key": "one"})
        reader.until(watcher, 1)
    assert sent(watcher.events) == ["gift mira 3 rose"]
    assert watcher.events[0]["id"] == answer.json()["id"]
    assert watcher.events[0]["at"] == answer.json()["booked_at"]


def test_a_combo_grows_and_is_over_and_the_stream_ends(front: Front, viewer: httpx2.Client) -> None:
    watcher = Watcher()
    with following(viewer) as reader:
        reader.until(watcher, 0)
        for upto in (1, 4):
            front.give("mira", "aurora", "rose", upto, combo=True, key="combo")
        finish(front.connection, front.later(seconds=QUIET.seconds + 1))
        front.end("aurora")
        reader.until(watcher, 4)
    assert sent(watcher.events) == [
        "combo.grew mira 1 rose",
        "combo.grew mira 4 rose",
        "combo.finished mira 4 rose",
        "stream.ended live",
    ]


def test_a_browser_that_comes_back_has_missed_nothing(front: Front, viewer: httpx2.Client) -> None:
    watcher = Watcher()
    with following(viewer) as reader:
        front.give("mira", "aurora", "rose", 1)
        reader.until(watcher, 0)
    front.give("mira", "aurora", "rose", 2)
    assert watcher.last is not None
    # A browser names the last id in a header, and asks for the same address again, whatever that said.
    with following(viewer, f"{FEED}?after=0.0", **{"Last-Event-ID": watcher.last}) as reader:
        reader.until(watcher, len(watcher.events) + 1)
    assert watcher.events[-1]["count"] == 2
    whole = Watcher()
    with following(viewer, f"{FEED}?after=0.0") as reader:
        reader.until(whole, 3)
    assert sent(whole.events) == ["stream.started live", "gift mira 1 rose", "gift mira 2 rose"]


def test_everything_of_a_creator_can_be_followed(front: Front, viewer: httpx2.Client) -> None:
    watcher = Watcher()
    with following(viewer, "/v1/users/aurora/feed") as reader:
        reader.until(watcher, 0)
        front.post("aurora", "welcome")
        front.give("mira", "aurora", "ring", post="welcome")
        front.stream("aurora", "late")
        reader.until(watcher, 2)
    assert sent(watcher.events) == ["gift mira 1 ring", "stream.started late"]
    assert watcher.events[0]["post"] == "welcome"


def test_nobody_follows_what_is_not_there_or_has_not_happened(front: Front, viewer: httpx2.Client) -> None:
    problem(viewer.get("/v1/users/nobody/feed"), 404, "unknown_user")
    problem(viewer.get("/v1/users/aurora/streams/other/feed"), 404, "unknown_place")
    problem(viewer.get(FEED, headers={"Last-Event-ID": "9999.0"}), 400, "bad_position")
    problem(viewer.get(FEED, headers={"Last-Event-ID": "the last one"}), 400, "invalid_query")
    problem(viewer.get(f"{FEED}?after=1"), 400, "invalid_query")
    problem(front.client("gifts:read").get(FEED), 403, "scope_too_small")
    problem(front.stranger().get(FEED), 401, "missing_credentials")


def test_a_head_of_a_feed_has_an_end(viewer: httpx2.Client) -> None:
    answer = viewer.head(FEED)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_server_that_stops_ends_its_feeds_at_once(front: Front, viewer: httpx2.Client) -> None:
    with following(viewer) as reader:
        reader.until(Watcher(), 0)
        begun = time.monotonic()
        front.office.feed.close()
        reader.rest()
        assert time.monotonic() - begun < 30


def test_who_left_is_not_looked_for_any_more(front: Front, viewer: httpx2.Client) -> None:
    with following(viewer) as reader:
        reader.until(Watcher(), 0)
        assert "\nriviere_followers 1.0\n" in front.client("ledger:read").get("/v1/metrics").text
    until = time.monotonic() + 30
    while front.office.feed.followers and time.monotonic() < until:
        time.sleep(0.01)
    assert front.office.feed.followers == 0


def test_what_is_heard_is_what_the_journal_has(front: Front, viewer: httpx2.Client) -> None:
    watcher = Watcher()
    with following(viewer) as reader:
        reader.until(watcher, 0)
        answers = [future.result() for future in front.giving(_many(front, 60))]
        reader.until(watcher, 60)
    assert [event["id"] for event in watcher.events] == [str(answer.id) for answer in answers]


def _many(front: Front, many: int) -> list[Any]:
    return [front.asked("mira", "aurora", "rose", 1 + number % 5) for number in range(many)]
