"""From a viewer's money to a creator's: bought, given, redeemed, approved and paid, all of it on pages."""

import re

from cashier import Cashier
from chromium import People
from playwright.sync_api import Page, expect
from visitors import Site

from riviere.access import operators


def test_coins_are_bought_and_given_and_the_creator_redeems_and_is_paid(
    house: tuple[Site, Cashier], people: People
) -> None:
    site, payouts = house
    site.creator("aurora")
    site.viewer("mira")
    site.pack(7000)
    gives(people, site)
    payouts.announce("review_over", "USD", amount="10")
    payouts.earn("aurora", 12_000)
    payouts.identify("aurora", "verified")
    payouts.pay_to(site.as_user("aurora"), "aurora", "aurora@example.com")
    site.later(days=8)
    operators.create(site.connection, "kim", "finance", by="tests", now=site.now)
    aurora = people.user("aurora")
    expect(aurora).to_have_url(re.compile("/studio$"))
    expect(aurora.locator("main")).to_contain_text("12,030")
    redeems(aurora)
    expect(aurora.locator("main")).to_contain_text("review")
    there = aurora.url
    approves(people.operator("kim"))
    payouts.rounds()
    # Three rounds took most of a day: the operator's session is over by then, the creator's is not.
    aurora.goto(there)
    expect(aurora.locator("main")).to_contain_text("Paid")
    assert "aurora@example.com" in str(payouts.items()), "the provider has paid her"


def gives(people: People, site: Site) -> None:
    """Mira buys a pack and gives a ring, which a second browser and an overlay show within a second."""
    made = site.as_user("aurora").post("/v1/users/aurora/overlays", json={"name": "Alerts", "widget": "alerts"})
    mira, watching, overlay = people.user("mira"), people.somebody(), people.somebody()
    watching.goto("/s/aurora/live")
    overlay.goto(made.json()["path"])
    mira.goto("/wallet")
    mira.get_by_label("7,000 coins").check()
    mira.get_by_role("button", name="Buy").click()
    expect(mira.get_by_role("status")).to_contain_text("7,000 coins are in your wallet")
    mira.goto("/s/aurora/live")
    mira.locator("label.gift:has(input[value=ring])").click()
    mira.get_by_role("button", name="Send Ring").click()
    expect(watching.locator("[data-landed]")).to_contain_text("mira Ring", timeout=1000)
    expect(overlay.locator("main")).to_contain_text("mira", timeout=1000)


def redeems(aurora: Page) -> None:
    """Aurora sees what 10,000 diamonds bring, and takes it."""
    aurora.goto("/studio/redeem")
    aurora.get_by_label("Diamonds").fill("10,000")
    aurora.get_by_role("button", name="See what it brings").click()
    expect(aurora.get_by_role("heading", level=1)).to_contain_text("$49.15 would arrive")
    aurora.get_by_role("button", name="Redeem 10,000 diamonds").click()
    expect(aurora).to_have_url(re.compile("/studio/redemptions/"))


def approves(kim: Page) -> None:
    """Kim finds it in the to-do list, reads it, and decides twice: the first press says what will happen."""
    expect(kim).to_have_url(re.compile("/console$"))
    kim.get_by_role("link", name=re.compile("review", re.IGNORECASE)).first.click()
    kim.locator("main table a").first.click()
    expect(kim.get_by_role("heading", level=1)).to_contain_text("aurora")
    kim.get_by_label("Why").fill("seen her papers")
    kim.get_by_role("button", name="Approve").click()
    expect(kim.locator("main")).to_contain_text("seen her papers")
    kim.locator("main form button").first.click()
    expect(kim.locator("main")).to_contain_text("approved")
