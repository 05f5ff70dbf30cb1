"""Streams start and end, posts go up, and everybody who may send a gift sees where it can land."""

from urllib.parse import quote

import httpx2
import pytest
from front import Front, problem


@pytest.fixture
def app(front: Front) -> httpx2.Client:
    """A platform's back end, with the creator aurora registered."""
    front.viewer("aurora")
    return front.client("places:write", "places:read", "gifts:write")


def gift(app: httpx2.Client, front: Front, stream: str = "live") -> httpx2.Response:
    body = {"sender": "mira", "creator": "aurora", "gift": "rose", "stream": stream}
    return app.post("/v1/gifts", json=body, headers={"Idempotency-Key": front.key()})


def test_a_stream_goes_live_takes_gifts_and_ends(front: Front, app: httpx2.Client) -> None:
    front.viewer("mira")
    front.buy("mira", 70)
    problem(gift(app, front), 404, "unknown_place")
    started = app.post("/v1/streams", json={"creator": "aurora", "id": "live"})
    assert (started.status_code, started.json()["ended_at"], started.json()["imported"]) == (201, None, False)
    assert gift(app, front).status_code == 200
    ended = app.post("/v1/users/aurora/streams/live/end")
    assert ended.status_code == 200
    assert ended.json()["ended_at"] >= ended.json()["opened_at"] == started.json()["opened_at"]
    with front.nothing_moves():
        problem(gift(app, front), 409, "stream_ended")


def test_whoever_asks_again_gets_what_is_there(front: Front, app: httpx2.Client) -> None:
    live = {"creator": "aurora", "id": "live"}
    first = app.post("/v1/streams", json=live)
    ended = app.post("/v1/users/aurora/streams/live/end")
    front.later(minutes=5)
    with front.nothing_moves():
        again = app.post("/v1/streams", json=live)
        assert (again.status_code, again.json()) == (200, ended.json())
        assert app.post("/v1/users/aurora/streams/live/end").json() == ended.json()
        assert app.get("/v1/users/aurora/streams/live").json() == ended.json()
    assert first.json() == ended.json() | {"ended_at": None}


def test_a_post_goes_up_once(front: Front, app: httpx2.Client) -> None:
    first = app.post("/v1/posts", json={"creator": "aurora", "id": "welcome"})
    assert first.status_code == 201
    with front.nothing_moves():
        again = app.post("/v1/posts", json={"creator": "aurora", "id": "welcome"})
        assert (again.status_code, again.json()) == (200, first.json())
        assert app.get("/v1/users/aurora/posts/welcome").json() == first.json()
        problem(app.get("/v1/users/aurora/streams/welcome"), 404, "unknown_place")
        problem(app.post("/v1/users/aurora/streams/welcome/end"), 404, "unknown_place")


def test_the_list_has_every_stream_once_while_more_are_started(front: Front, app: httpx2.Client) -> None:
    names = [f"show {number}" for number in range(7)]
    for name in names:
        front.later(minutes=1)
        front.stream("aurora", name)
    front.post("aurora", "welcome")
    read: list[str] = []
    query = {"limit": "3"}
    while True:
        page = app.get("/v1/users/aurora/streams", params=query).json()
        read += [stream["id"] for stream in page["data"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
        front.later(minutes=1)
        front.stream("aurora", f"new {len(read)}")
    assert read == names[::-1]
    assert len(app.get("/v1/users/aurora/streams").json()["data"]) == 9


def test_viewers_see_where_gifts_can_land_and_start_nothing(front: Front, app: httpx2.Client) -> None:
    front.viewer("mira")
    front.stream("aurora", "live")
    mira = front.as_user("mira")
    assert mira.get("/v1/users/aurora/streams/live").json()["id"] == "live"
    assert len(mira.get("/v1/users/aurora/streams").json()["data"]) == 1
    with front.nothing_moves():
        problem(mira.post("/v1/streams", json={"creator": "mira", "id": "mine"}), 403, "scope_too_small")
        problem(mira.post("/v1/posts", json={"creator": "mira", "id": "mine"}), 403, "scope_too_small")
        problem(mira.post("/v1/users/aurora/streams/live/end"), 403, "scope_too_small")


def test_any_name_that_people_can_read_is_a_streams_id(
    front: Front, app: httpx2.Client, subtests: pytest.Subtests
) -> None:
    for name in ("a/b", "é ü", "..", "a?b#c", "👩‍👧", "x" * 200):
        with subtests.test(name=name):
            app.post("/v1/streams", json={"creator": "aurora", "id": name})
            at = f"/v1/users/aurora/streams/{quote(name, safe='').replace('.', '%2E')}"
            assert app.get(at).json()["id"] == name
            assert app.post(f"{at}/end").json()["ended_at"]


NO_PLACES = [
    ({"creator": "nobody", "id": "live"}, 404, "unknown_user"),
    ({"creator": "aurora"}, 422, "invalid_body"),
    ({"creator": "aurora", "id": ""}, 422, "invalid_body"),
    ({"creator": "aurora", "id": "x" * 201}, 422, "invalid_body"),
    ({"creator": "aurora", "id": "a\tb"}, 422, "bad_text"),
    ({"creator": "aurora", "id": "a\u0000b"}, 422, "invalid_body"),
    ({"creator": "a\tb", "id": "live"}, 404, "unknown_user"),
    ({"creator": "aurora", "id": "live", "title": "hello"}, 422, "invalid_body"),
]


def test_what_is_no_place_is_refused(front: Front, app: httpx2.Client, subtests: pytest.Subtests) -> None:
    for body, status, code in NO_PLACES:
        for path in ("/v1/streams", "/v1/posts"):
            with subtests.test(body=body, path=path), front.nothing_moves():
                problem(app.post(path, json=body), status, code)


def test_what_is_not_there_cannot_be_seen_or_ended(front: Front, app: httpx2.Client) -> None:
    with front.nothing_moves():
        problem(app.get("/v1/users/nobody/streams"), 404, "unknown_user")
        problem(app.get("/v1/users/nobody/streams/live"), 404, "unknown_user")
        problem(app.get("/v1/users/aurora/streams/live"), 404, "unknown_place")
        problem(app.get("/v1/users/aurora/posts/live"), 404, "unknown_place")
        problem(app.post("/v1/users/nobody/streams/live/end"), 404, "unknown_user")
        problem(app.post("/v1/users/aurora/streams/live/end"), 404, "unknown_place")


NO_QUERIES = [
    "limit=0",
    "limit=201",
    "limit=-1",
    "limit=many",
    "limit=1.5",
    f"limit={10**30}",
    "limit=",
    "cursor=",
    "cursor=x",
    "cursor=%00",
    "cursor=é",
    "cursor=bnVsbA",  # null
    "cursor=W10",  # []
    "cursor=WyIyMDI2LTAxLTMxVDIwOjE1OjAwWiIsMV0=",  # right, but not as we write it
    "cursor=WyJyb3NlIiwxXQ",  # ["rose",1]
    "cursor=WyIyMDI2LTAxLTMxVDIwOjE1OjAwIiwxXQ",  # an instant without a zone
    f"cursor={'x' * 1001}",
    "limit=5&limit=6",
    "page=2",
]


def test_what_no_list_can_be_asked_is_refused(app: httpx2.Client, subtests: pytest.Subtests) -> None:
    for query in NO_QUERIES:
        with subtests.test(query=query):
            problem(app.get(f"/v1/users/aurora/streams?{query}"), 400, "invalid_query")
