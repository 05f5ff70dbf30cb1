"""Beside a stream, in real browsers: what people write is reported and taken away, and who asks is reminded."""

from cashier import Cashier
from chromium import People
from playwright.sync_api import Page, expect
from visitors import Site

from riviere.access import operators

LIVE = "/s/aurora/live"


def report(page: Page, text: str, reason: str) -> None:
    """Reports what stands on a stream's page, in the dialog, and is told that it was."""
    page.get_by_role("link", name=f"Report: {text}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("q")).to_have_text(text)
    dialog.get_by_label("What is wrong with it?").fill(reason)
    dialog.get_by_role("button", name="Report").click()
    expect(dialog).to_be_hidden()


def uphold(page: Page, text: str) -> None:
    """Takes reported words away, at the console."""
    page.get_by_role("button", name=f"Uphold the reports of: {text}").click()
    expect(page.locator("main")).to_contain_text("Nobody sees them any more")
    page.get_by_role("button", name="Uphold").click()
    expect(page.get_by_role("status")).to_contain_text("nobody sees these words any more")


def test_what_a_viewer_reports_a_moderator_sees_and_takes_from_every_screen(
    house: tuple[Site, Cashier], people: People
) -> None:
    site, _ = house
    site.creator("aurora")
    for name in ("mira", "jo"):
        site.viewer(name)
    site.buy("mira", 1000)
    jo, watching = people.user("jo"), people.somebody(phone=True)
    for page in (jo, watching):
        page.goto(LIVE)
        expect(page.locator("[data-lost]")).to_be_hidden()
    asked = {"json": {"text": "Are you stupid?"}, "headers": {"Idempotency-Key": "asked"}}
    assert site.as_user("mira").post("/v1/users/aurora/streams/live/questions", **asked).status_code == 201
    site.give("mira", "aurora", "ring", message="rude & loud")
    question, words = (watching.locator("main").get_by_text(text) for text in ("Are you stupid?", "rude & loud"))
    expect(question).to_be_visible()
    expect(words).to_be_visible()
    expect(watching.get_by_role("link", name="Report")).to_have_count(0)
    jo.get_by_role("link", name="Report: Are you stupid?").click()
    dialog = jo.get_by_role("dialog")
    reason = dialog.get_by_label("What is wrong with it?")
    reason.fill("   ")
    reason.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("is missing")
    expect(reason).to_be_focused()
    dialog.get_by_role("button", name="Not now").click()
    report(jo, "Are you stupid?", "insults her")
    report(jo, "rude & loud", "not for here")
    expect(jo.get_by_text("reported", exact=True)).to_have_count(2)
    expect(words).to_be_visible()
    operators.create(site.connection, "kim", "trust", by="tests", now=site.now)
    kim = people.operator("kim")
    kim.goto("/console/words")
    kim.get_by_role("link", name="Reported").click()
    for told in ("Are you stupid?", "insults her", "rude & loud", "not for here"):
        expect(kim.locator("main")).to_contain_text(told)
    uphold(kim, "rude & loud")
    expect(words).to_have_count(0)
    expect(watching.locator("[data-landed] li")).to_contain_text("mira Ring")
    expect(question).to_be_visible()
    uphold(kim, "Are you stupid?")
    for page in (jo, watching):
        expect(page.locator("[data-question]")).to_have_count(0)
        expect(page.get_by_text("No open questions.")).to_be_visible()
        page.reload()
        expect(page.locator("[data-landed] li")).to_contain_text("mira Ring")
        expect(page.locator("main")).not_to_contain_text("rude & loud")
        expect(page.locator("main")).not_to_contain_text("Are you stupid?")


def test_who_wants_to_be_reminded_says_so_and_it_stays_said(house: tuple[Site, Cashier], people: People) -> None:
    site, _ = house
    site.viewer("aurora")
    site.post("aurora", "welcome")
    site.viewer("mira")
    begins = site.now.replace(microsecond=0, year=site.now.year + 1).isoformat()
    aurora = site.as_user("aurora")
    for title in ("Night of requests", "Paint with me"):
        coming = {"json": {"title": title, "starts_at": begins}, "headers": {"Idempotency-Key": title}}
        assert aurora.post("/v1/users/aurora/announcements", **coming).status_code == 201
    mira, studio = people.user("mira"), people.user("aurora")
    # There is no stream yet that one could be brought to.
    mira.goto("/p/aurora/welcome")
    row = mira.locator("#coming .row", has_text="Paint with me")
    row.get_by_role("button", name="remind me").click()
    expect(row.get_by_role("button", name="no reminder")).to_be_enabled()
    assert mira.url.endswith("/p/aurora/welcome#coming")
    mira.reload()
    expect(row.get_by_role("button", name="no reminder")).to_be_visible()
    expect(mira.get_by_role("button", name="remind me")).to_have_count(1)
    studio.goto("/studio/live")
    expect(studio.locator("li", has_text="Paint with me")).to_contain_text("1 want to be reminded")
    expect(studio.locator("li", has_text="Night of requests")).to_contain_text("0 want to be reminded")
    row.get_by_role("button", name="no reminder").click()
    expect(row.get_by_role("button", name="remind me")).to_be_enabled()
    mira.reload()
    expect(mira.get_by_role("button", name="remind me")).to_have_count(2)
    assert site.as_user("mira").get("/v1/users/mira/reminders").json()["data"] == []
