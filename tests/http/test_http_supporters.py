"""Everybody sees who gave most, and each supporter, and the creator, how the supporter stands."""

import httpx2
import pytest
from front import Front, problem
from test_http_feed import following
from watcher import Watcher, sent

from riviere.live import supporters

AURORA = "/v1/users/aurora"


@pytest.fixture
def viewer(front: Front) -> httpx2.Client:
    """Aurora is live, Mira and Kim gave her something, and somebody watches."""
    front.creator("aurora")
    for name in ("mira", "kim", "ada"):
        front.viewer(name)
        front.buy(name, 1_000)
    front.give("mira", "aurora", "rose", 3)
    front.give("kim", "aurora", "comet")
    return front.as_user("ada")


def test_boards_of_a_stream_a_day_and_all_time(front: Front, viewer: httpx2.Client) -> None:
    kim = {"rank": 1, "supporter": "kim", "pieces": 1, "coins": 299, "diamonds": "299"}
    mira = {"rank": 2, "supporter": "mira", "pieces": 3, "coins": 3, "diamonds": "3"}
    stream = viewer.get(f"{AURORA}/streams/live/supporters").json()
    assert stream == {"over": "stream", "since": None, "data": [kim, mira]}
    day = viewer.get(f"{AURORA}/supporters").json()
    assert (day["over"], day["data"]) == ("day", [kim, mira])
    assert day["since"].endswith(":00:00Z")
    assert viewer.get(f"{AURORA}/supporters?over=all&limit=1").json()["data"] == [kim]
    problem(viewer.get(f"{AURORA}/supporters?over=week"), 400, "invalid_query")
    problem(viewer.get(f"{AURORA}/streams/nowhere/supporters"), 404, "unknown_place")


def test_whoever_watches_hears_that_others_lead(front: Front, viewer: httpx2.Client) -> None:
    watcher = Watcher()
    with following(viewer, f"{AURORA}/streams/live/feed") as reader:
        reader.until(watcher, 0)
        supporters.count(front.connection, front.later(seconds=1))
        front.give("mira", "aurora", "comet", 2)
        supporters.count(front.connection, front.later(seconds=2))
        reader.until(watcher, 3)
    said = [words for words in sent(watcher.events) if words.startswith("leaderboard")]
    assert said == ["leaderboard kim mira", "leaderboard mira kim"]


def test_a_supporter_and_the_creator_see_how_they_stand_and_nobody_else_does(
    front: Front, viewer: httpx2.Client
) -> None:
    own = front.as_user("mira").get("/v1/users/mira/supporting/aurora")
    assert own.status_code == 200
    assert own.json() == {
        "creator": "aurora",
        "supporter": "mira",
        "rank": 2,
        "pieces": 3,
        "coins": 3,
        "diamonds": "3",
        "streak": {"current": 1, "longest": 1, "given_today": True},
    }
    assert front.as_user("aurora").get(f"{AURORA}/supporters/mira").json() == own.json()
    problem(viewer.get(f"{AURORA}/supporters/mira"), 404, "not_found")
    problem(viewer.get("/v1/users/mira/supporting/aurora"), 404, "not_found")
    nothing = viewer.get("/v1/users/ada/supporting/aurora").json()
    assert (nothing["rank"], nothing["streak"]["longest"]) == (None, 0)
