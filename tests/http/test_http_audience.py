"""Viewers ask and wait for streams with their own tokens; creators answer and announce; nobody does it for another."""

from datetime import timedelta

import httpx2
import pytest
from front import Front, problem


@pytest.fixture
def live(front: Front) -> Front:
    """Aurora's stream, and two viewers."""
    front.creator("aurora")
    for name in ("mira", "jo"):
        front.viewer(name)
    return front


QUESTIONS = "/v1/users/aurora/streams/live/questions"


def ask(front: Front, text: str, asker: str = "mira", key: str | None = None) -> httpx2.Response:
    headers = {"Idempotency-Key": key or front.key()}
    return front.as_user(asker).post(QUESTIONS, json={"text": text}, headers=headers)


def announce(front: Front, title: str = "Requests", **ahead: int) -> httpx2.Response:
    begin = (front.now + timedelta(**(ahead or {"hours": 1}))).isoformat()
    body = {"title": title, "text": "Bring songs", "starts_at": begin}
    headers = {"Idempotency-Key": front.key()}
    return front.as_user("aurora").post("/v1/users/aurora/announcements", json=body, headers=headers)


def test_a_question_is_asked_voiced_and_answered(live: Front) -> None:
    asked = ask(live, "What is next?", key="k")
    assert (asked.status_code, asked.json()["standing"], asked.json()["asker"]) == (201, "shown", "mira")
    assert ask(live, "What is next?", key="k").status_code == 200
    problem(ask(live, "Another", key="k"), 422, "key_reused")
    problem(ask(live, "Another"), 409, "asked_just_now")
    at = f"/v1/users/aurora/questions/{asked.json()['id']}"
    assert live.as_user("jo").post(f"{at}/voices", json={}).json()["voices"] == 1
    assert live.as_user("jo").get(at).json() == asked.json() | {"voices": 1}
    app = live.client("questions:write")
    with live.nothing_moves():
        problem(live.as_user("mira").post(f"{at}/answer"), 404, "not_found")
        problem(app.post(f"{at}/voices", json={}), 422, "no_actor")
    assert live.as_user("aurora").post(f"{at}/answer").json()["answered_at"] is not None
    mira = live.as_user("mira")
    assert mira.get(QUESTIONS, params={"answered": "false"}).json()["data"] == []
    (listed,) = mira.get(QUESTIONS, params={"answered": "true"}).json()["data"]
    assert (listed["text"], listed["voices"]) == ("What is next?", 1)


def test_a_creator_who_reviews_everything_sees_questions_first(live: Front) -> None:
    aurora = live.as_user("aurora")
    aurora.put("/v1/users/aurora/words", json={"entries": [], "review": True})
    assert ask(live, "What is next?").json()["standing"] == "held"
    assert aurora.get(QUESTIONS).json()["data"] == []
    (waiting,) = aurora.get("/v1/users/aurora/words-to-review").json()["data"]
    assert (waiting["text"], waiting["gift"]) == ("What is next?", None)
    assert aurora.post(f"/v1/users/aurora/written/{waiting['id']}/approve").status_code == 200
    assert [one["id"] for one in aurora.get(QUESTIONS).json()["data"]] == [waiting["id"]]
    assert aurora.post(f"/v1/users/aurora/written/{waiting['id']}/hide").status_code == 200
    assert aurora.get(QUESTIONS).json()["data"] == []


def test_a_blocked_viewer_is_refused_and_not_told_why(live: Front) -> None:
    live.as_user("aurora").put("/v1/users/aurora/blocked/mira")
    with live.nothing_moves():
        told = problem(ask(live, "What is next?"), 409, "takes_no_question")
    assert "block" not in told.detail
    assert "aurora" not in told.detail


def test_what_is_no_question_is_refused(live: Front) -> None:
    with live.nothing_moves():
        problem(ask(live, ""), 422, "invalid_body")
        problem(ask(live, "x" * 201), 422, "invalid_body")
        problem(ask(live, "a\tb"), 422, "bad_text")
        asked = {"text": "hello", "asker": "jo"}
        headers = {"Idempotency-Key": "k"}
        problem(live.as_user("mira").post(QUESTIONS, json=asked, headers=headers), 404, "unknown_user")
        for one in ("x", "5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10"):
            at = f"/v1/users/aurora/questions/{one}"
            problem(live.as_user("aurora").post(f"{at}/answer"), 404, "unknown_question")
            problem(live.as_user("mira").post(f"{at}/voices", json={}), 404, "unknown_question")


def test_a_stream_is_announced_changed_awaited_and_cancelled(live: Front) -> None:
    made = announce(live)
    assert made.status_code == 201
    one = made.json()["id"]
    mira, aurora = live.as_user("mira"), live.as_user("aurora")
    waiting = f"/v1/users/mira/reminders/aurora/{one}"
    assert [mira.put(waiting).status_code for _ in range(2)] == [204, 204]
    with live.nothing_moves():
        problem(live.as_user("jo").put(waiting), 404, "not_found")
        problem(mira.patch(f"/v1/users/aurora/announcements/{one}", json={"title": "Mine"}), 404, "not_found")
    assert [found["id"] for found in mira.get("/v1/users/mira/reminders").json()["data"]] == [one]
    changed = aurora.patch(f"/v1/users/aurora/announcements/{one}", json={"title": "All requests"}).json()
    assert (changed["title"], changed["text"], changed["reminders"]) == ("All requests", "Bring songs", 1)
    assert mira.get(f"/v1/users/aurora/announcements/{one}").json() == changed
    assert mira.delete(waiting).status_code == 204
    assert mira.get("/v1/users/mira/reminders").json()["data"] == []
    cancelled = aurora.post(f"/v1/users/aurora/announcements/{one}/cancel").json()
    assert cancelled["cancelled_at"] is not None
    assert mira.get("/v1/users/aurora/announcements").json()["data"] == []
    with live.nothing_moves():
        problem(mira.put(waiting), 409, "announcement_over")


def test_coming_streams_are_read_in_pages(live: Front) -> None:
    for hours in (3, 1, 2):
        announce(live, f"in {hours}", hours=hours)
    mira, query, read = live.as_user("mira"), {"limit": "2"}, []
    while True:
        page = mira.get("/v1/users/aurora/announcements", params=query).json()
        read += [one["title"] for one in page["data"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert read == ["in 1", "in 2", "in 3"]


def test_what_is_no_announcement_is_refused(live: Front) -> None:
    with live.nothing_moves():
        problem(announce(live, hours=-1), 422, "bad_start")
        problem(announce(live, days=366), 422, "bad_start")
        problem(announce(live, "a\tb"), 422, "bad_text")
        problem(announce(live, "x" * 101), 422, "invalid_body")
        aurora = live.as_user("aurora")
        for one in ("x", "5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10"):
            at = f"/v1/users/aurora/announcements/{one}"
            problem(aurora.get(at), 404, "unknown_announcement")
            problem(aurora.patch(at, json={"title": "New"}), 404, "unknown_announcement")
            problem(aurora.post(f"{at}/cancel"), 404, "unknown_announcement")
            problem(aurora.put(f"/v1/users/aurora/reminders/aurora/{one}"), 404, "unknown_announcement")
