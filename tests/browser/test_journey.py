"""One evening in real browsers: coins are bought, a combo rains, and everybody sees it."""

import re
import time

from cashier import Cashier
from chromium import People
from playwright.sync_api import Page, expect
from visitors import Site

from riviere.pages.page import VEIL


def hold(page: Page, gift: str, seconds: float) -> None:
    """Chooses a gift and holds the button."""
    page.locator(f"label.gift:has(input[value={gift}])").click()
    button = page.get_by_role("button", name=re.compile("^Send "))
    box = button.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(seconds * 1000)
    page.mouse.up()


def wait_for_cookie(page: Page, name: str) -> None:
    """Waits until the server has said something that the browser keeps; what a script asks shows nowhere else."""
    for _ in range(300):
        if name in {cookie.get("name") for cookie in page.context.cookies()}:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"no cookie {name} after 30 seconds")


def buy(page: Page, coins: str) -> None:
    """Tops the wallet up."""
    page.goto("/wallet")
    page.get_by_label(coins).check()
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_role("status")).to_contain_text("coins are in your wallet")


def test_coins_become_a_combo_that_a_second_browser_sees_within_a_second(
    house: tuple[Site, Cashier], people: People
) -> None:
    site, _ = house
    site.creator("aurora")
    site.viewer("mira")
    site.pack(1000)
    mira, watching = people.user("mira"), people.somebody(dark=True)
    buy(mira, "1,000 coins")
    for page in (mira, watching):
        page.goto("/s/aurora/live")
        expect(page.locator("[data-lost]")).to_be_hidden()
    took = []
    for gift in ("Comet", "Ring", "Rose"):  # the best of three: the machine may be busy with something else
        mira.locator(f"label.gift:has(input[value={gift.lower()}])").click()
        pressed = time.monotonic()
        mira.get_by_role("button", name=f"Send {gift}").click()
        expect(watching.locator("[data-landed] li").first).to_contain_text(f"mira {gift}")
        took.append(time.monotonic() - pressed)
    assert min(took) < 1, "a click, its way to the books, and back to another browser"
    hold(mira, "rose", 1.5)
    landed = watching.locator("[data-landed] li", has_text="mira Rose ×").first
    expect(landed).to_contain_text("growing")
    expect(watching.locator(".flying .times").first).to_contain_text("×")
    expect(landed).not_to_contain_text("growing", timeout=12_000)  # it is over five seconds after its last step
    seen = int(re.findall(r"×(\d+)", landed.inner_text())[0])
    left = int(mira.locator("[data-left]").inner_text().replace(",", ""))
    assert left == 1000 - 299 - 30 - seen
    wallet = site.as_user("mira").get("/v1/users/mira/wallet").json()
    assert wallet["coins"] == left, "the page says what the books say"
    assert site.as_user("aurora").get("/v1/users/aurora/wallet").json()["diamonds"] == str(299 + 30 + seen)


def test_much_at_once_is_asked_about_once_and_holding_does_not_slip_past_it(
    house: tuple[Site, Cashier], people: People
) -> None:
    site, _ = house
    site.creator("aurora")
    site.viewer("mira")
    site.buy("mira", 5000)
    mira = people.user("mira")
    mira.goto("/s/aurora/live")
    mira.get_by_label("Pieces").fill("30")
    hold(mira, "ring", 3)
    dialog = mira.get_by_role("dialog")
    expect(dialog).to_contain_text("costs")
    dialog.get_by_role("button", name="Not now").click()
    spent = 5000 - site.as_user("mira").get("/v1/users/mira/wallet").json()["coins"]
    assert 900 <= spent <= 1000
    mira.locator("label.gift:has(input[value=comet])").click()
    mira.get_by_label("Pieces").fill("4")
    mira.get_by_role("button", name="Send Comet").click()
    expect(dialog).to_contain_text("Comet ×4 costs 1,196 coins")
    dialog.get_by_role("button", name="Send it").click()
    expect(mira.locator("[data-left]")).to_have_text(f"{5000 - spent - 1196:,}")
    expect(mira.locator(".spotlight")).to_contain_text("mira sent Comet")


def test_the_keys_are_shown_and_press_what_they_say(house: tuple[Site, Cashier], people: People) -> None:
    site, _ = house
    site.creator("aurora")
    site.buy("aurora", 100)
    page = people.user("aurora")
    page.goto("/wallet")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog")
    expect(keys).to_contain_text("Hide or show every number")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(page.locator("html")).to_have_class("veiled")
    wait_for_cookie(page, VEIL)
    page.reload()
    expect(page.locator("html")).to_have_class("veiled")
    page.get_by_label("Card").press("h")
    expect(page.locator("html")).to_have_class("veiled"), "a key pressed in a field is a letter"


def test_times_are_in_the_readers_own_zone(house: tuple[Site, Cashier], people: People) -> None:
    site, _ = house
    site.viewer("mira")
    site.buy("mira", 100)
    page = people.user("mira")
    page.goto("/wallet")
    time_of = page.locator("time").first
    utc = time_of.get_attribute("title") or ""
    assert utc.endswith("UTC")
    assert time_of.inner_text() not in utc, "Oslo is an hour ahead at least"


def test_motion_is_off_for_who_asked_for_that(house: tuple[Site, Cashier], people: People) -> None:
    site, _ = house
    site.creator("aurora")
    site.viewer("mira")
    site.buy("mira", 2000)
    page = people.user("mira")
    page.goto("/s/aurora/live")
    site.give("mira", "aurora", "comet", 1)
    expect(page.locator(".spotlight")).to_contain_text("mira sent Comet")
    assert page.evaluate("document.getAnimations().length") == 0


def test_the_studio_moves_with_the_stream(house: tuple[Site, Cashier], people: People) -> None:
    site, _ = house
    site.creator("aurora")
    site.viewer("mira")
    site.buy("mira", 500)
    site.stream("aurora", "live")
    aurora, mira = site.as_user("aurora"), site.as_user("mira")
    goal = {"title": "New easel", "diamonds": "300"}
    aurora.post("/v1/users/aurora/goals", json=goal, headers={"Idempotency-Key": "easel"}).raise_for_status()
    studio = people.user("aurora")
    studio.goto("/studio/live")
    shown, more = studio.locator("[data-goal]"), studio.get_by_role("button", name="More was asked")
    expect(shown).to_contain_text("0 of 300 diamonds")
    expect(more).to_be_hidden()
    site.give("mira", "aurora", "comet")
    expect(shown).to_contain_text("299 of 300 diamonds")
    expect(shown.get_by_text("reached")).to_be_hidden()
    site.give("mira", "aurora", "rose")
    expect(shown.get_by_text("reached")).to_be_visible()
    there, question = "/v1/users/aurora/streams/live/questions", {"text": "What paper is that?"}
    mira.post(there, json=question, headers={"Idempotency-Key": "paper"}).raise_for_status()
    more.click()
    expect(studio.locator("[data-question]")).to_contain_text("What paper is that?")
    expect(more).to_be_hidden()
    studio.get_by_role("button", name="Answered: What paper is that?").click()
    expect(studio.locator("[data-question]")).to_have_count(0)
    expect(studio.get_by_role("link", name="Live", exact=True)).to_have_attribute("aria-current", "page")
