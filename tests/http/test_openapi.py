"""The OpenAPI document: every operation has an example that is one, and whoever lints it finds nothing."""

import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_origin

import httpx2
import msgspec
import pytest
from front import Front, problem

from riviere.http import app, problems
from riviere.http.openapi import TAGS, conditions, document
from riviere.http.operation import ANY, OPERATIONS, Operation, Signed
from riviere.http.serve import Server

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


def one_line(shape: Any) -> Any:
    """For a body of lines the shape of one of them."""
    return get_args(shape)[0] if get_origin(shape) is not None and shape.__name__ == "AsyncIterator" else shape


@every_operation
def test_its_examples_are_of_its_shapes(operation: Operation) -> None:
    for example, shape in ((operation.asked, operation.body), (operation.answer, operation.reply)):
        if shape is None:
            assert example is None
            continue
        assert example is not None, "an operation without an example"
        if shape is Signed:
            # Whoever signed it says what it looks like.
            continue
        encoded = msgspec.json.encode(example)
        assert msgspec.json.decode(encoded, type=one_line(shape)) == example


@every_operation
def test_it_says_what_it_does(operation: Operation) -> None:
    assert operation.summary
    assert operation.summary[0].isupper()
    assert operation.tag in TAGS
    assert operation.keyed <= (operation.method == "POST")


@every_operation
def test_it_has_a_status_for_each_of_its_errors(operation: Operation) -> None:
    statuses = {problems.status_of(condition) for condition in conditions(operation)}
    assert operation.status not in statuses
    assert {500, 503} <= statuses
    if operation.scope is not None:
        assert {401, 429} <= statuses
        assert (403 in statuses) == (operation.scope != ANY)
    if operation.keyed:
        assert {400, 409, 422} <= statuses


def test_no_two_operations_have_the_same_name_or_address() -> None:
    names = Counter(operation.id for operation in OPERATIONS)
    addresses = Counter((operation.method, operation.path) for operation in OPERATIONS)
    assert [name for name, times in [*names.items(), *addresses.items()] if times > 1] == []


def test_the_server_hands_out_the_document_and_a_page_that_needs_nobody_else(front: Front) -> None:
    with front.stranger() as client:
        assert client.get("/openapi.json").json() == json.loads(msgspec.json.encode(document(OPERATIONS)))
        page = client.get("/docs")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "http" not in page.text.replace("http-equiv", ""), "the page loads something from elsewhere"
        for part in ("/docs/swagger/swagger-ui-bundle.js", "/docs/swagger/swagger-ui.css", "/docs/static/docs.js"):
            assert part in page.text
            assert client.get(part).status_code == 200


def test_an_operation_beside_the_table_is_answered_and_not_in_the_document(front: Front) -> None:
    (health,) = (operation for operation in OPERATIONS if operation.id == "getHealth")
    beside = replace(health, id="beside", path="/v1/beside")
    server = Server(app.create_app(front.office, also=[beside]), "127.0.0.1", 0)
    server.start()
    with httpx2.Client(base_url=server.url, trust_env=False) as client:
        assert client.get("/v1/beside").json() == client.get("/v1/health").json()
        problem(client.post("/v1/beside"), 405, "method_not_allowed")
        assert "/v1/beside" not in client.get("/openapi.json").text
    server.stop()
    problem(front.stranger().get("/v1/beside"), 404, "not_found")


def test_every_kind_of_problem_has_an_address_that_explains_it(front: Front) -> None:
    with front.stranger() as client:
        for condition in {condition for operation in OPERATIONS for condition in conditions(operation)}:
            told = client.get(f"/problems/{condition.code}")
            assert (told.status_code, told.json()["code"]) == (200, condition.code)
        problem(client.get("/problems/nothing-like-it"), 404, "not_found")


def test_a_linter_finds_nothing(tmp_path: Path) -> None:
    spectral = shutil.which("spectral")
    if spectral is None:
        pytest.skip("spectral is not on the PATH; npm install --global @stoplight/spectral-cli brings it")
    (tmp_path / "openapi.json").write_bytes(msgspec.json.encode(document(OPERATIONS)))
    (tmp_path / "rules.yaml").write_text('extends: ["spectral:oas"]\n')
    command = [spectral, "lint", "openapi.json", "--ruleset", "rules.yaml", "--fail-severity", "warn"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert app.AREAS, "the operations are added by the areas that app imports"
