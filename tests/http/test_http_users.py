"""People are registered, rise, and are forgotten; and whoever asks can be told who they are."""

from urllib.parse import quote

import pytest
from front import Front, problem


def test_a_platform_registers_a_viewer_and_sees_them(front: Front) -> None:
    app = front.client("users:write", "users:read")
    made = app.post("/v1/users", json={"id": "mira", "level": 7, "region": "NO"})
    assert made.status_code == 201
    account = made.json()["account"]
    assert account.startswith("u_")
    assert made.json() == {"id": "mira", "level": 7, "region": "NO", "account": account}
    assert app.get("/v1/users/mira").json() == made.json()
    assert app.post("/v1/users", json={"id": "kim"}).json() | {"account": ""} == {
        "id": "kim",
        "level": 0,
        "region": None,
        "account": "",
    }


def test_somebody_who_is_there_stays_as_they_are(front: Front) -> None:
    front.viewer("mira", level=7)
    app = front.client("users:write", "users:read")
    with front.nothing_moves():
        wrong = problem(app.post("/v1/users", json={"id": "mira", "level": 99}), 409, "user_exists")
    assert wrong.facts == {"user": "mira"}
    assert app.get("/v1/users/mira").json()["level"] == 7


def test_a_viewer_rises_and_may_send_the_crown(front: Front) -> None:
    front.viewer("mira", region="NO")
    front.creator("aurora")
    front.buy("mira", 700)
    app, mira = front.client("users:write"), front.as_user("mira")
    crown = {"creator": "aurora", "gift": "crown", "stream": "live"}
    problem(mira.post("/v1/gifts", json=crown, headers={"Idempotency-Key": "crown"}), 409, "locked_by_level")
    risen = app.patch("/v1/users/mira", json={"level": 20})
    assert (risen.status_code, risen.json()["level"], risen.json()["region"]) == (200, 20, "NO")
    assert mira.post("/v1/gifts", json=crown, headers={"Idempotency-Key": "crown"}).json()["coins"] == 499


def test_what_a_change_leaves_out_stays_and_a_region_can_be_taken_back(front: Front) -> None:
    front.viewer("mira", level=7, region="NO")
    app = front.client("users:write")
    with front.nothing_moves():
        assert app.patch("/v1/users/mira", json={}).json()["region"] == "NO"
    assert app.patch("/v1/users/mira", json={"region": None}).json()["region"] is None
    changed = app.patch("/v1/users/mira", json={"region": "JP"}).json()
    assert (changed["level"], changed["region"]) == (7, "JP")


def test_who_is_forgotten_is_gone_and_the_books_still_hold(front: Front) -> None:
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 700)
    front.give("mira", "aurora", "comet")
    app = front.client("users:write", "users:read")
    account = app.get("/v1/users/mira").json()["account"]
    for _ in range(2):
        forgotten = app.delete("/v1/users/mira")
        assert (forgotten.status_code, forgotten.content) == (204, b"")
    problem(app.get("/v1/users/mira"), 404, "unknown_user")
    problem(app.patch("/v1/users/mira", json={"level": 1}), 404, "unknown_user")
    again = app.post("/v1/users", json={"id": "mira"})
    assert again.status_code == 201
    assert again.json()["account"] != account
    assert front.wallet("mira").coins == 0
    assert front.wallet("aurora").diamonds == 299_000


def test_a_viewer_sees_themselves_and_nobody_else(front: Front) -> None:
    front.viewer("mira")
    front.viewer("kim")
    mira = front.as_user("mira")
    assert mira.get("/v1/users/mira").status_code == 200
    with front.nothing_moves():
        problem(mira.get("/v1/users/kim"), 404, "not_found")
        problem(mira.get("/v1/users/nobody"), 404, "not_found")
        problem(mira.patch("/v1/users/mira", json={"level": 1000}), 403, "scope_too_small")
        problem(mira.delete("/v1/users/mira"), 403, "scope_too_small")
        problem(mira.post("/v1/users", json={"id": "lee"}), 403, "scope_too_small")


def test_who_is_asking(front: Front) -> None:
    assert front.client("users:read", "gifts:write").get("/v1/me").json() == {
        "kind": "backend",
        "name": "backend 1",
        "scopes": ["gifts:write", "users:read"],
    }
    auditor = front.as_operator("auditor", "ada").get("/v1/me").json()
    assert (auditor["kind"], auditor["name"]) == ("operator", "ada")
    assert "ledger:read" in auditor["scopes"]
    assert not [scope for scope in auditor["scopes"] if scope.endswith(":write")]
    mira = front.as_user("mira").get("/v1/me").json()
    assert (mira["kind"], mira["name"]) == ("user", "mira")
    problem(front.stranger().get("/v1/me"), 401, "missing_credentials")


def test_any_name_that_people_can_read_is_a_users_id(front: Front, subtests: pytest.Subtests) -> None:
    app = front.client("users:write", "users:read")
    for name in ("a/b", "//", "é ü", "%2F", "a?b#c", "👩‍👧", "..", "x" * 200, "\u202eevil", "'; --"):
        with subtests.test(name=name):
            assert app.post("/v1/users", json={"id": name}).status_code == 201
            at = f"/v1/users/{quote(name, safe='').replace('.', '%2E')}"
            assert app.get(at).json()["id"] == name
            assert app.patch(at, json={"level": 3}).json()["level"] == 3
            assert app.delete(at).status_code == 204
            problem(app.get(at), 404, "unknown_user")


NO_USERS = [
    ({}, "invalid_body"),
    ({"id": ""}, "invalid_body"),
    ({"id": "x" * 201}, "invalid_body"),
    ({"id": 7}, "invalid_body"),
    ({"id": None}, "invalid_body"),
    ({"id": "   "}, "bad_text"),
    ({"id": "a\nb"}, "bad_text"),
    ({"id": "a\u0000b"}, "invalid_body"),
    ({"id": "a\u2028b"}, "bad_text"),
    ({"id": "mira", "level": 1001}, "invalid_body"),
    ({"id": "mira", "level": -1}, "invalid_body"),
    ({"id": "mira", "level": 1.5}, "invalid_body"),
    ({"id": "mira", "level": "7"}, "invalid_body"),
    ({"id": "mira", "level": 10**30}, "invalid_body"),
    ({"id": "mira", "region": "no"}, "invalid_body"),
    ({"id": "mira", "region": "NOR"}, "invalid_body"),
    ({"id": "mira", "region": ""}, "invalid_body"),
    ({"id": "mira", "admin": True}, "invalid_body"),
    ([], "invalid_body"),
]


def test_what_is_no_user_is_refused(front: Front, subtests: pytest.Subtests) -> None:
    app = front.client("users:write")
    for body, code in NO_USERS:
        with subtests.test(body=body), front.nothing_moves():
            problem(app.post("/v1/users", json=body), 422, code)


UNREADABLE = [
    (b'{"id": "mira"', "application/json", 400, "malformed_body"),
    (b'{"id": "\\ud800"}', "application/json", 400, "malformed_body"),
    (b'{"id": "\xff"}', "application/json", 400, "malformed_body"),
    (b"", "application/json", 400, "malformed_body"),
    (b'{"id": ' + b"[" * 50_000, "application/json", 422, "invalid_body"),
    (b'{"id": "mira"}', "text/plain", 415, "wrong_content_type"),
    (b'{"id": "' + b"x" * 70_000 + b'"}', "application/json", 413, "body_too_large"),
]


def test_what_cannot_be_read_is_refused(front: Front, subtests: pytest.Subtests) -> None:
    app = front.client("users:write")
    for content, kind, status, code in UNREADABLE:
        with subtests.test(content=content[:20], kind=kind), front.nothing_moves():
            problem(app.post("/v1/users", content=content, headers={"Content-Type": kind}), status, code)


def test_what_is_no_change_is_refused(front: Front, subtests: pytest.Subtests) -> None:
    front.viewer("mira")
    app = front.client("users:write")
    for body in ({"level": None}, {"level": 1001}, {"region": "no"}, {"id": "kim"}, []):
        with subtests.test(body=body), front.nothing_moves():
            problem(app.patch("/v1/users/mira", json=body), 422, "invalid_body")


def test_what_no_name_can_be_is_not_there(front: Front, subtests: pytest.Subtests) -> None:
    app = front.client("users:write", "users:read")
    for path in ("a%00b", "%01", "%20", "%0A", "x" * 256):
        with subtests.test(path=path), front.nothing_moves():
            problem(app.get(f"/v1/users/{path}"), 404, "not_found")
            problem(app.delete(f"/v1/users/{path}"), 404, "not_found")


def test_only_operators_whose_role_says_so_register_people(front: Front) -> None:
    assert front.as_operator("admin").post("/v1/users", json={"id": "mira"}).status_code == 201
    assert front.as_operator("trust").post("/v1/users", json={"id": "kim"}).status_code == 201
    for role in ("finance", "auditor"):
        operator = front.as_operator(role)
        with front.nothing_moves():
            problem(operator.post("/v1/users", json={"id": "lee"}), 403, "scope_too_small")
        assert operator.get("/v1/users/mira").status_code == 200
