"""Who earned what from whom, by gift, place and hour."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from front import Front, problem

from riviere.clock import hour_of
from riviere.wire.earnings import Earned

SCOPE = "earnings:read"


@pytest.fixture
def live(front: Front) -> Front:
    """Mira and Noor gave Aurora gifts in her stream and on a post; one of them was undone."""
    for name in ("mira", "noor"):
        front.viewer(name)
        front.buy(name, 2_000)
    front.creator("aurora")
    front.post("aurora", "clip")
    front.give("mira", "aurora", "comet")
    front.give("mira", "aurora", "rose", 4, key="streak", combo=True)
    front.give("mira", "aurora", "rose", 10, key="streak", combo=True)
    front.give("noor", "aurora", "ring", 2, post="clip")
    front.give("noor", "aurora", "comet", key="undone")
    front.reverse("noor", "undone")
    return front


def get(client: httpx2.Client, user: str = "aurora", **query: Any) -> Any:
    response = client.get(f"/v1/users/{user}/earnings", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def figures(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("gifts", "pieces", "coins", "diamonds"))


def test_a_creator_sees_what_gifts_brought_in_all(live: Front) -> None:
    answer = get(live.as_user("aurora"))
    assert (answer["creator"], answer["by"], answer["since"], answer["until"]) == ("aurora", "total", None, None)
    (row,) = answer["data"]
    assert figures(row) == (3, 13, 369, "369")
    assert (row["reversed_gifts"], row["reversed_coins"], row["reversed_diamonds"]) == (1, 299, "299")


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("supporter", [{"supporter": "mira"}, {"supporter": "noor"}]),
        ("gift", [{"gift": "comet"}, {"gift": "ring"}, {"gift": "rose"}]),
        ("place", [{"stream": "live"}, {"post": "clip"}]),
    ],
)
def test_a_creator_sees_it_by_who_by_what_and_by_where(live: Front, by: str, names: list[dict[str, str]]) -> None:
    rows = get(live.as_user("aurora"), by=by)["data"]
    about = {"supporter", "gift", "stream", "post", "hour"}
    assert [{name: row[name] for name in about & set(row)} for row in rows] == names
    assert set().union(*rows) <= set(Earned.__struct_fields__)
    assert sum(row["coins"] for row in rows) == 369
    assert get(live.as_user("aurora"), by=by, limit=1)["data"] == rows[:1]


def test_a_creator_sees_it_by_the_hour_and_within_a_time(live: Front) -> None:
    client = live.client(SCOPE)
    later = live.now = hour_of(live.now) + timedelta(hours=3, minutes=10)
    live.give("mira", "aurora", "ring")
    rows = get(client, by="hour")["data"]
    assert [row["hour"] for row in rows] == sorted(row["hour"] for row in rows)
    assert rows[-1]["hour"] == hour_of(live.now).isoformat().replace("+00:00", "Z")
    assert figures(rows[-1]) == (1, 1, 30, "30")
    since = (later - timedelta(minutes=1)).isoformat()
    assert [figures(row) for row in get(client, since=since)["data"]] == [(1, 1, 30, "30")]
    assert [figures(row) for row in get(client, until=since)["data"]] == [(3, 13, 369, "369")]
    assert (
        get(client, since="2000-01-01T00:00:00Z", until="2001-01-01T02:00:00+02:00")["until"] == "2001-01-01T00:00:00Z"
    )
    assert figures(get(client, until="2001-01-01T00:00:00Z")["data"][0]) == (0, 0, 0, "0")
    assert get(client, until="2001-01-01T00:00:00Z", by="hour")["data"] == []


def test_a_chart_asked_for_within_an_hour_begins_and_ends_with_whole_ones(live: Front) -> None:
    client = live.client(SCOPE)
    first = live.now = hour_of(live.now) + timedelta(hours=2, minutes=10)
    live.give("mira", "aurora", "rose", 3)
    live.later(minutes=40)
    live.give("mira", "aurora", "ring")
    between = [(first + timedelta(minutes=minutes)).isoformat() for minutes in (20, 30)]
    asked = {"by": "hour", "since": between[0], "until": between[1]}
    answer = get(client, **asked)
    begin, end = hour_of(first), hour_of(first) + timedelta(hours=1)
    assert [answer["since"], answer["until"]] == [at.isoformat().replace("+00:00", "Z") for at in (begin, end)]
    assert [figures(row) for row in answer["data"]] == [(2, 4, 33, "33")]
    said = {"since": answer["since"], "until": answer["until"]}
    assert get(client, **said, by="hour") == answer
    assert [figures(row) for row in get(client, **said)["data"]] == [figures(row) for row in answer["data"]]
    exact = get(client, **asked | {"by": "gift"})
    assert exact["data"] == [], "only hours are taken whole"
    assert exact["until"] == between[1].replace("+00:00", "Z")
    last = get(client, by="hour", until="9999-12-31T23:59:59Z")
    assert last["until"] is None, "the calendar has no hour after that"
    assert last["data"][-1] == answer["data"][0]


def test_a_chart_of_90_days_is_one_answer(live: Front) -> None:
    client = live.client(SCOPE)
    since = (live.now - timedelta(days=90)).isoformat()
    assert get(client, by="hour", since=since, until=live.now.isoformat(), limit=90 * 24 + 1)["data"]


def test_who_got_no_gift_earned_nothing(live: Front) -> None:
    client = live.client(SCOPE)
    (row,) = get(client, "mira")["data"]
    assert figures(row) == (0, 0, 0, "0")
    assert get(client, "mira", by="supporter")["data"] == []


def test_what_does_not_fit_is_refused(live: Front) -> None:
    client = live.client(SCOPE)

    def refused(query: str, status: int, code: str) -> None:
        problem(client.get(f"/v1/users/aurora/earnings?{query}"), status, code)

    for query in ("by=mood", "by=", "limit=0", "limit=2401", "since=monday", "since=2026-01-01T00:00:00", "cursor=x"):
        refused(query, 400, "invalid_query")
    refused("since=9999-12-31T23:59:59Z", 422, "future_time")
    refused("since=0001-01-01T00:00:00%2B14:00", 422, "bad_time")
    refused("until=9999-12-31T23:59:59-14:00", 422, "bad_time")
    refused("since=2026-01-02T00:00:00Z&until=2026-01-02T00:00:00Z", 422, "bad_period")
    refused("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422, "bad_period")
    assert figures(get(client, until="9999-12-31T23:59:59Z", since="0001-01-01T00:00:00Z")["data"][0])[0] == 3


def test_nobody_sees_what_somebody_else_earned(live: Front) -> None:
    path = "/v1/users/aurora/earnings"
    problem(live.as_user("mira").get(path), 404, "not_found")
    problem(live.client("wallets:read").get(path), 403, "scope_too_small")
    problem(live.as_operator("trust").get(path), 403, "scope_too_small")
    problem(live.stranger().get(path), 401, "missing_credentials")
    problem(live.client(SCOPE).get("/v1/users/nobody/earnings"), 404, "unknown_user")
    assert live.as_operator("finance").get(path).status_code == 200


def test_the_platform_sees_what_everybody_earned_and_a_creator_does_not(front: Front) -> None:
    front.viewer("mira")
    front.buy("mira", 1_000)
    for creator, gift in (("jo", "comet"), ("sol", "ring")):
        front.creator(creator)
        front.give("mira", creator, gift)
    front.creator("quiet")
    said = front.client("earnings:all").get("/v1/earnings").json()
    assert [(row["creator"], row["diamonds"]) for row in said["data"]] == [("jo", "299"), ("sol", "30")]
    problem(front.as_user("jo").get("/v1/earnings"), 403, "scope_too_small")
    problem(front.client("earnings:read").get("/v1/earnings"), 403, "scope_too_small")
