"""What a machine makes of the OpenAPI document: whatever is asked, no answer is undocumented and none is our mistake.

schemathesis makes requests out of the server's own document, such as fit and such as do not. Some are helped along with
names of things that are there, so that they get past the door; some are spoilt with what breaks careless programs.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest import SkipTest

import msgspec
import pytest
import requests
import schemathesis
from front import Front
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from riviere.access import token_keys
from riviere.access.scopes import SCOPES
from riviere.economy import offers
from riviere.http.openapi import conditions
from riviere.http.operation import JSON, OPERATIONS
from riviere.http.problems import PROBLEM, status_of
from riviere.wire.feed import EVENT_STREAM

#: Cases of the long run, all operations together.
MANY = 10_000
#: Cases of an operation in the short one.
FEW = 3

DOCUMENTED = {
    operation.id: {condition.code: status_of(condition) for condition in conditions(operation)}
    for operation in OPERATIONS
}

#: A feed never ends; what can be wrong with asking for one is in test_http_feed.py.
WITH_AN_END = [operation for operation in OPERATIONS if operation.gives != EVENT_STREAM]

EXAMPLES = {operation.id: operation.asked for operation in OPERATIONS}

#: Names of what is there, wherever a path asks for such.
THERE = {
    "user": ["aurora", "mira"],
    "creator": ["aurora"],
    "supporter": ["mira"],
    "code": ["comet", "rose", "pack-700"],
    "stream": ["live"],
    "post": ["welcome"],
    "viewer": ["mira"],
    "key": ["comet of mira", "pack of mira"],
    "name": ["kim"],
    "kid": ["spare"],
    "account": ["diamonds", "coins"],
    "seq": ["1"],
}

DEEP: list[Any] = []
for _ in range(500):
    DEEP = [DEEP]

#: What stands in the place of something that fits.
SPOILT = [
    None, True, 0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 1.5, 1e308, -0.0, "", " ", "\x00", "a\nb", "\u2028",
    "\U0001f469\u200d\U0001f467", "x" * 300, "x" * 5_000, "0", "-1", "1e9", "9" * 30, "NaN", "%00", "../..",
    "'; --", "{user}", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z",
    "2999-01-01T00:00:00Z", [], {}, DEEP,
    {"amount": "1", "currency": "ZZZ"}, {"amount": "9" * 19, "currency": "USD"}, ["NO"] * 300,
]  # fmt: skip
SPOILT_TEXTS = [spoilt for spoilt in SPOILT if isinstance(spoilt, str)]


@schemathesis.serializer("application/x-ndjson")
def _as_lines(_: Any, value: Any) -> bytes:
    """A line, and once more: the second is answered as the first."""
    line = value if isinstance(value, bytes) else json.dumps(value).encode()
    return line + b"\n" + line


@schemathesis.deserializer("application/x-ndjson")
def _first_line(_: Any, response: Any) -> Any:
    return json.loads(response.content.split(b"\n")[0])


@pytest.fixture
def busy(front: Front) -> Front:
    """A platform where what the examples name is there."""
    for name in ("mira", "aurora"):
        front.creator(name)
        front.post(name, "welcome")
        front.buy(name, 30_000, key=f"pack of {name}")
    front.give("mira", "aurora", "comet", key="comet of mira")
    front.give("mira", "aurora", "rose", 20_000)
    front.give("aurora", "mira", "rose", 20_000)
    terms = {"coins": 700, "bonus": 20, "bonus_days": 30, "price": 799, "currency": "USD"}
    at = dict.fromkeys(("starts_at", "now"), front.now)
    offers.add_pack(front.connection, front.signer, "pack-700", **terms, **at)
    front.later(days=8)
    front.as_operator("auditor", "kim")
    token_keys.register(front.connection, token_keys.new_pair("spare")[1], by="tests", now=front.now)
    return front


def day_after(front: Front) -> str:
    """The begin of the day after tomorrow."""
    return f"{front.now + timedelta(days=2):%Y-%m-%d}T00:00:00Z"


def ids(front: Front) -> dict[str, list[str]]:
    """The ids of things that are there, by the address that they are at."""
    backend = front.client(*SCOPES)
    paid = {"method": "paypal", "currency": "USD", "receiver": "aurora@example.com"}
    for path, body in [
        ("users/aurora/identity", {"state": "verified"}),
        ("users/aurora/payout-method", paid),
    ]:
        assert backend.put(f"/v1/{path}", json=body).status_code == 200
    review = {"name": "review_over", "scope": "USD", "amount": "1"}
    assert backend.post("/v1/policies", json=review).status_code == 201
    redemptions = []
    for number in range(2):
        quote = backend.post("/v1/users/aurora/quotes", json={"diamonds": "10000"}).json()["id"]
        if number == 0:
            asked = backend.post(
                "/v1/users/aurora/redemptions", json={"quote": quote}, headers={"Idempotency-Key": "review"}
            )
            assert asked.json()["state"] == "in_review"
            redemptions.append(asked.json()["id"])
    key = backend.post("/v1/keys", json={"name": "spare", "scopes": ["gifts:read"]}).json()["id"]
    endpoint = backend.post("/v1/webhooks", json={"url": "https://example.com/", "kinds": ["*"]}).json()
    begin = (front.now + timedelta(hours=1)).isoformat()
    announced = backend.post(
        "/v1/users/aurora/announcements",
        json={"title": "Requests", "starts_at": begin},
        headers={"Idempotency-Key": "announced"},
    ).json()
    question = backend.post(
        "/v1/users/aurora/streams/live/questions",
        json={"text": "What is next?", "asker": "mira"},
        headers={"Idempotency-Key": "asked"},
    ).json()
    goal = backend.post(
        "/v1/users/aurora/goals", json={"title": "Mic", "diamonds": "5"}, headers={"Idempotency-Key": "goal"}
    ).json()["id"]
    starts = day_after(front)
    contest = backend.post(
        "/v1/users/aurora/contests",
        json={"rival": "mira", "title": "Choirs", "starts_at": starts, "ends_at": starts.replace("T00", "T01")},
        headers={"Idempotency-Key": "contest"},
    ).json()["id"]
    named = {"name": "Alerts", "widget": "custom"}
    overlay = backend.post("/v1/users/aurora/overlays", json=named).json()["overlay"]["id"]
    return {
        "/announcements": [announced["id"]],
        "/reminders": [announced["id"]],
        "/questions": [question["id"]],
        "/written": [question["id"]],
        "/overlays": [overlay],
        "/redemptions": redemptions,
        "/contests": [contest],
        "/goals": [goal],
        "/keys": [key],
        "/webhooks": [endpoint["endpoint"]["id"]],
        "quote": [quote],
    }


def test_a_few_requests_of_every_operation_are_answered_as_documented(busy: Front) -> None:
    tried, _ = _tried(busy, FEW)
    assert tried >= FEW * len(WITH_AN_END)


@pytest.mark.slow
def test_ten_thousand_requests_are_answered_as_documented(busy: Front) -> None:
    tried, done = _tried(busy, MANY // len(OPERATIONS) + 10)  # a few have not so many
    assert tried >= MANY
    assert done > len(OPERATIONS) * 0.8, "most requests are turned away at the door"


@pytest.mark.slow
def test_every_field_spoilt_in_every_way_is_answered_as_documented(busy: Front) -> None:
    there, backend = ids(busy), busy.client(*SCOPES)
    wrong = []
    for operation in WITH_AN_END:
        shape = operation.body if operation.takes == JSON else None
        path = operation.path
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", _known(path, there).get(name, ["nothing"])[0])
        asked: list[dict[str, Any]] = []
        if shape is not None:
            example = msgspec.to_builtins(operation.asked)
            asked += [{"json": example | {name: spoilt}} for name in _fields(shape) for spoilt in SPOILT]
        if operation.query is not None:
            asked += [{"params": {name: spoilt}} for name in _fields(operation.query) for spoilt in SPOILT_TEXTS]
        for said in asked:
            answer = backend.request(operation.method, path, headers={"Idempotency-Key": busy.key()}, **said)
            if answer.status_code >= 400:
                code = answer.json()["code"]
                if answer.status_code >= 500 or DOCUMENTED[operation.id].get(code) != answer.status_code:
                    wrong.append(f"{operation.id} {said}: {answer.text}"[:300])
    assert not wrong, "\n".join(wrong)


def _fields(shape: Any) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(shape)]


def _known(path: str, there: dict[str, list[str]]) -> dict[str, list[str]]:
    """Names of what is there for the parameters of an address."""
    return THERE | {"id": next((named for at, named in there.items() if at in path), ["nothing"])}


def _tried(front: Front, each: int) -> tuple[int, int]:
    """Tries `each` requests of every operation; fails with all that is wrong.

    Answers how many it tried, and how many operations did at least once what they were asked.
    """
    schema = schemathesis.openapi.from_url(f"{front.url}/openapi.json")
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) == len(OPERATIONS)
    found = [one for one in found if one.definition.raw["operationId"] in {operation.id for operation in WITH_AN_END}]
    # What is forgotten, retired or cancelled is not there any more for the others.
    endings = ("/retire", "/cancel", "/end", "/close")
    found.sort(key=lambda one: one.method.upper() == "DELETE" or one.path.endswith(endings))
    callers = list(_callers(front))
    there = ids(front)
    wrong: list[str] = []
    tried, done = 0, set()
    with requests.Session() as session:
        session.trust_env = False
        for operation in found:

            @settings(
                max_examples=each,
                deadline=None,
                database=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            )
            @given(case=_cases(operation, there), caller=st.sampled_from(callers))
            def ask(case: schemathesis.Case, caller: Callable[[], dict[str, str]]) -> None:
                nonlocal tried
                tried += 1
                if _ask(case, front.url, session, caller()) < 300:
                    done.add(case.operation.label)

            try:
                ask()
            except Exception as broken:
                wrong.append(f"{operation.label}: {broken}")
    assert not wrong, "\n\n".join(wrong)
    return tried, len(done)


def _callers(front: Front) -> Iterator[Callable[[], dict[str, str]]]:
    """Headers of a back end that may do everything, of an operator, of two users, and of nobody."""
    for client in (*[front.client(*SCOPES)] * 3, front.as_operator("finance")):
        said = client.get("/v1/me").request.headers["authorization"]
        yield lambda said=said: {"Authorization": said}  # type: ignore[misc]
    for name in ("aurora", "mira"):
        yield lambda name=name: {"Authorization": f"Bearer {front.token(name)}"}  # type: ignore[misc]
    yield dict


@st.composite
def _cases(draw: st.DrawFn, operation: Any, there: dict[str, list[str]]) -> schemathesis.Case:
    """A request that fits, or not, or is the document's own example; one of its fields may be spoilt."""
    known = _known(operation.path, there)
    path = {
        parameter.name: draw(st.sampled_from(known[parameter.name]))
        for parameter in operation.path_parameters
        if parameter.name in known and draw(st.integers(0, 3))
    }
    example = msgspec.to_builtins(EXAMPLES[operation.definition.raw["operationId"]])
    kind = draw(st.sampled_from(["positive", "negative", "example", "example"]))
    fixed: dict[str, Any] = {"path_parameters": path} if path else {}
    if kind == "example" and example is not None:
        if "quote" in example:
            example["quote"] = draw(st.sampled_from(there["quote"]))
        # What was yesterday when the example was written cannot begin now.
        fixed["body"] = {name: value for name, value in example.items() if not name.endswith("_at") and name != "at"}
    mode = GenerationMode.NEGATIVE if kind == "negative" else GenerationMode.POSITIVE
    try:
        case: schemathesis.Case = draw(operation.as_strategy(generation_mode=mode, **fixed))
    except SkipTest:  # nothing about it can be wrong
        case = draw(operation.as_strategy(**fixed))
    body = case.body
    if isinstance(body, dict) and body and draw(st.integers(0, 3)) == 0:
        case.body = body | {draw(st.sampled_from(sorted(body))): draw(st.sampled_from(SPOILT))}
    return case


def _ask(case: schemathesis.Case, url: str, session: requests.Session, headers: dict[str, str]) -> int:
    """Asks, checks the answer against the document, and answers its status."""
    answer = case.call(base_url=url, session=session, headers=headers)
    case.validate_response(
        answer,
        checks=[
            schemathesis.checks.not_a_server_error,
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_schema_conformance,
            checks.response_headers_conformance,
        ],
    )
    given_headers = {name.lower(): value[0] for name, value in answer.headers.items()}
    assert given_headers["cache-control"] == "no-store"
    assert given_headers["x-request-id"]
    if answer.status_code >= 400:
        assert given_headers["content-type"] == PROBLEM
        document = msgspec.json.decode(answer.content)
        documented = DOCUMENTED[case.operation.definition.raw["operationId"]]
        assert documented.get(document["code"]) == answer.status_code == document["status"], document
        assert document["detail"].endswith("."), document
    return int(answer.status_code)
