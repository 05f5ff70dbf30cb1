"""The stream's page without scripts: what lands, the tray, and everything that can be wrong with a gift."""

import time
from contextlib import ExitStack

import pytest
from visitors import Browser, Site


@pytest.fixture
def mira(site: Site) -> Browser:
    """A viewer with a thousand coins, in front of aurora's stream."""
    site.creator("aurora")
    site.viewer("mira")
    site.buy("mira", 1000)
    return site.user("mira")


LIVE = "/s/aurora/live"
GIFTS = "/s/aurora/live/gifts"


def test_a_stranger_watches_and_cannot_give(site: Site, mira: Browser) -> None:
    stranger = site.somebody()
    page = stranger.open(LIVE)
    assert page.status == 200
    assert "join as a viewer" in page.words
    assert any(tag == "button" and "disabled" in found and "data-send" in found for tag, found in page.tags)
    with site.nothing_moves():
        assert stranger.send(page, GIFTS, gift="rose").status == 401


def test_a_gift_is_sent_from_the_tray_once_however_often_it_is_pressed(site: Site, mira: Browser) -> None:
    page = mira.open(LIVE)
    sent = mira.send(page, GIFTS, gift="comet", count="2", message="bravo")
    assert (sent.status, "You sent Comet ×2." in sent.words) == (200, True)
    assert "402" in sent.words
    assert site.office.pool is not None
    with site.nothing_moves():
        assert mira.send(page, GIFTS, gift="comet", count="2", message="bravo").status == 200
    with site.nothing_moves():
        changed = mira.send(page, GIFTS, gift="comet", count="1")
        assert (changed.status, "Idempotency" in changed.words or "key" in changed.words) == (422, True)


def test_much_at_once_is_asked_about(site: Site, mira: Browser) -> None:
    site.buy("mira", 5000)
    page = mira.open(LIVE)
    with site.nothing_moves():
        asked = mira.send(page, GIFTS, gift="ring", count="34")
    assert "Send Ring ×34?" in asked.words
    assert "1,020" in asked.words
    sent = mira.send(asked, GIFTS)
    assert "You sent Ring ×34." in sent.words
    exactly = mira.send(mira.open(LIVE), GIFTS, gift="rose", count="1000")
    assert "You sent Rose ×1000." in exactly.words, "it is over a thousand that is asked about"


REFUSED = [
    ({"gift": "comet", "count": "4", "sure": "1"}, 409, "Not enough coins"),
    ({"gift": "nothing"}, 404, "There is no gift"),
    ({"gift": "crown"}, 409, "level"),
    ({"gift": "jasmine"}, 409, "is sold in"),
    ({"gift": "rose", "count": "0"}, 422, "This must be 1 or more."),
    ({"gift": "rose", "count": "many"}, 422, "This must be a whole number."),
    ({"gift": "rose", "message": "x" * 201}, 422, "200 characters at the most"),
    ({"gift": ""}, 422, "Something is missing here: gift."),
    ({"gift": "rose", "key": ""}, 400, "Idempotency-Key"),
]


def test_what_is_refused_is_said_and_what_was_typed_is_kept(
    site: Site, mira: Browser, subtests: pytest.Subtests
) -> None:
    for typed, status, said in REFUSED:
        with subtests.test(typed=str(typed)[:100]):
            page = mira.open(LIVE)
            with site.nothing_moves():
                answer = mira.send(page, GIFTS, **({"message": "bravo"} | typed))
            assert (answer.status, said in answer.words) == (status, True), answer.words
            assert answer.field("message")["value"] == typed.get("message", "bravo")


def test_a_script_hears_what_is_left(site: Site, mira: Browser) -> None:
    page = mira.open(LIVE)
    step = {"gift": "rose", "combo": "1", "key": "combo"}
    for count in (1, 5, 17):
        told = mira.told(page, GIFTS, **step, count=str(count))
        assert told.json()["gift"]["count"] == count
        assert told.json()["left"] == 1000 - count
    asked = mira.told(page, GIFTS, gift="comet", count="4")
    assert (asked.status_code, asked.json()["code"], asked.json()["coins"]) == (409, "sure", 1196)
    poor = mira.told(page, GIFTS, gift="comet", count="4", sure="1")
    assert (poor.status_code, poor.json()["code"]) == (409, "not_enough_coins")


def test_a_stream_that_is_over_says_so(site: Site, mira: Browser) -> None:
    page = mira.open(LIVE)
    site.end("aurora")
    over = mira.open(LIVE)
    assert "This stream is over" in over.words
    with site.nothing_moves():
        assert mira.send(page, GIFTS, gift="rose").status == 409


def test_a_creators_address_leads_to_their_newest_stream(site: Site, mira: Browser) -> None:
    site.later(minutes=1)
    site.stream("aurora", "to night/2")
    page = mira.open("/s/aurora")
    assert page.address == "/s/aurora/to%20night%2F2"
    sent = mira.send(page, "/s/aurora/to%20night%2F2/gifts", gift="rose")
    assert "You sent Rose" in sent.words
    site.viewer("sol")
    assert mira.open("/s/sol").status == 404
    assert mira.open("/s/nobody").status == 404


def test_a_post_takes_gifts_too(site: Site, mira: Browser) -> None:
    site.post("aurora", "welcome")
    sent = mira.send(mira.open("/p/aurora/welcome"), "/p/aurora/welcome/gifts", gift="rose", count="2")
    assert "You sent Rose ×2." in sent.words


def test_a_player_is_embedded_from_its_own_place_only(site: Site, mira: Browser) -> None:
    aurora = site.as_user("aurora")
    poster = {"title": "Paint with me", "player": "https://player.example.com/aurora?x=1"}
    assert aurora.put("/v1/users/aurora/streams/live/poster", json=poster).json()["title"] == "Paint with me"
    page = mira.open(LIVE)
    assert "Paint with me" in page.words
    assert page.headers["content-security-policy"].endswith("; frame-src https://player.example.com")
    frame = next(found for tag, found in page.tags if tag == "iframe")
    assert frame["src"] == poster["player"]
    assert "allow-top-navigation" not in (frame["sandbox"] or "")
    for bad in (
        "http://player.example.com",
        "https://a b",
        "https://x.example; script-src *",
        "javascript:x",
        "https://X",
    ):
        answer = aurora.put("/v1/users/aurora/streams/live/poster", json={"player": bad})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_player"), bad
    assert site.as_user("mira").put("/v1/users/aurora/streams/live/poster", json=poster).status_code == 404
    aurora.put("/v1/users/aurora/streams/live/poster", json={})
    assert "frame-src" not in mira.open(LIVE).headers["content-security-policy"]


def test_a_gifts_picture_is_there_for_every_size_we_use(site: Site) -> None:
    stranger = site.stranger()
    drawn = stranger.get("/art/40/299/comet.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.startswith("<svg")
    for wrong in (
        "/art/41/1/rose.svg",
        "/art/40/0/rose.svg",
        "/art/40/-1/rose.svg",
        "/art/x/1/rose.svg",
        "/art/40/²/x.svg",
    ):
        assert stranger.get(wrong).status_code == 404, wrong
    assert "<script" not in stranger.get("/art/40/1/%3Cscript%3E.svg").text


def test_one_visitor_follows_so_many_streams_at_once_and_more_when_some_are_left(site: Site, mira: Browser) -> None:
    with ExitStack() as open_pages:
        for _ in range(20):
            feed = open_pages.enter_context(mira.client.stream("GET", LIVE + "/feed"))
            assert (feed.status_code, feed.headers["content-type"]) == (200, "text/event-stream")
        refused = mira.client.get(LIVE + "/feed", headers={"Accept": "application/json"})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_live")
        with site.stranger().stream("GET", LIVE + "/feed") as stranger:
            assert stranger.status_code == 200
    for _ in range(100):
        with mira.client.stream("GET", LIVE + "/feed") as again:
            if again.status_code == 200:
                break
        time.sleep(0.05)
    assert again.status_code == 200
