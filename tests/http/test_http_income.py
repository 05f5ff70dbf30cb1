"""A creator's period in one answer: step by step, ranked, and with filters that hold across all of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from front import Front, problem

from riviere.clock import hour_of
from riviere.economy import people, tally
from riviere.economy.earned import income

FIGURES = ("gifts", "pieces", "coins", "diamonds")


@pytest.fixture
def week(front: Front) -> Front:
    """Monday at eight: Mira gives in Aurora's stream. Wednesday at nine: Noor on a post, and one of hers is undone."""
    front.now = datetime(front.now.year + 1, 3, 1, tzinfo=UTC)
    front.now += timedelta(days=7 - front.now.weekday(), hours=20, minutes=5)
    for name in ("mira", "noor"):
        front.viewer(name)
        front.buy(name, 5_000, bonus=100)
    front.creator("aurora")
    front.post("aurora", "clip")
    front.give("mira", "aurora", "comet")
    front.give("mira", "aurora", "rose", 10, combo=True)
    front.later(days=2, hours=1)
    front.give("noor", "aurora", "ring", 2, post="clip")
    front.give("noor", "aurora", "comet")
    front.give("noor", "aurora", "comet", key="undone")
    front.reverse("noor", "undone")
    return front


def monday(front: Front) -> datetime:
    return hour_of(front.now - timedelta(days=front.now.weekday())).replace(hour=0)


def get(front: Front, **query: Any) -> Any:
    asked = {"since": monday(front).isoformat()} | query
    response = front.as_user("aurora").get("/v1/users/aurora/income", params=asked)
    assert response.status_code == 200, response.text
    return response.json()


def rows(ranking: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in (*names, "diamonds")) for row in ranking["data"]]


def test_a_week_is_one_answer(week: Front) -> None:
    week.as_user("aurora").put("/v1/users/aurora/posts/clip/poster", json={"title": "How I paint"})
    answer = get(week)
    assert [answer["total"][name] for name in FIGURES] == [4, 14, 668, "668"]
    assert (answer["total"]["reversed_gifts"], answer["total"]["reversed_diamonds"]) == (1, "299")
    assert [(step["begins"][:10], step["diamonds"]) for step in answer["steps"]] == [
        (monday(week).date().isoformat(), "309"),
        ((monday(week) + timedelta(days=2)).date().isoformat(), "359"),
    ]
    assert [(one["hour_of_week"], one["diamonds"]) for one in answer["hours_of_week"]] == [(20, "309"), (69, "359")]
    assert rows(answer["gifts"], "gift", "title") == [
        ("comet", "Comet", "598"),
        ("ring", "Ring", "60"),
        ("rose", "Rose", "10"),
    ]
    assert rows(answer["places"], "stream", "post", "title") == [
        ("live", None, None, "608"),
        (None, "clip", "How I paint", "60"),
    ]
    assert rows(answer["supporters"], "supporter") == [("noor", "359"), ("mira", "309")]


def test_filters_hold_across_the_whole_answer(week: Front) -> None:
    comets = get(week, gift="comet")
    assert comets["total"]["diamonds"] == "598"
    assert set(rows(comets["supporters"], "supporter")) == {("mira", "299"), ("noor", "299")}
    both = get(week, gift="comet", supporter="noor")
    assert (both["total"]["gifts"], both["total"]["reversed_gifts"]) == (1, 1)
    assert rows(both["places"], "stream") == [("live", "299")]
    assert [one["hour_of_week"] for one in both["hours_of_week"]] == [69]
    assert rows(get(week, post="clip")["gifts"], "gift") == [("ring", "60")]
    assert rows(get(week, hour_of_week=20)["supporters"], "supporter") == [("mira", "309")]
    nothing = get(week, supporter="mira", post="clip")
    assert (nothing["total"]["gifts"], nothing["steps"], nothing["gifts"]) == (0, [], {"there": 0, "data": []})


def test_a_period_is_what_happened_in_it_and_nothing_else(week: Front) -> None:
    answer = get(week, until=(monday(week) + timedelta(days=1)).isoformat(), supporter="mira")
    assert answer["total"]["diamonds"] == "309"
    late = get(week, since=(monday(week) + timedelta(days=2)).isoformat(), gift="comet")
    assert rows(late["supporters"], "supporter") == [("noor", "299")]
    # Told afterwards: it lies where it happened, whenever it was booked.
    week.give("mira", "aurora", "ring", at=monday(week) + timedelta(hours=20, minutes=30))
    late = get(week, until=(monday(week) + timedelta(days=1)).isoformat(), gift="ring", step="hour")
    assert [(step["begins"][11:16], step["diamonds"]) for step in late["steps"]] == [("20:00", "30")]


def test_the_sum_of_every_filter_of_an_axis_is_the_whole(week: Front) -> None:
    whole = get(week)
    for axis, name in (("gifts", "gift"), ("supporters", "supporter")):
        parts = [get(week, **{name: row[name]})["total"] for row in whole[axis]["data"]]
        for figure in ("gifts", "pieces", "coins", "reversed_gifts", "reversed_coins"):
            assert sum(part[figure] for part in parts) == whole["total"][figure]


def test_it_is_the_same_before_and_after_tallies_are_made(week: Front) -> None:
    before = [get(week), get(week, gift="comet")]
    while tally.count_up(week.connection, least=1):
        pass
    assert [get(week), get(week, gift="comet")] == before


def test_rankings_are_cut_and_say_how_many_there_are(week: Front) -> None:
    cut = get(week, limit=1)
    assert (len(cut["gifts"]["data"]), cut["gifts"]["there"]) == (1, 3)
    none = get(week, limit=0)
    assert (none["gifts"], none["total"]) == (None, cut["total"])
    assert get(week, limit=0, gift="comet")["gifts"] is None


def test_a_supporter_who_was_forgotten_can_still_be_filtered_by(week: Front) -> None:
    people.forget(week.connection, "mira")
    (row,) = [row for row in get(week)["supporters"]["data"] if row["diamonds"] == "309"]
    assert row["supporter"].startswith("u_")
    assert get(week, supporter=row["supporter"])["total"]["diamonds"] == "309"


def test_what_was_sent_anonymously_is_nobodys(week: Front) -> None:
    week.give("mira", "aurora", "comet", anonymous=True)
    answer = get(week)
    assert (None, "299") in rows(answer["supporters"], "supporter")
    assert answer["total"]["diamonds"] == "967"
    assert get(week, supporter="mira")["total"]["diamonds"] == "309"
    problem(_asked(week, since=monday(week).isoformat(), supporter="u_" + "0" * 13), 404, "unknown_user")


def test_with_more_than_one_answer_reads_there_are_no_rankings_and_no_filters(
    week: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(income, "MOST_ENTRIES", 5)
    answer = get(week)
    assert (answer["total"]["diamonds"], answer["gifts"]) == ("668", None)
    problem(_asked(week, since=monday(week).isoformat(), gift="comet"), 422, "income_too_large")


def test_with_many_entries_reading_begins_before_the_period_and_leaves_nothing_out(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.viewer("mira")
    front.buy("mira", 1_000, bonus=50)
    front.creator("aurora")
    for key in ("one", "two"):
        front.give("mira", "aurora", "ring", 2, key=key)
    front.reverse("mira", "one")
    asked = [{"since": (front.now - timedelta(days=days)).isoformat(), "gift": "ring"} for days in (0, 2)]
    every = [get(front, **one) for one in asked]
    monkeypatch.setattr(income, "FEW_ENTRIES", 0)
    assert [get(front, **one) for one in asked] == every
    assert [(one["total"]["gifts"], one["total"]["reversed_gifts"]) for one in every] == [(1, 1)] * 2


NO_SENSE: list[tuple[dict[str, str], int, str]] = [
    ({}, 400, "invalid_query"),
    ({"since": "2020-01-01T00:00:00Z"}, 422, "income_period_too_long"),
    ({"since": "2020-01-02T00:00:00Z", "until": "2020-01-01T00:00:00Z"}, 422, "bad_period"),
    ({"since": "2999-01-01T00:00:00Z"}, 422, "future_time"),
    ({"stream": "live", "post": "clip"}, 422, "stream_or_post"),
    ({"stream": "nowhere"}, 404, "unknown_place"),
    ({"gift": "nothing"}, 404, "unknown_gift"),
    ({"supporter": "nobody"}, 404, "unknown_user"),
    ({"hour_of_week": "168"}, 400, "invalid_query"),
]


def test_what_makes_no_sense_is_refused(week: Front, subtests: pytest.Subtests) -> None:
    for query, status, code in NO_SENSE:
        since = {} if not query or "since" in query else {"since": monday(week).isoformat()}
        with subtests.test(query=query), week.nothing_moves():
            problem(_asked(week, **since, **query), status, code)


def _asked(front: Front, **query: Any) -> httpx2.Response:
    return front.as_user("aurora").get("/v1/users/aurora/income", params=query)
