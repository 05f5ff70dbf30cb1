"""Whatever is sent, a problem document answers it and nothing has moved: bodies, keys, credentials, quotas."""

import json
import re
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import pytest
from front import Front, opened, problem

from riviere.access.scopes import SCOPES
from riviere.database.database import Database
from riviere.http.dispatch import MOST_BYTES
from riviere.http.operation import OPERATIONS, Signed

ROSE = {"creator": "aurora", "gift": "rose", "stream": "live"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def live(front: Front) -> Front:
    """Mira with 70 coins, and Aurora who is live."""
    return peopled(front)


def peopled(front: Front) -> Front:
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 70)
    return front


def give(client: httpx2.Client, key: str | None = "k1", **other: Any) -> httpx2.Response:
    """A rose, unless `other` says something else."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/v1/gifts", json=ROSE | other, headers=headers)


# Bodies

BODIES: list[tuple[bytes, dict[str, str], int, str]] = [
    (b"", JSON, 400, "malformed_body"),
    (b"{", JSON, 400, "malformed_body"),
    (b"rose", JSON, 400, "malformed_body"),
    (json.dumps(ROSE).encode() * 2, JSON, 400, "malformed_body"),
    (b"{'creator': 'aurora'}", JSON, 400, "malformed_body"),
    (b'{"creator": "aurora", "gift": NaN}', JSON, 400, "malformed_body"),
    (b"\xff\xfe{\x00}\x00", JSON, 400, "malformed_body"),
    (b'{"creator": "\xc3"}', JSON, 400, "malformed_body"),
    (b'{"creator": "\\ud800"}', JSON, 400, "malformed_body"),
    (b"[" * 60_000, JSON, 422, "invalid_body"),
    (b'{"paid": ' + b'{"a":' * 10_000, JSON, 422, "invalid_body"),
    (b"null", JSON, 422, "invalid_body"),
    (b"[]", JSON, 422, "invalid_body"),
    (b'"rose"', JSON, 422, "invalid_body"),
    (b'{"creator": "aurora"}', JSON, 422, "invalid_body"),
    (json.dumps(ROSE | {"coins": 1}).encode(), JSON, 422, "invalid_body"),
    (json.dumps(ROSE | {"count": "1"}).encode(), JSON, 422, "invalid_body"),
    (json.dumps(ROSE | {"count": 1.5}).encode(), JSON, 422, "invalid_body"),
    (json.dumps(ROSE | {"count": True}).encode(), JSON, 422, "invalid_body"),
    (json.dumps(ROSE | {"count": 10**400}).encode(), JSON, 422, "invalid_body"),
    (json.dumps(ROSE | {"message": "a\u0000b"}).encode(), JSON, 422, "invalid_body"),
    (json.dumps(ROSE | {"at": "yesterday"}).encode(), JSON, 422, "invalid_body"),
    (json.dumps(ROSE).encode(), {}, 415, "wrong_content_type"),
    (json.dumps(ROSE).encode(), {"Content-Type": "text/plain"}, 415, "wrong_content_type"),
    (json.dumps(ROSE).encode(), {"Content-Type": "application/x-ndjson"}, 415, "wrong_content_type"),
    (json.dumps(ROSE).encode(), {"Content-Type": "application/jsonp"}, 415, "wrong_content_type"),
    (b"creator=aurora&gift=rose", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "wrong_content_type"),
    (b"x" * (MOST_BYTES + 1), JSON, 413, "body_too_large"),
    (b" " * MOST_BYTES + json.dumps(ROSE).encode(), JSON, 413, "body_too_large"),
]


def test_a_body_that_is_no_gift_is_refused(live: Front, subtests: pytest.Subtests) -> None:
    mira = live.as_user("mira")
    for content, headers, status, code in BODIES:
        with subtests.test(content=content[:40], headers=headers), live.nothing_moves():
            sent = {"Idempotency-Key": "k1", **headers}
            problem(mira.post("/v1/gifts", content=content, headers=sent), status, code)
            pieces = (content[at : at + 9_999] for at in range(0, len(content), 9_999))
            problem(mira.post("/v1/gifts", content=pieces, headers=sent), status, code)


def test_half_a_character_is_no_text_in_any_field(live: Front, subtests: pytest.Subtests) -> None:
    """JSON can write one half of a surrogate pair; nothing that keeps text can."""
    everything = live.client(*SCOPES)
    for operation in OPERATIONS:
        # What is signed is refused for its signature, whatever it is.
        if operation.takes != "application/json" or operation.asked is None or operation.body is Signed:
            continue
        example = msgspec.to_builtins(operation.asked)
        for name in [name for name, value in example.items() if isinstance(value, str)]:
            with subtests.test(operation=operation.id, field=name), live.nothing_moves():
                content = json.dumps(example | {name: "a\ud800b"})
                path = re.sub(r"{\w+}", "mira", operation.path)
                headers = {"Idempotency-Key": "k1", **JSON}
                problem(
                    everything.request(operation.method, path, content=content, headers=headers), 400, "malformed_body"
                )


def test_a_type_with_parameters_is_that_type(live: Front) -> None:
    for number, kind in enumerate(("application/json; charset=utf-8", "Application/JSON")):
        headers = {"Idempotency-Key": f"k{number}", "Content-Type": kind}
        assert live.as_user("mira").post("/v1/gifts", content=json.dumps(ROSE), headers=headers).status_code == 200


def test_a_body_of_just_the_largest_size_is_read(live: Front) -> None:
    content = json.dumps(ROSE).encode().ljust(MOST_BYTES)
    headers = {"Idempotency-Key": "k1", **JSON}
    assert live.as_user("mira").post("/v1/gifts", content=content, headers=headers).status_code == 200


# Idempotency keys

KEYS = [
    (None, "missing_key"),
    ("", "missing_key"),
    ("x" * 256, "bad_key"),
    ("a\tb", "bad_key"),
    (b"\xff", "bad_key"),
    (b"\xc2\x85", "bad_key"),
    ("\u200b".encode(), "bad_key"),
]


def test_a_key_that_is_none_is_refused(live: Front, subtests: pytest.Subtests) -> None:
    mira = live.as_user("mira")
    keyed = [operation for operation in OPERATIONS if operation.keyed]
    assert {"sendGift", "buyPack", "requestRedemption"} <= {operation.id for operation in keyed}
    for operation in keyed:
        path = operation.path.replace("{user}", "mira").replace("{creator}", "mira").replace("{stream}", "live")
        body = msgspec.to_builtins(operation.asked) | ({"sender": "mira"} if operation.id == "sendGift" else {})
        for key, code in KEYS:
            with subtests.test(operation=operation.id, key=key), live.nothing_moves():
                headers = {} if key is None else {"Idempotency-Key": key}
                problem(mira.request(operation.method, path, json=body, headers=headers), 400, code)


def test_a_key_in_a_header_is_the_same_in_a_path_and_in_a_line(live: Front) -> None:
    mira = live.as_user("mira")
    first = mira.post("/v1/gifts", json=ROSE, headers={"Idempotency-Key": "ключ 1".encode()})
    assert (first.status_code, first.json()["key"]) == (200, "ключ 1")
    assert mira.get("/v1/users/mira/gifts/ключ 1").json()["id"] == first.json()["id"]
    line = json.dumps(ROSE | {"key": "ключ 1"})
    again = mira.post("/v1/gifts/bulk", content=line, headers={"Content-Type": "application/x-ndjson"})
    assert again.json()["gift"]["repeated"] is True


# Who asks

NOT_LET_IN: list[tuple[dict[str, Any], str]] = [
    ({"exp": 1}, "expired_token"),
    ({"aud": "somebody-else"}, "foreign_token"),
    ({"iat": 4_000_000_000, "exp": 4_000_000_600}, "early_token"),
    ({"exp": 4_000_000_000}, "long_lived_token"),
    ({"sub": ""}, "bad_claims"),
    ({"sub": None}, "bad_claims"),
    ({"sub": "a\u0000b"}, "bad_claims"),
    ({"sub": "x" * 201}, "bad_claims"),
    ({"exp": "soon"}, "bad_claims"),
    ({"exp": 1e300}, "bad_claims"),
]


def saying(front: Front, authorization: str | bytes) -> httpx2.Client:
    client = front.stranger()
    client.headers.update(
        {b"Authorization": authorization if isinstance(authorization, bytes) else authorization.encode()}
    )
    return client


def test_whose_token_does_not_hold_sends_nothing(live: Front, subtests: pytest.Subtests) -> None:
    for claims, code in NOT_LET_IN:
        with subtests.test(claims=claims), live.nothing_moves():
            answer = give(saying(live, f"Bearer {live.token('mira', **claims)}"))
            problem(answer, 401, code)
            assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_token_that_was_tampered_with_opens_nothing(live: Front, subtests: pytest.Subtests) -> None:
    head, claims, signature = live.token("mira").split(".")
    others = live.token("aurora").split(".")
    unsigned = "eyJhbGciOiJub25lIiwia2lkIjoic2lnbi1pbiJ9"  # {"alg":"none","kid":"sign-in"}
    with_secret = "eyJhbGciOiJIUzI1NiIsImtpZCI6InNpZ24taW4ifQ"  # {"alg":"HS256","kid":"sign-in"}
    nobodys = "eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoibm9ib2R5In0"  # {"alg":"Ed25519","kid":"nobody"}
    for token, code in [
        (f"{head}.{others[1]}.{signature}", "bad_token"),
        (f"{head}.{claims}.", "bad_token"),
        (f"{unsigned}.{claims}.", "downgraded_token"),
        (f"{with_secret}.{claims}.{signature}", "downgraded_token"),
        (f"{nobodys}.{claims}.{signature}", "unknown_token_key"),
        ("a.b.c", "bad_token"),
        ("rvk_0000000000000_" + "a" * 52, "bad_credentials"),
        ("rvk_", "bad_credentials"),
        ("x" * 9_000, "bad_credentials"),
    ]:
        with subtests.test(token=token[:60]), live.nothing_moves():
            problem(give(saying(live, f"Bearer {token}")), 401, code)


def test_a_header_that_says_nothing_about_who_asks(live: Front, subtests: pytest.Subtests) -> None:
    with live.nothing_moves():
        problem(give(live.stranger()), 401, "missing_credentials")
    for said in ("Bearer", "Basic bWlyYTpzZWNyZXQ=", "mira", b"Bearer \xff\xfe", "Bearer \u00e9".encode()):
        with subtests.test(said=said), live.nothing_moves():
            problem(give(saying(live, said)), 401, "bad_credentials")


def test_the_time_of_a_token_runs_out_while_a_client_holds_on(live: Front) -> None:
    held = saying(live, f"Bearer {live.token('mira')}")
    assert give(held).status_code == 200
    live.now += timedelta(minutes=11)
    with live.nothing_moves():
        problem(give(held), 401, "expired_token")


# How much


def test_who_asks_too_often_is_told_when_to_come_back(database: Database) -> None:
    with opened(database, user_quota=3) as front:
        mira, other = peopled(front).as_user("mira"), front.as_user("aurora")
        for left in (2, 1, 0):
            answer = give(mira, f"k{left}")
            assert (answer.status_code, answer.headers["ratelimit-policy"]) == (200, '"user";q=3;w=60')
            assert answer.headers["ratelimit"].startswith(f'"user";r={left};t=')
        with front.nothing_moves():
            late = give(mira, "k3")
            wrong = problem(late, 429, "too_many_requests")
        assert late.headers["ratelimit"].startswith('"user";r=0;t=')
        assert 1 <= int(late.headers["retry-after"]) <= 20
        assert wrong.facts == {"quota": 3, "window": 60, "wait": int(late.headers["retry-after"])}
        problem(mira.get("/v1/me"), 429, "too_many_requests")
        assert other.get("/v1/me").status_code == 200
        assert front.stranger().get("/v1/health").status_code == 200


def test_two_keys_of_one_name_do_not_take_each_others_quota(database: Database) -> None:
    with opened(database, key_quota=2) as front:
        made = [front.client("users:read") for _ in range(2)]
        assert [client.get("/v1/me").status_code for client in made for _ in range(2)] == [200] * 4
        problem(made[0].get("/v1/me"), 429, "too_many_requests")


def test_who_guesses_keys_is_slowed_down_and_nobody_else(database: Database) -> None:
    with opened(database, stranger_quota=3) as front:
        mira = front.as_user("mira")
        for _ in range(3):
            problem(give(front.stranger()), 401, "missing_credentials")
        guess = give(saying(front, "Bearer rvk_0000000000000_" + "a" * 52))
        problem(guess, 429, "too_many_requests")
        assert guess.headers["ratelimit"].startswith('"stranger";r=0;t=')
        assert mira.get("/v1/me").status_code == 200
