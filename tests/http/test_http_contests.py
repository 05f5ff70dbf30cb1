"""Two creators agree on a contest, everybody watches, and the one who got more wins."""

from datetime import timedelta

import httpx2
import pytest
from front import Front, problem
from test_http_feed import following
from watcher import Watcher, sent

from riviere.live import contests

CONTESTS = "/v1/users/aurora/contests"


@pytest.fixture
def aurora(front: Front) -> httpx2.Client:
    """Two creators who are live, and a viewer who has coins."""
    for name in ("aurora", "zoe"):
        front.creator(name)
    front.viewer("mira")
    front.buy("mira", 1_000)
    return front.as_user("aurora")


def invited(front: Front, aurora: httpx2.Client, key: str | None = None, **how: object) -> httpx2.Response:
    starts_at = front.now + timedelta(minutes=10)
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(minutes=5)).isoformat()}
    body = {"rival": "zoe", "title": "Choirs", **times, **how}
    return aurora.post(CONTESTS, json=body, headers={"Idempotency-Key": key or front.key()})


def pass_by(front: Front, starts: int, ends: int) -> None:
    """The contest starts and ends in so many seconds, by the clock that entries are booked by."""
    with front.database.connect_owner(autocommit=True) as owner:
        owner.execute(
            "UPDATE contest SET starts_at = clock_timestamp() + make_interval(secs => %s),"
            " ends_at = clock_timestamp() + make_interval(secs => %s)",
            [starts, ends],
        )


def test_two_creators_agree_and_whoever_got_more_wins(front: Front, aurora: httpx2.Client) -> None:
    invitation = invited(front, aurora)
    assert (invitation.status_code, invitation.json()["state"]) == (201, "invited")
    contest = invitation.json()["id"]
    mira, zoe = front.as_user("mira"), front.as_user("zoe")
    problem(mira.get(f"{CONTESTS}/{contest}"), 404, "unknown_contest")
    assert mira.get(CONTESTS).json()["data"] == []
    assert [row["id"] for row in zoe.get("/v1/users/zoe/contests").json()["data"]] == [contest]
    assert zoe.post(f"/v1/users/zoe/contests/{contest}/accept").json()["state"] == "accepted"
    watcher = Watcher()
    with following(mira, "/v1/users/zoe/streams/live/feed") as reader:
        reader.until(watcher, 0)
        pass_by(front, 0, 3600)
        contests.count(front.connection, front.later(seconds=2))
        front.give("mira", "aurora", "ring")
        contests.count(front.connection, front.later(seconds=2))
        with front.database.connect_owner(autocommit=True) as owner:
            owner.execute("UPDATE contest SET ends_at = clock_timestamp()")
        contests.count(front.connection, front.later(seconds=2))
        reader.until(watcher, 3)
    assert sent(watcher.events) == ["contest started 0:0 -", "contest score 30:0 -", "contest over 30:0 aurora"]
    over = mira.get(f"{CONTESTS}/{contest}").json()
    assert (over["state"], over["winner"], over["score"], over["rival_score"]) == ("over", "aurora", "30", "0")


def test_an_invitation_is_declined_or_taken_back(front: Front, aurora: httpx2.Client) -> None:
    zoe = front.as_user("zoe")
    declined, taken_back = (invited(front, aurora).json()["id"] for _ in range(2))
    assert zoe.post(f"/v1/users/zoe/contests/{declined}/decline").json()["state"] == "declined"
    assert aurora.post(f"{CONTESTS}/{taken_back}/cancel").json()["state"] == "cancelled"
    with front.nothing_moves():
        problem(zoe.post(f"/v1/users/zoe/contests/{taken_back}/accept"), 409, "contest_moved")
        problem(aurora.post(f"{CONTESTS}/{declined}/accept"), 409, "contest_moved")
        problem(zoe.post(f"{CONTESTS}/{declined}/accept"), 404, "not_found")
        problem(front.as_user("mira").post(f"/v1/users/mira/contests/{declined}/accept"), 404, "unknown_contest")


def test_asked_again_under_the_same_key_it_is_the_same_contest(front: Front, aurora: httpx2.Client) -> None:
    first = invited(front, aurora, key="choirs")
    times = {name: first.json()[name] for name in ("starts_at", "ends_at")}
    with front.nothing_moves():
        again = invited(front, aurora, key="choirs", **times)
        assert (again.status_code, again.json()) == (200, first.json())
        problem(invited(front, aurora, key="choirs", title="Other", **times), 422, "key_reused")


def test_what_is_no_contest_is_refused(front: Front, aurora: httpx2.Client) -> None:
    with front.nothing_moves():
        for how, status, code in [
            ({"rival": "aurora"}, 422, "own_rival"),
            ({"rival": "nobody"}, 404, "unknown_user"),
            ({"title": "a\nb"}, 422, "bad_text"),
            ({"starts_at": front.now.isoformat()}, 422, "bad_contest_time"),
            ({"ends_at": "9999-12-31T23:59:59Z"}, 422, "bad_contest_time"),
            ({"starts_at": "0001-01-01T00:00:00+14:00"}, 422, "bad_time"),
        ]:
            problem(invited(front, aurora, **how), status, code)
    invited(front, aurora, title="First")
    contest = aurora.get(CONTESTS).json()["data"][0]["id"]
    front.as_user("zoe").post(f"/v1/users/zoe/contests/{contest}/accept")
    problem(invited(front, aurora), 409, "contest_overlap")
