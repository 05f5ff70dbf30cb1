"""A creator decides which words are seen, viewers report, moderators have the last word."""

from typing import Any

import httpx2
import pytest
from front import Front, problem
from watcher import events

from riviere.live import reading
from riviere.live.position import Position


@pytest.fixture
def live(front: Front) -> Front:
    """Aurora's stream, and viewers with coins."""
    front.creator("aurora")
    for name in ("mira", "jo", "kim", "lee"):
        front.viewer(name)
        front.buy(name, 100)
    return front


def say(front: Front, text: str, viewer: str = "mira") -> None:
    body = {"creator": "aurora", "gift": "rose", "stream": "live", "message": text}
    sent = front.as_user(viewer).post("/v1/gifts", json=body, headers={"Idempotency-Key": front.key()})
    assert sent.status_code == 200, sent.text


def told(front: Front) -> list[dict[str, Any]]:
    """The gifts of the feed, from its beginning."""
    aurora = front.id("aurora")
    read = reading.since(front.connection, {aurora: Position(0, 0)})[aurora]
    return [event for event in events(read) if event["type"] == "gift"]


def only_words(front: Front) -> str:
    (one,) = [event["words"]["id"] for event in told(front) if event["words"]]
    return str(one)


def test_a_creator_keeps_a_list_and_decides_on_what_it_holds(live: Front) -> None:
    aurora = live.as_user("aurora")
    rule = {"entries": ["knave*", "go away"], "review": False}
    assert aurora.put("/v1/users/aurora/words", json=rule).json() == rule | {"entries": ["go away", "knave*"]}
    assert aurora.get("/v1/users/aurora/words").json()["entries"] == ["go away", "knave*"]
    for text in ("KNAVERY", "bravo", "g0 aw@y"):
        say(live, text)
    assert [event["words"] and event["words"]["text"] for event in told(live)] == [None, "bravo", None]
    waiting = aurora.get("/v1/users/aurora/words-to-review").json()["data"]
    assert [(one["author"], one["text"], one["reason"]) for one in waiting] == [
        ("mira", "KNAVERY", "filter"),
        ("mira", "g0 aw@y", "filter"),
    ]
    at = f"/v1/users/aurora/written/{waiting[0]['id']}"
    assert aurora.post(f"{at}/approve").json()["standing"] == "shown"
    assert aurora.post(f"/v1/users/aurora/written/{waiting[1]['id']}/hide").json()["reason"] == "creator"
    assert [event["words"] and event["words"]["text"] for event in told(live)] == ["KNAVERY", "bravo", None]
    assert aurora.get("/v1/users/aurora/words-to-review").json()["data"] == []


def test_what_waits_is_read_in_pages_while_more_comes(live: Front) -> None:
    aurora = live.as_user("aurora")
    aurora.put("/v1/users/aurora/words", json={"entries": [], "review": True})
    for number in range(5):
        say(live, f"word {number}")
    read, query = [], {"limit": "2"}
    while True:
        page = aurora.get("/v1/users/aurora/words-to-review", params=query).json()
        read += [one["text"] for one in page["data"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert read == [f"word {number}" for number in range(5)]


def test_the_platforms_list_is_the_moderators(live: Front) -> None:
    trust = live.as_operator("trust")
    assert trust.get("/v1/words").json() == {"entries": []}
    assert trust.put("/v1/words", json={"entries": ["knave"]}).json() == {"entries": ["knave"]}
    say(live, "knave")
    assert told(live)[0]["words"] is None
    with live.nothing_moves():
        problem(live.as_user("aurora").put("/v1/words", json={"entries": []}), 403, "scope_too_small")
        for entry in ("*", "a*b", "?!"):
            problem(trust.put("/v1/words", json={"entries": [entry]}), 422, "bad_word_entry")
        problem(trust.put("/v1/words", json={"entries": ["x" * 101]}), 422, "invalid_body")


def test_three_reports_hold_words_until_a_moderator_has_looked(live: Front) -> None:
    say(live, "rude")
    one = only_words(live)
    at = f"/v1/users/aurora/written/{one}"
    for name in ("jo", "jo", "kim", "lee"):
        assert live.as_user(name).post(f"{at}/report", json={"reason": "insults me"}).status_code == 204
    assert told(live)[0]["words"] is None
    trust, aurora = live.as_operator("trust"), live.as_user("aurora")
    with live.nothing_moves():
        problem(aurora.post(f"{at}/approve"), 409, "for_moderators")
        problem(aurora.get("/v1/reports"), 403, "scope_too_small")
    (reported,) = trust.get("/v1/reports").json()["data"]
    assert (reported["creator"], reported["words"]["id"]) == ("aurora", one)
    assert reported["words"]["reports"] == ["insults me"] * 3
    assert [(row["reporter"], row["reason"]) for row in reported["reports"]] == [
        (name, "insults me") for name in ("jo", "kim", "lee")
    ]
    assert trust.get(f"{at}/reports").json() == reported
    assert trust.get("/v1/reports/waiting").json() == {"many": 1, "oldest": reported["since"]}
    assert trust.post(f"{at}/dismiss").json()["standing"] == "shown"
    assert only_words(live) == one
    with live.nothing_moves():
        problem(trust.post(f"{at}/uphold"), 409, "no_reports")
        problem(trust.get(f"{at}/reports"), 409, "no_reports")
    assert trust.get("/v1/reports/waiting").json() == {"many": 0, "oldest": None}
    live.as_user("mira").post(f"{at}/report", json={"reason": "a mistake"})
    assert trust.post(f"{at}/uphold").json()["reason"] == "moderator"
    assert trust.get("/v1/reports").json()["data"] == []
    problem(aurora.post(f"{at}/approve"), 409, "for_moderators")
    assert trust.post(f"{at}/approve").json()["standing"] == "shown"


def test_a_back_end_says_who_reports(live: Front) -> None:
    say(live, "rude")
    at = f"/v1/users/aurora/written/{only_words(live)}/report"
    app = live.client("words:write")
    with live.nothing_moves():
        problem(app.post(at, json={"reason": "rude"}), 422, "no_actor")
        problem(app.post(at, json={"reason": "rude", "reporter": "nobody"}), 404, "unknown_user")
        problem(live.as_user("jo").post(at, json={"reason": "rude", "reporter": "kim"}), 404, "unknown_user")
    assert app.post(at, json={"reason": "rude", "reporter": "jo"}).status_code == 204


def test_a_blocked_viewer_is_heard_by_nobody_and_not_told(live: Front) -> None:
    aurora = live.as_user("aurora")
    say(live, "one")
    assert aurora.put("/v1/users/aurora/blocked/mira").status_code == 204
    assert aurora.put("/v1/users/aurora/blocked/mira").status_code == 204
    say(live, "two")
    say(live, "three", "jo")
    assert [event["words"] and event["words"]["text"] for event in told(live)] == [None, None, "three"]
    (blocked,) = aurora.get("/v1/users/aurora/blocked").json()["data"]
    assert blocked["viewer"] == "mira"
    assert aurora.delete("/v1/users/aurora/blocked/mira").status_code == 204
    assert aurora.get("/v1/users/aurora/blocked").json()["data"] == []
    with live.nothing_moves():
        problem(aurora.put("/v1/users/aurora/blocked/nobody"), 404, "unknown_user")
        problem(aurora.put("/v1/users/aurora/blocked/aurora"), 422, "own_block")


def test_words_that_are_not_there_cannot_be_decided_on(live: Front) -> None:
    aurora = live.as_user("aurora")
    with live.nothing_moves():
        for one in ("x", "5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10"):
            for what in ("approve", "hide"):
                problem(aurora.post(f"/v1/users/aurora/written/{one}/{what}"), 404, "unknown_words")


def test_who_is_forgotten_takes_their_words_along(live: Front) -> None:
    say(live, "bravo")
    only_words(live)
    gone: httpx2.Response = live.client("users:write").delete("/v1/users/mira")
    assert gone.status_code == 204
    assert told(live)[0]["words"] is None
