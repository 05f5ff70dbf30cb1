"""Creators open goals, everybody sees how far they have come, and whoever follows hears of it."""

import httpx2
import pytest
from front import Front, problem
from test_http_feed import following
from watcher import Watcher, sent

from riviere.live import goals

GOALS = "/v1/users/aurora/goals"


@pytest.fixture
def aurora(front: Front) -> httpx2.Client:
    """A creator who is live, with a viewer who has coins."""
    front.creator("aurora")
    front.viewer("mira")
    front.buy("mira", 1_000)
    return front.as_user("aurora")


def opened(front: Front, aurora: httpx2.Client, key: str | None = None, **how: object) -> httpx2.Response:
    body = {"title": "New mic", **how}
    return aurora.post(GOALS, json=body, headers={"Idempotency-Key": key or front.key()})


def test_a_viewer_sees_a_goal_come_nearer_and_be_reached(front: Front, aurora: httpx2.Client) -> None:
    goal = opened(front, aurora, diamonds="30.5")
    assert goal.status_code == 201
    viewer = front.as_user("mira")
    assert viewer.get(GOALS).json()["data"] == [goal.json()]
    watcher = Watcher()
    with following(viewer) as reader:
        reader.until(watcher, 0)
        for _ in range(2):
            front.give("mira", "aurora", "ring")
            goals.count(front.connection, front.later(seconds=2))
        reader.until(watcher, 4)
    assert [said for said in sent(watcher.events) if "goal" in said] == [
        "goal progress 30/30.5",
        "goal reached 60/30.5",
    ]
    event = next(event for event in watcher.events if event["type"] == "goal")
    assert (event["id"], event["title"], event["stream"]) == (goal.json()["id"], "New mic", None)
    seen = viewer.get(f"{GOALS}/{goal.json()['id']}").json()
    assert (seen["state"], seen["progress"]) == ("reached", "60")


def test_a_goal_of_roses_in_one_stream(front: Front, aurora: httpx2.Client) -> None:
    goal = opened(front, aurora, gift="rose", pieces=10, stream="live").json()
    assert (goal["gift"], goal["target"], goal["progress"], goal["stream"]) == ("rose", "10", "0", "live")
    front.give("mira", "aurora", "rose", 4)
    closing = f"{GOALS}/{goal['id']}/close"
    closed = aurora.post(closing)
    assert (closed.json()["state"], closed.json()["progress"]) == ("closed", "4")
    with front.nothing_moves():
        assert aurora.post(closing).json() == closed.json()
        assert aurora.get(GOALS, params={"only_open": "true"}).json()["data"] == []


def test_asked_again_under_the_same_key_it_is_the_same_goal(front: Front, aurora: httpx2.Client) -> None:
    first = opened(front, aurora, key="mic", diamonds="5")
    with front.nothing_moves():
        again = opened(front, aurora, key="mic", diamonds="5")
        assert (again.status_code, again.json()) == (200, first.json())
        problem(opened(front, aurora, key="mic", diamonds="6"), 422, "key_reused")


NO_GOALS: list[tuple[dict[str, object], int, str]] = [
    ({}, 422, "one_target"),
    ({"diamonds": "5", "gift": "rose", "pieces": 5}, 422, "one_target"),
    ({"gift": "rose"}, 422, "one_target"),
    ({"diamonds": "5", "pieces": 5}, 422, "one_target"),
    ({"diamonds": "0"}, 422, "bad_figure"),
    ({"gift": "nothing", "pieces": 5}, 404, "unknown_gift"),
    ({"diamonds": "5", "stream": "nowhere"}, 404, "unknown_place"),
    ({"diamonds": "5", "title": "a\nb"}, 422, "bad_text"),
]


def test_what_is_no_goal_is_refused(front: Front, aurora: httpx2.Client, subtests: pytest.Subtests) -> None:
    for how, status, code in NO_GOALS:
        with subtests.test(how=how), front.nothing_moves():
            problem(opened(front, aurora, **how), status, code)


def test_nobody_opens_or_closes_a_goal_of_somebody_else(front: Front, aurora: httpx2.Client) -> None:
    goal = opened(front, aurora, diamonds="5").json()
    mira = front.as_user("mira")
    with front.nothing_moves():
        problem(mira.post(GOALS, json={"title": "Mine", "diamonds": "1"}), 404, "not_found")
        problem(mira.post(f"{GOALS}/{goal['id']}/close"), 404, "not_found")
        problem(mira.post(f"/v1/users/mira/goals/{goal['id']}/close"), 404, "unknown_goal")
    problem(mira.get(f"{GOALS}/{goal['id'].upper()}"), 404, "unknown_goal")
    front.later(days=1)
    for _ in range(4):
        opened(front, aurora, diamonds="5")
    problem(opened(front, aurora, diamonds="5"), 409, "too_many_goals")
    pages = [aurora.get(GOALS, params={"limit": 3})]
    pages.append(aurora.get(GOALS, params={"limit": 3, "cursor": pages[0].json()["next"]}))
    found = [row["id"] for page in pages for row in page.json()["data"]]
    assert len({*found}) == 5
    assert found[-1] == goal["id"]
