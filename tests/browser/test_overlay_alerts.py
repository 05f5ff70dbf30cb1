"""Overlays in a real browser: each alert once through kills and reloads, and a widget of one's own in its sandbox."""

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from front import Front, front
from overlay_site import Site, opened_site
from playwright.sync_api import Browser, Page, expect
from scene import begin, ended, kill
from shop import CREATORS, VIEWERS, Shop

from riviere.live.overlays import keeping
from riviere.services import Riviere
from riviere.settings import Settings

__all__ = ["front"]

#: What a page of ours shows, told to the test as it appears: what the alert is called, and its words.
WATCHING = """
new MutationObserver((found) => {
  for (const { addedNodes } of found) {
    for (const node of addedNodes) if (node.dataset?.key) window.saw(node.dataset.key);
  }
}).observe(document, { childList: true, subtree: true });
"""

#: A widget as people write them for StreamElements, of our own making; and what it tries that it may not.
HTML = '<p id="last">waiting</p><p id="session"></p><p id="tried"></p>'
CSS = "#last { color: {{colour}}; }"
FIELDS = '{"colour": {"type": "colorpicker", "label": "Colour", "value": "rgb(1, 2, 3)"}, "thanks": "thank you"}'
JS = """
let fields;
window.addEventListener("onWidgetLoad", (obj) => {
  fields = obj.detail.fieldData;
  document.getElementById("last").textContent = "loaded for " + obj.detail.channel.username;
});
window.addEventListener("onEventReceived", (obj) => {
  if (obj.detail.listener !== "cheer-latest") return;
  const { name, amount, gift } = obj.detail.event;
  document.getElementById("last").textContent = `${fields.thanks} ${name} ${amount} ${gift}`;
});
window.addEventListener("onSessionUpdate", (obj) => {
  const top = obj.detail.session["cheer-session-top-donator"];
  document.getElementById("session").textContent = `${top.name} ${top.amount}`;
});
const tried = [];
const does = (what, how) => { try { how(); tried.push(what); } catch { tried.push("no " + what); } };
does("cookies", () => document.cookie);
does("parent", () => parent.document.title);
does("storage", () => localStorage.length);
const kept = SE_API.store.set("k", { a: 1 })
  .then(() => SE_API.store.get("k")).then((one) => tried.push("kept " + one.a));
const fetched = fetch("/static/x").then(() => tried.push("fetch"), () => tried.push("no fetch"));
Promise.all([kept, fetched]).then(() => {
  document.getElementById("tried").textContent = tried.join(", ");
});
"""


#: A widget that writes down whatever it is told, and takes its time over each.
NOTES = """
window.addEventListener("onEventReceived", ({ detail: { event } }) => {
  document.getElementById("notes").textContent += `${event.name} ${event.amount} ${event.message}; `;
});
"""
SLOWLY = '{"widgetDuration": 4}'


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 800, "height": 600})
    yield context.new_page()
    context.close()


@pytest.fixture
def site(front: Front) -> Iterator[Site]:
    with opened_site(front) as made:
        yield made


def test_gifts_are_shown_and_a_test_is_marked_as_one(site: Site, page: Page) -> None:
    overlay, path = site.overlay(seconds=2, least=3)
    page.goto(site.url + path)
    site.front.give("mira", "aurora", "rose", 2)
    site.front.give("sol", "aurora", "ring", 3)
    expect(page.locator(".alert.spray")).to_have_text("sol sent Ring×3")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    site.api.post(f"/v1/users/aurora/overlays/{overlay}/test").raise_for_status()
    expect(page.locator(".alert .test")).to_have_text("test")
    assert page.context.cookies() == []


def test_a_combo_grows_where_it_is(site: Site, page: Page) -> None:
    _, path = site.overlay(seconds=2)
    _, running = site.overlay("combos", seconds=2)
    page.goto(site.url + path)
    other = page.context.new_page()
    other.goto(site.url + running)
    for upto in (2, 5, 9):
        site.front.give("mira", "aurora", "rose", upto, combo=True, key="combo")
        expect(page.locator(".alert .times")).to_have_text(f"×{upto}")
        expect(other.locator(".rows li")).to_have_text(f"miraRose×{upto}")
    assert page.locator(".alert").count() == 1


def test_the_largest_goes_first_and_none_is_lost(site: Site, page: Page) -> None:
    saw: list[str] = []
    page.expose_function("saw", lambda key: saw.append(key))
    page.add_init_script(WATCHING)
    _, path = site.overlay(seconds=2)
    given = [site.front.give("mira", "aurora", gift) for gift in ("rose", "ring", "comet")]
    page.goto(site.url + path)
    expect(page.locator(".alert.facets")).to_have_text("mira sent Comet")
    for name in ("Ring", "Rose"):
        expect(page.locator(".alert")).to_have_text(f"mira sent {name}")
    assert saw == [f"{one.id}/mira" for one in reversed(given)]


def test_goal_and_supporters_are_empty_until_a_test_or_an_event_fills_them(site: Site, page: Page) -> None:
    for widget, words in (("goal", "710 of 1,000 diamonds"), ("supporters", "Mika")):
        overlay, path = site.overlay(widget, seconds=2)
        page.goto(site.url + path)
        expect(page.locator("main > *")).to_have_count(0)
        site.api.post(f"/v1/users/aurora/overlays/{overlay}/test").raise_for_status()
        expect(page.locator("main")).to_contain_text(words)
        expect(page.locator("main > .test")).to_have_text("test")
        expect(page.locator("main > *")).to_have_count(0)


def test_an_overlay_that_is_revoked_goes_blank(site: Site, page: Page) -> None:
    overlay, path = site.overlay(seconds=60)
    page.goto(site.url + path)
    site.front.give("mira", "aurora", "comet")
    expect(page.locator(".alert")).to_be_visible()
    site.api.delete(f"/v1/users/aurora/overlays/{overlay}").raise_for_status()
    expect(page.locator("body > *")).to_have_count(0, timeout=5_000)


def test_what_is_set_in_the_studio_is_seen_at_once(site: Site, page: Page) -> None:
    overlay, path = site.overlay(least=1_000)
    page.goto(site.url + path)
    with page.expect_navigation():
        site.api.patch(f"/v1/users/aurora/overlays/{overlay}", json={"least": 1}).raise_for_status()
    site.front.give("mira", "aurora", "rose")
    expect(page.locator(".alert")).to_have_text("mira sent Rose")


def test_a_widget_for_streamelements_works_as_it_is_and_gets_no_further(site: Site, page: Page) -> None:
    overlay, path = site.overlay("custom")
    code = {"html": HTML, "css": CSS, "js": JS, "fields": FIELDS}
    site.api.put(f"/v1/users/aurora/overlays/{overlay}/code", json=code).raise_for_status()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url + path)
    widget = page.frame_locator("iframe")
    expect(widget.locator("#last")).to_have_text("loaded for aurora")
    expect(widget.locator("#tried")).to_contain_text("no fetch")
    said = widget.locator("#tried").inner_text()
    assert {"no cookies", "no parent", "no storage", "kept 1", "no fetch"} == set(said.split(", "))
    assert not [url for url in asked if url.endswith("/static/x")]
    assert page.frames[1].evaluate("origin") == "null"
    assert path.removeprefix("/o/") not in page.frames[1].evaluate("document.documentElement.outerHTML + location.href")
    assert page.frames[1].evaluate("getComputedStyle(last).color") == "rgb(1, 2, 3)"
    site.front.give("sol", "aurora", "ring", 2)
    expect(widget.locator("#last")).to_have_text("thank you sol 60 ring")
    expect(widget.locator("#session")).to_have_text("sol 60")
    site.api.post(f"/v1/users/aurora/overlays/{overlay}/test").raise_for_status()
    expect(widget.locator("#last")).to_have_text("thank you Riviere 299 test")
    expect(widget.locator("#session")).to_have_text("sol 60")
    page.reload()
    expect(widget.locator("#last")).to_have_text("loaded for aurora")
    site.front.give("mira", "aurora", "comet")
    expect(widget.locator("#last")).to_have_text("thank you mira 299 comet")


def test_words_that_are_shown_later_come_to_the_alert_on_show_and_to_those_that_wait(site: Site, page: Page) -> None:
    site.api.put("/v1/users/aurora/words", json={"entries": [], "review": True}).raise_for_status()
    _, path = site.overlay(seconds=4)
    custom, widget = site.overlay("custom")
    code = {"html": '<p id="notes"></p>', "css": "", "js": NOTES, "fields": SLOWLY}
    site.api.put(f"/v1/users/aurora/overlays/{custom}/code", json=code).raise_for_status()
    other = page.context.new_page()
    other.goto(site.url + widget)
    page.goto(site.url + path)
    site.front.give("mira", "aurora", "comet", message="bravo")
    notes, alert, said = (
        other.frame_locator("iframe").locator("#notes"),
        page.locator(".alert"),
        page.locator(".alert q"),
    )
    expect(alert).to_have_text("mira sent Comet")
    expect(notes).to_have_text("mira 299 ;")
    site.front.give("sol", "aurora", "ring", message="more")
    waiting = approve(site, "bravo", "more")
    expect(alert).to_have_text("mira sent Cometbravo")
    expect(alert).to_have_text("sol sent Ringmore")
    # What a widget was told is not told again: it would count it twice.
    expect(notes).to_have_text("mira 299 ; sol 30 more;")
    site.api.post(f"/v1/users/aurora/written/{waiting['more']}/hide").raise_for_status()
    expect(said).to_have_count(0)
    expect(alert).to_have_text("sol sent Ring")
    site.front.give("mira", "aurora", "rose", 2, combo=True, key="combo", message="again")
    expect(alert).to_have_text("mira sent Rose×2")
    approve(site, "again")
    expect(said).to_have_text("again")
    site.front.give("mira", "aurora", "rose", 5, combo=True, key="combo")
    expect(alert).to_have_text("mira sent Rose×5again")


def approve(site: Site, *texts: str) -> dict[str, str]:
    """Approves the words that wait for Aurora, which must be these; what they are called by what they say."""
    waiting = site.api.get("/v1/users/aurora/words-to-review").json()["data"]
    assert [one["text"] for one in waiting] == [*texts]
    for one in waiting:
        site.api.post(f"/v1/users/aurora/written/{one['id']}/approve").raise_for_status()
    return {one["text"]: one["id"] for one in waiting}


def test_each_alert_is_shown_once_though_the_server_is_killed_and_the_page_loaded_again(
    data_folder: Path, page: Page
) -> None:
    saw: Counter[str] = Counter()
    page.expose_function("saw", lambda key: saw.update([key]))
    page.add_init_script(WATCHING)
    with Riviere(Settings(data_folder, None)) as riviere:
        shop = Shop(riviere.database, riviere.signer)
        shop.stock_up()
        creator = shop.users[CREATORS[0]]
        _, secret = keeping.make(riviere.connection, creator, "Alerts", "alerts", shop.now, seconds=2)
        given = [shop.gift(VIEWERS[at], CREATORS[0], f"gift-{at}", 1 + at) for at in range(6)]
        process, url = serve(data_folder)
        page.goto(f"{url}/o/{secret}")
        shop.write(given[:2])
        until(page, saw, 1)
        assert kill(process)
        shop.write(given[2:4])
        page.wait_for_timeout(3_000)
        process, _ = serve(data_folder, int(url.rpartition(":")[2]))
        until(page, saw, 3)
        page.reload()
        shop.write(given[4:])
        until(page, saw, 5)
        page.reload()
        until(page, saw, 6)
        page.wait_for_timeout(3_000)
        assert saw == {f"{gift.id}/{VIEWERS[at]}": 1 for at, gift in enumerate(given)}
        with httpx2.Client(trust_env=False) as client:
            assert client.get(f"{url}/o/{secret}/feed?after=x").status_code == 400
            assert client.get(f"{url}/v1/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        stopped = ended(process)
        assert stopped.status == 0
        assert "getHealth" in stopped.err
        assert secret not in stopped.err + stopped.out
        shop.balances()


def serve(folder: Path, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    """A server that writes down all that it ever does, and its address."""
    process = begin("up", "--data", folder, "--port", port, "--json", "--verbose")
    assert process.stdout is not None
    line: Any = process.stdout.readline()
    assert line, ended(process).err
    return process, str(httpx2.Response(200, content=line).json()["url"])


def until(page: Page, saw: Counter[str], many: int) -> None:
    """Waits until so many alerts were shown."""
    for _ in range(300):
        if sum(saw.values()) >= many:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"after 30 seconds only {saw} were shown")
