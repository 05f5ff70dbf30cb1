"""Overlays over the API: made, listed, changed, given another address, revoked; and the code of widgets."""

from typing import Any

import httpx2
import pytest
from front import Front, problem

from riviere.live.overlays.model import MOST

HERE = "/v1/users/aurora/overlays"


@pytest.fixture
def aurora(front: Front) -> httpx2.Client:
    """A creator with her own token."""
    front.creator("aurora")
    return front.as_user("aurora")


def made(client: httpx2.Client, **settings: Any) -> dict[str, Any]:
    answer = client.post(HERE, json={"name": "Alerts", "widget": "alerts", **settings})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_an_overlay_is_made_seen_changed_and_revoked(aurora: httpx2.Client) -> None:
    new = made(aurora)
    overlay = new["overlay"]
    assert (overlay["least"], overlay["seconds"], overlay["sound"]) == (1, 6, False)
    at = f"{HERE}/{overlay['id']}"
    assert aurora.get(at).json() == overlay
    changed = aurora.patch(at, json={"least": 10, "sound": True}).json()
    assert (changed["name"], changed["least"], changed["seconds"], changed["sound"]) == ("Alerts", 10, 6, True)
    assert changed["changed_at"] > overlay["changed_at"]
    assert aurora.get(HERE).json()["data"] == [changed]
    assert aurora.delete(at).status_code == 204
    assert aurora.get(HERE).json()["data"] == []
    for method, path in (("GET", at), ("DELETE", at), ("POST", f"{at}/test"), ("POST", f"{at}/secret")):
        problem(aurora.request(method, path), 404, "unknown_overlay")


def test_an_address_is_told_once_and_the_next_one_is_another(aurora: httpx2.Client) -> None:
    new = made(aurora)
    secret = new["path"].removeprefix("/o/")
    at = f"{HERE}/{new['overlay']['id']}"
    for told in (aurora.get(HERE), aurora.get(at), aurora.patch(at, json={})):
        assert secret not in told.text
    again = aurora.post(f"{at}/secret").json()
    assert len(bytes.fromhex(again["path"].removeprefix("/o/"))) == 32
    assert again["path"] != new["path"]


def test_what_does_not_fit_is_refused_and_nothing_is_made(front: Front, aurora: httpx2.Client) -> None:
    overlay = made(aurora)["overlay"]["id"]
    with front.nothing_moves():
        for wrong in ({"widget": "clock"}, {"name": ""}, {"seconds": 1}, {"least": 0}, {"least": 10**10}, {"html": ""}):
            problem(aurora.post(HERE, json={"name": "Alerts", "widget": "alerts", **wrong}), 422, "invalid_body")
        problem(aurora.post(HERE, json={"name": "\u2028", "widget": "alerts"}), 422, "bad_text")
        problem(aurora.get(f"{HERE}/{overlay}/code"), 409, "not_your_code")
        problem(aurora.put(f"{HERE}/{overlay}/code", json={"html": "x"}), 409, "not_your_code")


def test_there_are_so_many_and_no_more(front: Front, aurora: httpx2.Client) -> None:
    for _ in range(MOST):
        made(aurora)
    with front.nothing_moves():
        problem(aurora.post(HERE, json={"name": "Alerts", "widget": "alerts"}), 409, "too_many_overlays")


def test_code_of_a_widget_is_kept_as_it_was_written(front: Front, aurora: httpx2.Client) -> None:
    at = f"{HERE}/{made(aurora, widget='custom')['overlay']['id']}/code"
    assert aurora.get(at).json() == {"html": "", "css": "", "js": "", "fields": ""}
    code = {"html": "<p>{{a}}</p>\n", "css": "p { }", "js": "let a = `\t${1}`;", "fields": '{"a": 1}'}
    assert aurora.put(at, json=code).json() == code
    assert aurora.get(at).json() == code
    with front.nothing_moves():
        problem(aurora.put(at, json=code | {"fields": "[1]"}), 422, "bad_fields")
        problem(aurora.put(at, json=code | {"js": "\x07"}), 422, "bad_code")
        problem(aurora.put(at, json=code | {"js": "x" * 20_001}), 422, "invalid_body")
    assert aurora.put(at, json={}).json()["html"] == ""
