"""Keys are made, shown once and revoked; operators come, change and go; and nobody gives more than they have."""

import json
from datetime import timedelta

import httpx2
import pytest
from front import Front, problem
from structlog.testing import CapturingLogger

from riviere.access import token_keys
from riviere.access.scopes import ROLES, SCOPES, USER_SCOPES
from riviere.http import dispatch

APP = {"name": "app", "scopes": ["gifts:write", "users:read"]}


@pytest.fixture
def ada(front: Front) -> httpx2.Client:
    """The first operator, an admin."""
    return front.as_operator("admin", "ada")


def holding(front: Front, secret: str) -> httpx2.Client:
    """Somebody with this key."""
    client = front.stranger()
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def test_a_back_end_gets_a_key_that_is_shown_once(front: Front, ada: httpx2.Client) -> None:
    made = ada.post("/v1/keys", json=APP)
    assert made.status_code == 201
    key = made.json()
    secret = key.pop("secret")
    assert secret.startswith(key["id"] + "_")
    assert (key["scopes"], key["state"], key["created_by"]) == (APP["scopes"], "works", "operator ada")
    assert holding(front, secret).get("/v1/me").json() == {
        "kind": "backend",
        "name": "app",
        "scopes": ["gifts:write", "users:read"],
    }
    listed = ada.get("/v1/keys")
    assert key in listed.json()["data"]
    assert secret.rpartition("_")[2] not in listed.text
    assert "secret" not in listed.text


def test_no_secret_is_written_to_the_log(
    front: Front, ada: httpx2.Client, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(dispatch, "_LOG", log)
    secret = ada.post("/v1/keys", json=APP).json()["secret"]
    holding(front, secret).get("/v1/me")
    problem(holding(front, secret[:-1] + "!").get("/v1/me"), 401, "bad_credentials")
    problem(ada.delete(f"/v1/keys/{secret}"), 404, "unknown_key")
    private, _ = token_keys.new_pair("leaked")
    problem(ada.post("/v1/token-keys", json={"jwk": private}), 422, "secret_token_key")
    assert len(log.calls) == 5
    said = f"{log.calls} {capfd.readouterr()}"
    assert secret.rpartition("_")[2][:-1] not in said
    assert private["d"] not in said


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(front: Front, ada: httpx2.Client) -> None:
    key = ada.post("/v1/keys", json=APP).json()
    backend = holding(front, key["secret"])
    assert backend.get("/v1/me").status_code == 200
    front.later(minutes=1)
    revoked = ada.delete(f"/v1/keys/{key['id']}")
    assert (revoked.status_code, revoked.json()["state"]) == (200, "revoked")
    assert revoked.json()["revoked_by"] == "operator ada"
    front.later(seconds=6)
    with front.nothing_moves():
        assert ada.delete(f"/v1/keys/{key['id']}").json() == revoked.json()
        problem(backend.get("/v1/me"), 401, "revoked_key")
    assert revoked.json() in ada.get("/v1/keys").json()["data"]


def test_a_key_expires_when_it_was_said(front: Front, ada: httpx2.Client) -> None:
    at = (front.now + timedelta(hours=1)).isoformat()
    key = ada.post("/v1/keys", json=APP | {"expires_at": at}).json()
    backend = holding(front, key["secret"])
    assert backend.get("/v1/me").status_code == 200
    front.later(hours=1)
    problem(backend.get("/v1/me"), 401, "expired_key")
    assert ada.get("/v1/keys").json()["data"][-1]["state"] == "expired"


def test_an_operator_joins_changes_role_and_leaves(front: Front, ada: httpx2.Client) -> None:
    joined = ada.post("/v1/operators", json={"name": "kim", "role": "finance"})
    assert (joined.status_code, joined.json()["disabled_at"]) == (201, None)
    key = ada.post("/v1/keys", json={"name": "kim's own", "operator": "kim"}).json()
    assert set(key["scopes"]) == ROLES["finance"]
    kim = holding(front, key["secret"])
    assert kim.get("/v1/redemptions").status_code == 200
    assert ada.patch("/v1/operators/kim", json={"role": "trust"}).json()["role"] == "trust"
    front.later(seconds=6)
    problem(kim.get("/v1/redemptions"), 403, "scope_too_small")
    gone = ada.delete("/v1/operators/kim").json()
    assert gone["disabled_at"]
    front.later(seconds=6)
    problem(kim.get("/v1/me"), 401, "key_of_disabled_operator")
    with front.nothing_moves():
        assert ada.delete("/v1/operators/kim").json() == gone
        problem(ada.patch("/v1/operators/kim", json={"role": "admin"}), 409, "operator_disabled")
        problem(ada.post("/v1/operators", json={"name": "kim", "role": "admin"}), 409, "operator_exists")
        problem(ada.post("/v1/keys", json={"name": "again", "operator": "kim"}), 409, "operator_disabled")
    history = ada.get("/v1/operators/kim/changes").json()["data"]
    assert [(one["number"], one["role"], one["disabled"], one["by"]) for one in history] == [
        (1, "finance", False, "operator ada"),
        (2, "trust", False, "operator ada"),
        (3, "trust", True, "operator ada"),
    ]
    assert [one["name"] for one in ada.get("/v1/operators").json()["data"]] == ["ada", "kim"]


def test_a_platform_changes_the_key_that_signs_its_tokens(front: Front, ada: httpx2.Client) -> None:
    _, public = token_keys.new_pair("next")
    added = ada.post("/v1/token-keys", json={"jwk": public, "issuer": "https://id.example.com"})
    assert (added.status_code, added.json()["kid"], added.json()["added_by"]) == (201, "next", "operator ada")
    mira = front.as_user("mira")
    assert mira.get("/v1/me").status_code == 200
    retired = ada.post("/v1/token-keys/sign-in/retire", json={"at": (front.now + timedelta(hours=1)).isoformat()})
    assert (retired.status_code, retired.json()["retired_by"]) == (200, "operator ada")
    assert mira.get("/v1/me").status_code == 200
    front.later(hours=1)
    with front.nothing_moves():
        problem(mira.get("/v1/me"), 401, "retired_token_key")
        problem(ada.post("/v1/token-keys/sign-in/retire", json={}), 409, "token_key_over")
        problem(ada.post("/v1/token-keys", json={"jwk": public, "kid": "other"}), 409, "token_key_known")
        _, another = token_keys.new_pair("next")
        problem(ada.post("/v1/token-keys", json={"jwk": another}), 409, "token_key_exists")
    assert [one["kid"] for one in ada.get("/v1/token-keys").json()["data"]] == ["sign-in", "next"]
    assert ada.post("/v1/token-keys/next/retire", json={}).json()["retires_at"]


def test_nobody_gives_more_than_they_have(front: Front, ada: httpx2.Client) -> None:
    front.as_operator("auditor", "uma")
    some = front.client("keys:write", "keys:read", "gifts:read")
    _, public = token_keys.new_pair("mine")
    with front.nothing_moves():
        refused = [
            some.post("/v1/keys", json={"name": "more", "scopes": ["gifts:read", "gifts:write"]}),
            some.post("/v1/keys", json={"name": "hers", "operator": "ada"}),
            some.post("/v1/keys", json={"name": "hers", "operator": "ada", "scopes": ["policies:write"]}),
            some.post("/v1/operators", json={"name": "me", "role": "auditor"}),
            some.patch("/v1/operators/uma", json={"role": "admin"}),
            some.post("/v1/token-keys", json={"jwk": public}),
        ]
    for answer in refused:
        problem(answer, 403, "beyond_giver")
    wrong = problem(refused[0], 403, "beyond_giver")
    assert wrong.facts == {"scope": "gifts:write"}
    assert some.post("/v1/keys", json={"name": "less", "scopes": ["gifts:read"]}).status_code == 201
    signing = front.client("keys:write", *USER_SCOPES)
    assert signing.post("/v1/token-keys", json={"jwk": public}).status_code == 201
    every = front.client(*SCOPES)
    assert every.post("/v1/operators", json={"name": "me", "role": "admin"}).status_code == 201


def test_an_operators_narrow_key_gives_no_more_than_it_opens(front: Front, ada: httpx2.Client) -> None:
    narrow = ada.post("/v1/keys", json={"name": "desk", "operator": "ada", "scopes": ["keys:write"]}).json()
    desk = holding(front, narrow["secret"])
    with front.nothing_moves():
        problem(desk.post("/v1/keys", json={"name": "wide", "operator": "ada"}), 403, "beyond_giver")
    assert desk.post("/v1/keys", json={"name": "same", "scopes": ["keys:write"]}).status_code == 201


def test_the_lists_have_everything_once_while_more_comes(front: Front, ada: httpx2.Client) -> None:
    for number in range(5):
        ada.post("/v1/keys", json=APP | {"name": f"app {number}"})
        ada.post("/v1/operators", json={"name": f"kim {number}", "role": "trust"})
        ada.post("/v1/token-keys", json={"jwk": token_keys.new_pair(f"kid {number}")[1]})
    wanted = {
        "keys": ["key of ada"] + [f"app {number}" for number in range(5)],
        "operators": ["ada"] + [f"kim {number}" for number in range(5)],
        "token-keys": ["sign-in"] + [f"kid {number}" for number in range(5)],
    }
    for what, names in wanted.items():
        read: list[str] = []
        query = {"limit": "2"}
        while True:
            page = ada.get(f"/v1/{what}", params=query).json()
            read += [row.get("kid") or row["name"] for row in page["data"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert read == names, what
        for cursor in ("x", "bnVsbA", "WyJyb3NlIiwxXQ"):
            problem(ada.get(f"/v1/{what}", params={"cursor": cursor}), 400, "invalid_query")


REFUSED = [
    ("keys", {"name": "app", "scopes": []}, 422, "no_scope"),
    ("keys", {"name": "app"}, 422, "no_scope"),
    ("keys", {"name": "app", "scopes": ["gifts:eat"]}, 422, "unknown_scope"),
    ("keys", {"name": "a\nb", "scopes": ["gifts:read"]}, 422, "bad_text"),
    ("keys", {"name": "", "scopes": ["gifts:read"]}, 422, "invalid_body"),
    ("keys", {"scopes": ["gifts:read"]}, 422, "invalid_body"),
    ("keys", {"name": "app", "scopes": ["gifts:read"] * 101}, 422, "invalid_body"),
    ("keys", APP | {"expires_at": "2020-01-01T00:00:00Z"}, 422, "expiry_past"),
    ("keys", APP | {"expires_at": "9999-12-31T23:59:59-14:00"}, 422, "bad_time"),
    ("keys", APP | {"secret": "mine"}, 422, "invalid_body"),
    ("keys", {"name": "app", "operator": "nobody"}, 404, "unknown_operator"),
    ("keys", {"name": "app", "operator": "a\tb"}, 404, "unknown_operator"),
    ("keys", {"name": "app", "operator": "uma", "scopes": ["gifts:write"]}, 422, "beyond_role"),
    ("operators", {"name": "kim", "role": "king"}, 422, "invalid_body"),
    ("operators", {"name": "a\tb", "role": "trust"}, 422, "bad_text"),
    ("operators", {"name": "uma", "role": "trust"}, 409, "operator_exists"),
    ("token-keys", {"jwk": {}}, 422, "bad_token_key"),
    ("token-keys", {"jwk": {"kty": "oct", "k": "c2VjcmV0"}}, 422, "secret_token_key"),
    ("token-keys", {"jwk": {"keys": []}}, 422, "bad_token_key"),
    ("token-keys", {"jwk": []}, 422, "invalid_body"),
    ("token-keys", {"jwk": token_keys.new_pair()[1] | {"kid": 5}}, 422, "bad_text"),
    ("token-keys", {"jwk": token_keys.new_pair()[1] | {"kid": "a\nb"}}, 422, "bad_text"),
    ("token-keys", {"jwk": token_keys.new_pair()[1], "issuer": "a\nb"}, 422, "bad_text"),
    ("token-keys/sign-in/retire", {"at": "2020-01-01T00:00:00Z"}, 422, "retires_in_past"),
    ("token-keys/sign-in/retire", {"at": "0001-01-01T00:00:00+14:00"}, 422, "bad_time"),
    ("token-keys/nothing/retire", {}, 404, "no_token_key"),
]


def test_what_cannot_be_is_refused(front: Front, ada: httpx2.Client, subtests: pytest.Subtests) -> None:
    front.as_operator("auditor", "uma")
    for path, body, status, code in REFUSED:
        with subtests.test(path=path, body=json.dumps(body)[:100]), front.nothing_moves():
            problem(ada.post(f"/v1/{path}", json=body), status, code)


def test_what_is_not_there_cannot_be_changed(front: Front, ada: httpx2.Client) -> None:
    with front.nothing_moves():
        for name in ("rvk_0000000000000", "rvk_x", "nothing", "RVK_0000000000000", "rvk_zzzzzzzzzzzzz"):
            problem(ada.delete(f"/v1/keys/{name}"), 404, "unknown_key")
        problem(ada.delete("/v1/operators/nobody"), 404, "unknown_operator")
        problem(ada.patch("/v1/operators/nobody", json={"role": "trust"}), 404, "unknown_operator")
        problem(ada.get("/v1/operators/nobody/changes"), 404, "unknown_operator")
