"""From diamonds to money without scripts: set up, quoted, confirmed once, followed, taken back; and its statements."""

import csv
import io
import json
import re
from html import unescape

import msgspec
import pytest
from visitors import Browser, Page, Site

from riviere.ledger.proof import Statement, problems
from riviere.payouts import standing


@pytest.fixture
def jo(site: Site) -> Browser:
    """A verified creator with 12,000 matured diamonds who has not said yet where to be paid."""
    site.viewer("mira")
    site.buy("mira", 20_000)
    site.creator("jo")
    site.give("mira", "jo", "rose", 12_000)
    site.later(days=8)
    standing.set_identity(site.connection, "jo", standing.Identity.VERIFIED, "operator kim", "passport seen", site.now)
    return site.user("jo")


def words(page: Page) -> str:
    """What a page says, with a space between its parts."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.source)).split())


def paid_to(jo: Browser) -> Page:
    return jo.send(jo.open("/studio/redeem"), "/studio/payout-method", receiver="jo@example.com")


def requested(jo: Browser) -> Page:
    quote = jo.send(paid_to(jo), "/studio/quote", diamonds="10,000")
    return jo.send(quote, "/studio/redemptions")


def test_a_creator_sees_what_arrives_and_then_redeems_once(site: Site, jo: Browser) -> None:
    page = jo.open("/studio/redeem")
    assert "Your identity is verified" in words(page)
    assert "The payout method that is set is none" in words(page)
    page = paid_to(jo)
    assert "From the next request on you are paid to j…@example.com." in words(page)
    quote = jo.send(page, "/studio/quote", diamonds="10,000")
    assert "$49.15 would arrive" in words(quote)
    assert "Fee by paypal, 1.5 % and 0.10 USD − $0.85" in words(quote)
    made = jo.send(quote, "/studio/redemptions")
    assert made.address.startswith("/studio/redemptions/")
    for state in ("Requested", "Diamonds held", "Approved", "Sent to the provider to come", "Paid to come"):
        assert state in words(made), state
    # Pressed again: the same redemption, and nothing moves twice.
    with site.nothing_moves():
        assert jo.send(quote, "/studio/redemptions").address == made.address
    assert made.address in jo.open("/studio/redemptions").links
    studio = words(jo.open("/studio"))
    assert "Held in a redemption 10,000" in studio
    assert "2,000 of 10,000 diamonds to your next payout" in studio
    assert "Last redemption" in studio


def test_it_is_taken_back_with_a_reason(site: Site, jo: Browser) -> None:
    made = requested(jo)
    action = f"{made.address}/cancel"
    with site.nothing_moves():
        refused = jo.send(made, action, reason="")
    assert (refused.status, "Something is missing" in refused.beside("reason")) == (422, True)
    back = jo.send(made, action, reason="I would rather wait")
    assert "Cancelled" in words(back)
    assert "I would rather wait" in words(back)
    assert site.wallet("jo").diamonds == 12_000_000
    late = jo.send(made, action, reason="again")
    assert late.status == 409
    assert "alert" in late.source


WRONG = [
    ("/studio/payout-method", "receiver", "nowhere", 422),
    ("/studio/payout-method", "receiver", "", 422),
    ("/studio/payout-method", "receiver", "a" * 200, 422),
    ("/studio/quote", "diamonds", "many", 422),
    ("/studio/quote", "diamonds", "0", 422),
    ("/studio/quote", "diamonds", "-5", 422),
    ("/studio/quote", "diamonds", "1.2345", 422),
    ("/studio/quote", "diamonds", "", 422),
    ("/studio/quote", "diamonds", "9999999999999999", 422),
]


def test_what_is_wrong_is_said_beside_its_field(site: Site, jo: Browser, subtests: pytest.Subtests) -> None:
    for action, field, typed, status in WRONG:
        with subtests.test(action=action, typed=typed[:30]):
            page = jo.open("/studio/redeem")
            with site.nothing_moves():
                refused = jo.send(page, action, **{field: typed})
            assert refused.status == status
            assert 'role="alert"' in refused.beside(field)
            assert refused.field(field)["value"] == typed


def test_what_would_be_refused_cannot_be_confirmed_and_says_every_reason(site: Site, jo: Browser) -> None:
    quote = jo.send(jo.open("/studio/redeem"), "/studio/quote", diamonds="9999")
    assert "This would be refused" in words(quote)
    assert "A redemption takes 10,000 diamonds at least" in words(quote)
    assert "The payout method that is set is none" in words(quote)
    assert "/studio/redemptions" not in quote.forms
    standing.suspend(site.connection, "jo", "operator kim", "gifts under review", site.now)
    assert "gifts under review" in words(jo.open("/studio/redeem"))


def test_a_quote_that_ran_out_moves_nothing(site: Site, jo: Browser) -> None:
    quote = jo.send(paid_to(jo), "/studio/quote", diamonds="10000")
    site.later(minutes=20)
    late = jo.send(quote, "/studio/redemptions")
    assert late.status == 409
    assert "This quote was good until" in words(late)
    assert site.wallet("jo").diamonds == 12_000_000


def test_nobody_sees_a_redemption_of_somebody_else(site: Site, jo: Browser) -> None:
    made = requested(jo)
    site.viewer("kim")
    assert site.user("kim").open(made.address).status == 404
    assert jo.open("/studio/redemptions/x").status == 404
    assert jo.send(made, f"{made.address}/cancel", token="x").status == 403


def test_the_statement_is_read_page_by_page_and_kept_whole(site: Site, jo: Browser) -> None:
    for _ in range(60):
        site.give("mira", "jo", "rose")
    site.give("mira", "jo", "rose", message="bravo", anonymous=True)
    requested(jo)
    first = jo.open("/studio/statement")
    assert "-10,000" in words(first)
    second = jo.open(next(link for link in first.links if "cursor=" in link))
    assert "Rose ×12,000 mira 12,000 12,000" in words(second)
    fields = {name: value for name, value in first.forms["/studio/statement.csv"].items() if name}
    answer = jo.client.get("/studio/statement.csv", params=fields | {"since": "2026-01-01"})
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == 63
    assert [int(line["seq"]) for line in lines] == list(range(63, 0, -1))
    assert lines[-1]["balance"] == "12000"


def test_every_line_says_why(jo: Browser) -> None:
    statement = jo.open("/studio/statement")
    why = words(jo.open(next(link for link in statement.links if "/studio/entries/" in link)))
    assert "12,000 coins at 1 diamond a coin" in why
    assert jo.open("/studio/entries/diamonds/2").status == 404
    assert jo.open("/studio/entries/money/1").status == 404
    made = requested(jo)
    held = words(jo.open("/studio/entries/diamonds/2"))
    assert "Why -10,000 diamonds?" in held
    assert made.status == 200


def test_the_statement_with_proofs_can_be_checked_by_anybody(site: Site, jo: Browser) -> None:
    answer = jo.client.get("/studio/statement.json", params={"since": "2026-01-01", "until": "2026-12-31"})
    assert answer.headers["content-disposition"].startswith("attachment;")
    document = msgspec.json.decode(answer.content, type=Statement)
    assert problems(document) == []
    assert json.loads(answer.content)["closing"] == 12_000_000


@pytest.mark.parametrize("query", ["since=x&until=2026-01-01", "since=2026-02-01&until=2026-01-01", ""])
def test_days_that_make_no_sense_are_said_beside_them(jo: Browser, query: str) -> None:
    for kind in ("csv", "json"):
        page = jo.open(f"/studio/statement.{kind}?{query}")
        assert (page.status, 'role="alert"' in page.beside("since")) == (422, True)
    assert jo.open("/studio/statement.json?since=2020-01-01&until=2026-01-01").status == 422
