"""An overlay's page, its feed and what it showed, over a real socket; and the studio's page of overlays."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest
from front import Front, front, problem
from overlay_site import Site, opened_site
from structlog.testing import capture_logs
from watcher import Watcher

from riviere.live.overlays import keeping

__all__ = ["front"]


@pytest.fixture
def site(front: Front) -> Iterator[Site]:
    with opened_site(front) as made:
        yield made


def settings(page: httpx2.Response) -> dict[str, Any]:
    """What a page is told that it is."""
    found = re.search(r'<script type="application/json" id="settings">(.*?)</script>', page.text, re.DOTALL)
    assert found is not None, page.text
    told: dict[str, Any] = json.loads(found[1])
    return told


class Feed:
    """An overlay's feed as its page reads it."""

    def __init__(self, answer: httpx2.Response) -> None:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        self._parts = answer.iter_raw()
        self._left = b""
        # By now somebody follows: what comes first is how soon to come back.
        assert next(self._parts) == b"retry: 1000\n\n"
        self.watcher = Watcher()
        self.events = self.watcher.events

    def until(self, count: int) -> list[dict[str, Any]]:
        while len(self.events) < count:
            self._left += next(self._parts)
            whole, end, self._left = self._left.rpartition(b"\n\n")
            self.watcher.hear(whole + end)
        return self.events

    def rest(self) -> bytes:
        return b"".join(self._parts)


def test_the_page_needs_no_cookie_and_tells_nobody_where_it_is(site: Site) -> None:
    _, path = site.overlay(least=30)
    for client in (site.viewer, site.aurora):
        page = client.get(path)
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-robots-tag"] == "noindex"
        assert page.headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "aurora" not in re.sub("<script.*?</script>", "", page.text, flags=re.DOTALL)
    told = settings(page)
    assert (told["widget"], told["least"], told["sound"], told["ahead"]) == ("alerts", 30, False, [])


def test_an_address_that_is_none_shows_nothing(site: Site) -> None:
    gone = site.viewer.get("/o/" + "0" * 64)
    assert gone.status_code == 404
    assert re.search(r"<body>\s*</body>", gone.text)
    assert "no such overlay" in gone.text
    assert "refresh" not in gone.text
    assert gone.headers["referrer-policy"] == "no-referrer"
    assert site.viewer.get("/o/" + "0" * 64 + "/feed").status_code == 404
    shown = site.viewer.post(
        "/o/" + "0" * 64 + "/shown", data={"position": "0.0"}, headers={"Accept": "application/json"}
    )
    problem(shown, 404, "unknown_overlay")


def test_its_feed_has_the_creators_gifts_and_its_own_test_which_no_other_hears(site: Site) -> None:
    front = site.front
    overlay, path = site.overlay()
    _, other = site.overlay()
    bearer = {"Authorization": f"Bearer {front.token('mira')}"}
    with (
        site.viewer.stream("GET", f"{path}/feed") as mine,
        site.viewer.stream("GET", f"{other}/feed") as others,
        site.viewer.stream("GET", "/v1/users/aurora/feed?after=0.0", headers=bearer) as everybodys,
    ):
        feeds = [Feed(mine), Feed(others), Feed(everybodys)]
        with Books(front):
            answer = site.api.post(f"/v1/users/aurora/overlays/{overlay}/test")
        assert answer.status_code == 202
        front.give("mira", "aurora", "comet")
        assert [event["type"] for event in feeds[0].until(2)] == ["alert.test", "gift"]
        assert feeds[0].events[0]["id"] == answer.json()["id"]
        assert [event["type"] for event in feeds[1].until(1)] == ["gift"]
        assert [event["type"] for event in feeds[2].until(2)] == ["stream.started", "gift"]


class Books:
    """Checks that no entry is booked and no balance moves in the block."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def _sums(self) -> Any:
        rows = self._front.connection.execute("SELECT count(*) FROM entry").fetchall()
        return rows, self._front.wallet("aurora"), self._front.wallet("mira")

    def __enter__(self) -> None:
        self._before = self._sums()

    def __exit__(self, *_: object) -> None:
        assert self._sums() == self._before


def test_what_was_shown_is_kept_and_where_the_next_page_begins(site: Site) -> None:
    _, path = site.overlay()
    began = settings(site.viewer.get(path))["after"]
    with site.viewer.stream("GET", f"{path}/feed") as answer:
        feed = Feed(answer)
        for gift in ("rose", "comet"):
            site.front.give("mira", "aurora", gift)
        feed.until(2)
    comet = feed.events[-1]
    key = f"{comet['at']}/{comet['id']}/"
    site.viewer.post(f"{path}/shown", data={"position": began, "ahead": json.dumps([key])}).raise_for_status()
    again = settings(site.viewer.get(path))
    assert (again["after"], again["ahead"]) == (began, [key])
    assert feed.watcher.last is not None
    site.viewer.post(f"{path}/shown", data={"position": feed.watcher.last, "ahead": "[]"}).raise_for_status()
    again = settings(site.viewer.get(path))
    assert (again["after"], again["ahead"]) == (feed.watcher.last, [])
    # A page that was slower takes nothing back.
    site.viewer.post(f"{path}/shown", data={"position": began, "ahead": "[]"}).raise_for_status()
    assert settings(site.viewer.get(path))["after"] == feed.watcher.last


NOT_OURS = [
    ({"position": "9999.0"}, 400, "bad_position"),
    ({"position": "the last one"}, 400, "bad_position"),
    ({"position": ""}, 400, "bad_position"),
    ({"position": "0.0", "ahead": "{"}, 422, "invalid_body"),
    ({"position": "0.0", "ahead": "[1]"}, 422, "invalid_body"),
    ({"position": "0.0", "ahead": '["mira"]'}, 422, "bad_ahead"),
    ({"position": "0.0", "ahead": json.dumps(["0/a/"] * 201)}, 422, "bad_ahead"),
]


def test_what_no_page_of_ours_says_is_refused(site: Site, subtests: pytest.Subtests) -> None:
    _, path = site.overlay()
    for said, status, code in NOT_OURS:
        with subtests.test(said=str(said)[:60]), site.front.nothing_moves():
            problem(site.viewer.post(f"{path}/shown", data=said, headers={"Accept": "application/json"}), status, code)


@pytest.mark.parametrize("how", ["revoked", "replaced"])
def test_an_address_that_holds_no_more_ends_its_feed_within_seconds(site: Site, how: str) -> None:
    overlay, path = site.overlay()
    _, other = site.overlay()
    at = f"/v1/users/aurora/overlays/{overlay}"
    with site.viewer.stream("GET", f"{path}/feed") as answer, site.viewer.stream("GET", f"{other}/feed") as others:
        feed, theirs = Feed(answer), Feed(others)
        begun = time.monotonic()
        new = site.api.delete(at) if how == "revoked" else site.api.post(f"{at}/secret")
        assert new.status_code in (200, 204)
        assert feed.rest() == b"event: gone\ndata: {}\n\n"
        assert time.monotonic() - begun < 30
        site.front.give("mira", "aurora", "rose")
        assert [event["type"] for event in theirs.until(1)] == ["gift"]
    assert site.viewer.get(path).status_code == 404
    if how == "replaced":
        # The new address reads past the notice that closed the old one, and goes on.
        with site.viewer.stream("GET", f"{new.json()['path']}/feed") as answer:
            assert Feed(answer).until(2)[-1]["type"] == "gift"


def test_a_page_that_comes_back_goes_on_where_it_was(site: Site) -> None:
    _, path = site.overlay()
    with site.viewer.stream("GET", f"{path}/feed") as answer:
        feed = Feed(answer)
        site.front.give("mira", "aurora", "rose")
        feed.until(1)
    site.front.give("mira", "aurora", "comet")
    headers = {"Last-Event-ID": str(feed.watcher.last)}
    with site.viewer.stream("GET", f"{path}/feed?after=0.0", headers=headers) as answer:
        assert [event["gift"] for event in Feed(answer).until(1)] == ["comet"]
    assert site.viewer.get(f"{path}/feed?after=9999.0").status_code == 400


def test_a_widget_of_ones_own_is_in_a_frame_with_a_policy_of_its_own(site: Site) -> None:
    overlay, path = site.overlay("custom")
    code = {"html": "<p>{{hi}}</p>", "js": "let a = 1 < 2;", "fields": '{"hi": {"value": "</script>"}}'}
    site.api.put(f"/v1/users/aurora/overlays/{overlay}/code", json=code).raise_for_status()
    page = site.viewer.get(path)
    assert settings(page)["fieldData"] == {"hi": "</script>"}
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    found = re.search(r'<iframe src="([^"]+)" sandbox="allow-scripts"', page.text)
    assert found is not None
    assert path.removeprefix("/o/") not in found[1]
    frame = site.viewer.get(found[1])
    assert frame.status_code == 200
    policy = frame.headers["content-security-policy"]
    for part in ("sandbox allow-scripts;", "default-src 'none'", "connect-src 'none'", "frame-ancestors 'self'"):
        assert part in policy
    assert "let a = 1 < 2;" in frame.text
    assert "set-cookie" not in frame.headers
    # The ticket opens nothing else, and the secret no frame.
    assert site.viewer.get(found[1].removesuffix("/widget")).status_code == 404
    assert "let a" not in site.viewer.get(f"{path}/widget").text


def test_no_secret_is_logged_whatever_happens(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    overlay, path = site.overlay()
    secret = path.removeprefix("/o/")
    with capture_logs() as logged:
        site.viewer.get(path)
        site.viewer.get(f"{path}/feed?after=x")
        site.viewer.post(f"{path}/shown", data={"position": "x"})
        new = site.api.post(f"/v1/users/aurora/overlays/{overlay}/secret").json()["path"].removeprefix("/o/")
        site.viewer.get(path)

        def broken(*_: object) -> None:
            raise RuntimeError("a defect of ours")

        monkeypatch.setattr(keeping, "was_shown", broken)
        answer = site.viewer.get(f"/o/{new}")
    assert answer.status_code == 500
    assert "refresh" in answer.text
    assert any(entry["event"] == "broken" for entry in logged)
    told = msgspec.json.encode([str(entry) for entry in logged]).decode()
    assert secret not in told
    assert new not in told


def test_the_studio_makes_one_and_shows_its_address_once(site: Site) -> None:
    assert "No overlay yet" in site.aurora.get("/studio/overlays").text
    made = site.post("/studio/overlays", name="Main scene", widget="alerts")
    (path,) = set(re.findall(r"/o/[0-9a-f]{64}", made.text))
    assert site.viewer.get(path).status_code == 200
    listed = site.aurora.get("/studio/overlays").text
    assert "Main scene" in listed
    assert path not in listed


def test_the_studio_sets_tests_replaces_and_revokes(site: Site) -> None:
    overlay, path = site.overlay()
    here = f"/studio/overlays/{overlay}"
    assert site.post(here, name="Second", least="30", seconds="9", sound="1").status_code == 303
    told = settings(site.viewer.get(path))
    assert (told["least"], told["seconds"], told["sound"]) == (30, 9, True)
    assert site.post(here, name="Second", least="30", seconds="9").status_code == 303
    assert settings(site.viewer.get(path))["sound"] is False
    assert site.post(f"{here}/test").headers["location"] == f"/studio/overlays?tested={overlay}#{overlay}"
    assert "A test is on its way" in site.aurora.get(f"/studio/overlays?tested={overlay}").text
    replaced = site.post(f"{here}/secret")
    (new,) = set(re.findall(r"/o/[0-9a-f]{64}", replaced.text))
    assert [site.viewer.get(one).status_code for one in (path, new)] == [404, 200]
    assert site.post(f"{here}/revoke").status_code == 303
    assert site.viewer.get(new).status_code == 404


def test_the_studio_keeps_the_texts_of_a_widget_one_by_one(site: Site) -> None:
    overlay, _ = site.overlay("custom")
    here = f"/studio/overlays/{overlay}/code"
    assert site.post(here, part="html", text="<p>\r\n</p>").status_code == 303
    assert site.post(here, part="js", text="x" * 20_000).status_code == 303
    code = site.api.get(f"/v1/users/aurora/overlays/{overlay}/code").json()
    assert (code["html"], len(code["js"])) == ("<p>\n</p>", 20_000)
    assert "&lt;p&gt;" in site.aurora.get("/studio/overlays").text


WRONG = [
    ("", {"name": "", "widget": "alerts"}, "name"),
    ("", {"name": "x" * 101, "widget": "alerts"}, "may have 100 characters"),
    ("", {"name": "Clock", "widget": "clock"}, "Invalid enum value"),
    ("/{id}", {"name": "Mine", "least": "0", "seconds": "6"}, "must be 1 or more"),
    ("/{id}", {"name": "Mine", "least": "1", "seconds": "61"}, "must be 60 or less"),
    ("/{id}/code", {"part": "fields", "text": "[typed"}, "JSON object"),
    ("/{id}/code", {"part": "css", "text": "\x07typed"}, "control characters"),
]


def test_a_form_that_is_wrong_says_so_and_keeps_what_was_typed(site: Site, subtests: pytest.Subtests) -> None:
    overlay, _ = site.overlay("custom")
    for path, fields, said in WRONG:
        with subtests.test(path=path, said=said):
            with site.front.nothing_moves():
                answer = site.post("/studio/overlays" + path.format(id=overlay), **fields)
            assert answer.status_code == 422
            assert re.search(f'role="alert">[^<]*{re.escape(said)}', answer.text), answer.text
            typed = [value for value in fields.values() if "typed" in value and "\x07" not in value]
            assert all(value in answer.text for value in typed)


def test_nobody_has_a_hand_in_anothers_overlays(site: Site) -> None:
    overlay, _ = site.overlay()
    front = site.front
    with front.nothing_moves():
        assert site.viewer.get("/studio/overlays").status_code != 200
        mira = front.as_user("mira")
        problem(mira.delete(f"/v1/users/aurora/overlays/{overlay}"), 404, "not_found")
        problem(mira.delete(f"/v1/users/mira/overlays/{overlay}"), 404, "unknown_overlay")
        problem(mira.post(f"/v1/users/mira/overlays/{overlay}/secret"), 404, "unknown_overlay")
        # A form without the token of this session came from somewhere else.
        assert site.aurora.post(f"/studio/overlays/{overlay}/revoke", data={"token": "0" * 32}).status_code == 403
