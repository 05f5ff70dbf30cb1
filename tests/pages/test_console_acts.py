"""What operators do at the console: shown first, done at the second press, refused beside the field."""

import re
import time
from itertools import product

import pytest
from cashier import Cashier, payouts
from console_desk import Desk, desk, front

from riviere.ids import client_id
from riviere.ledger.law import Kind
from riviere.ledger.statement import balance_at

__all__ = ["desk", "front", "payouts"]


@pytest.fixture
def redemption(desk: Desk, payouts: Cashier) -> str:
    """Jo's redemption of 10,000 diamonds, in review."""
    jo = payouts.creator("jo", 12_000)
    payouts.announce("review_over", "USD", amount="1")
    return payouts.redeem(jo, "jo")


def test_a_reviewer_sees_what_comes_of_it_before_approving(desk: Desk, payouts: Cashier, redemption: str) -> None:
    finance, here = desk.as_role("finance"), f"/console/redemptions/{redemption}"
    page = finance.get(here)
    for told in ("$49.15", "$0.85", "$50.00", "j…@example.com", "verified", "in review"):
        assert told in page
    with desk.front.nothing_moves():
        asked = finance.sends(f"{here}/approve", reason="as in every month")
        assert asked.status_code == 200
    assert "goes on to the payout provider" in asked.text
    assert "as in every month" in asked.text
    assert finance.does(f"{here}/approve", reason="as in every month") == f"{here}?done=approve"
    page = finance.get(f"{here}?done=approve")
    assert "Approve: done" in page
    assert "by operator the finance" in page
    payouts.rounds()
    assert "paid" in payouts.course(desk.front.as_user("jo"), "jo", redemption)


def test_a_rejected_redemption_gives_the_diamonds_back_and_says_why(desk: Desk, redemption: str) -> None:
    finance, here = desk.as_role("finance"), f"/console/redemptions/{redemption}"
    finance.does(f"{here}/reject", reason="the gifts came from their own cards")
    page = finance.get(here)
    assert "cancelled" in page
    assert "the gifts came from their own cards" in page
    assert balance_at(desk.front.connection, desk.front.id("jo"), Kind.HELD) == 0


def test_without_a_reason_that_fits_nothing_is_decided(desk: Desk, redemption: str, subtests: pytest.Subtests) -> None:
    finance = desk.as_role("finance")
    unfit = [("", "Say why"), ("x" * 501, "500 characters at the most")]
    for (reason, said), act in product(unfit, ("approve", "reject")):
        with subtests.test(act=act, said=said), desk.front.nothing_moves():
            for sure in ({}, {"sure": "1"}):
                page = finance.refused(f"/console/redemptions/{redemption}/{act}", 422, reason=reason, **sure)
                field = re.search(r'<input id="reason"[^>]*aria-invalid="true".*?</div>', page, re.DOTALL)
                assert field, page
                assert said in field[0]
                assert reason in field[0]


def test_what_cannot_be_done_now_is_said_and_not_done(desk: Desk, redemption: str) -> None:
    finance, here = desk.as_role("finance"), f"/console/redemptions/{redemption}"
    with desk.front.nothing_moves():
        for act in ("pay-again", "attended", "never-paid"):
            assert "in_review" in finance.refused(f"{here}/{act}", 409, reason="now")
        assert "There is no redemption" in finance.refused(f"{here}/give-away", 404, reason="now")
        assert "There is no redemption" in finance.get("/console/redemptions/nothing", 404)


def test_money_that_came_back_is_to_be_done_and_paid_again(desk: Desk, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 12_000, "returned-later@example.com")
    redemption = payouts.redeem(jo, "jo")
    payouts.rounds(40)
    finance = desk.as_role("finance")
    assert "payout came back, to be paid again" in finance.get("/console")
    assert redemption[:8] in finance.get("/console/redemptions?among=returned")
    payouts.pay_to(jo, "jo", "jo@example.com")
    finance.does(f"/console/redemptions/{redemption}/pay-again", reason="they told us the right address")
    payouts.rounds()
    assert payouts.follow(jo, "jo", redemption)["state"] == "paid"
    assert "Nothing waits for you" in desk.as_role("finance").get("/console")


def test_a_user_is_found_suspended_reinstated_and_forgotten(desk: Desk) -> None:
    front, trust = desk.front, desk.as_role("trust")
    front.creator("jo/one?")
    assert "There is no user" in trust.get("/console/users?user=Jo", 404)
    there = trust.client.get("/console/users?user=jo/one%3F")
    assert there.headers["location"] == "/console/users/jo%2Fone%3F"
    here = there.headers["location"]
    with front.nothing_moves():
        assert "Say why" in trust.refused(f"{here}/standing", 422, state="suspended")
        trust.sends(f"{here}/standing", state="suspended", reason="gifts under review")
    trust.does(f"{here}/standing", state="suspended", reason="gifts under review")
    page = trust.get(here)
    assert "gifts under review" in page
    assert "Reinstate…" in page
    trust.does(f"{here}/standing", state="active", reason="all was well")
    trust.does(f"{here}/identity", identity="verified", note="passport seen")
    trust.does(f"{here}/level", level="7", region="no")
    page = trust.get(here)
    assert "passport seen" in page
    assert (front.client("users:read").get(f"/v1/users/{here.rpartition('/')[2]}").json())["region"] == "NO"
    with front.nothing_moves():
        page = trust.refused(f"{here}/forget", 422, confirm="jo")
        assert "Type jo/one? to confirm" in page
        assert 'value="jo"' in page
        trust.refused(f"{here}/forget", 422, confirm="jo", sure="1")
        trust.refused(f"{here}/level", 422, level="9999999", sure="1")
        trust.refused(f"{here}/identity", 422, identity="glorious", sure="1")
    assert trust.does(f"{here}/forget", confirm="jo/one?") == "/console/users?done=forgotten"
    trust.get(here, 404)


def test_the_ledger_is_walked_from_an_account_to_the_purchase_and_back(desk: Desk) -> None:
    front, auditor = desk.front, desk.as_role("auditor")
    front.creator("jo")
    front.viewer("mira")
    bought = front.buy("mira", 700, 20)
    gift = front.give("mira", "jo", "comet", message="bravo")
    page = auditor.get("/console/ledger?user=jo&account=diamonds")
    assert "/console/lines/jo/diamonds/1" in page
    assert "Comet" in page
    entry = auditor.get("/console/lines/jo/diamonds/1")
    for told in (str(gift.id), "1 diamond a coin", "bravo", "/console/ledger?user=mira&account=coins"):
        assert told in entry
    assert f"/console/entries/mira/{bought.id}" in entry
    purchase = auditor.get(f"/console/entries/mira/{bought.id}")
    assert "coins.buy" in purchase
    assert "/console/lines/mira/coins/1" in purchase
    assert "There is no line" in auditor.get("/console/lines/jo/diamonds/3", 404)
    assert "There is no user" in auditor.get("/console/ledger?user=nobody", 404)
    assert "Invalid enum value" in auditor.get("/console/ledger?user=jo&account=gold", 400)


def test_of_a_long_combo_the_step_that_was_asked_for_is_shown(desk: Desk) -> None:
    front = desk.front
    front.creator("jo")
    front.viewer("mira")
    front.buy("mira", 700)
    for count in range(1, 61):
        front.give("mira", "jo", "rose", count, combo=True, key="roses")
    page = desk.as_role("auditor").get("/console/lines/jo/diamonds/60")
    assert "41 of 60 legs" in page
    assert 'href="/console/lines/jo/diamonds/60"' in page
    assert 'href="/console/lines/jo/diamonds/41"' not in page


def test_a_gift_is_undone_with_a_reason_that_is_kept(desk: Desk) -> None:
    front, trust = desk.front, desk.as_role("trust")
    front.creator("jo")
    front.viewer("mira")
    front.buy("mira", 700)
    gift = front.give("mira", "jo", "comet", key="the comet")
    here = f"/console/entries/mira/{gift.id}"
    assert gift.id == client_id("the comet")
    with front.nothing_moves():
        assert "Say why" in trust.refused(f"{here}/reverse", 422)
        assert ">299</span> coins go back" in trust.sends(f"{here}/reverse", reason="a stolen card").text
    assert trust.does(f"{here}/reverse", reason="a stolen card") == f"{here}?done=reversed"
    page = trust.get(here)
    assert "a stolen card" in page
    assert "operator the trust" in page
    assert "Undo…" not in page
    assert front.wallet("mira").coins == 700
    # Sent once more by a browser that lost the answer: nothing more moves, and the first reason stays.
    with front.nothing_moves():
        assert trust.sends(f"{here}/reverse", reason="another reason", sure="1").status_code == 303


def test_a_figure_is_announced_once_it_was_shown(desk: Desk) -> None:
    front, finance = desk.front, desk.as_role("finance")
    form = {"name": "diamonds_per_coin", "amount": "0.45", "starts_at": "2999-12-01T00:00"}
    with front.nothing_moves():
        asked = finance.sends("/console/policies", **form)
        assert "0.45 diamonds a coin" in asked.text
        assert "1 diamond a coin" in asked.text
        page = finance.refused("/console/policies", 422, **{**form, "amount": "0.45555"})
        assert 'value="0.45555"' in page
        assert "at most 3 decimals" in page
        assert "2999-12-01T00:00" in page
        fee = {"name": "fee", "scope": "paypal:USD", "share": "much"}
        for field, changed in (("scope", {**form, "scope": "EUR"}), ("share", fee)):
            page = finance.refused("/console/policies", 422, **changed)
            assert re.search(rf'<input id="{field}"[^>]*value="{changed[field]}"[^>]*aria-invalid', page)
        past = {**form, "starts_at": "2001-01-01T00:00"}
        assert "2001-01-01T00:00" in finance.refused("/console/policies", 422, **past)
        assert "There is no policy" in finance.refused("/console/policies", 422, name="luck", amount="1", sure="1")
    assert finance.does("/console/policies", **form) == "/console/policies?done=announced"
    assert "0.45 diamonds a coin" in finance.get("/console/policies")
    assert "0.45 diamonds a coin" in finance.get("/console")


def test_gifts_and_packs_get_versions_and_go_off_sale(desk: Desk) -> None:
    front, admin = desk.front, desk.as_role("admin")
    gift = {"code": "lantern", "name": "Lantern", "coins": "12", "combo": "1", "regions": "no, se"}
    with front.nothing_moves():
        asked = admin.sends("/console/catalogue/gifts", **gift)
        assert "spray" in asked.text
        assert "NO, SE" in asked.text
        page = admin.refused("/console/catalogue/gifts", 409, **{**gift, "code": "rose"}, sure="1")
        assert re.search(r'<input id="code"[^>]*value="rose"[^>]*aria-invalid', page)
        page = admin.refused("/console/catalogue/gifts", 422, **{**gift, "coins": "many"}, sure="1")
        assert re.search(r'<input id="coins"[^>]*value="many"[^>]*aria-invalid', page)
    assert admin.does("/console/catalogue/gifts", **gift) == "/console/catalogue/gifts/lantern?done=added"
    admin.does("/console/catalogue/gifts/lantern/versions", coins="15", starts_at="2999-01-01T00:00")
    page = admin.get("/console/catalogue/gifts/lantern")
    assert page.index(">15<") < page.index(">12<")
    admin.does("/console/catalogue/gifts/rose/retire")
    assert "retired" in admin.get("/console/catalogue")
    pack = {"code": "small", "coins": "70", "amount": "0.99", "currency": "USD", "bonus": "5"}
    with front.nothing_moves():
        assert "and 5 bonus coins for 30 days" in admin.sends("/console/catalogue/packs", **pack).text
        page = admin.refused("/console/catalogue/packs", 422, **{**pack, "amount": "0.999"}, sure="1")
        assert "0.999" in page
        assert "at most 2 decimals" in page
    admin.does("/console/catalogue/packs", **pack)
    assert "$0.99" in admin.get("/console/catalogue/packs/small")
    admin.does("/console/catalogue/packs/small/retire")
    assert "on sale" not in admin.get("/console/catalogue/packs/small")
    admin.get("/console/catalogue/packs/large", 404)


def test_operators_and_keys_are_made_and_ended(desk: Desk) -> None:
    front, admin = desk.front, desk.as_role("admin")
    with front.nothing_moves():
        assert "redemptions:review" in admin.sends("/console/access/operators", operator="kim", role="finance").text
        page = admin.refused("/console/access/operators", 409, operator="the trust", role="trust", sure="1")
        assert 'value="the trust"' in page
    here = admin.does("/console/access/operators", operator="kim", role="finance").partition("?")[0]
    link = admin.sends(f"{here}/link").text
    found = re.search(r"/claim/[0-9a-f]{64}", link)
    assert found
    assert "Sign in as kim" in front.stranger().get(found[0]).text
    admin.does(f"{here}/role", role="trust")
    admin.does(f"{here}/disable")
    page = admin.get(here)
    assert [page.count(word) > 0 for word in ("finance", "trust", "disabled")] == [True] * 3
    assert "Make a link" not in page
    with front.nothing_moves():
        nothing = admin.refused("/console/access/keys", 422, key_name="app", sure="1")
        assert 'value="app"' in nothing
        admin.refused("/console/access/keys", 404, key_name="app", **{"for": "nobody"}, sure="1")
    made = admin.sends("/console/access/keys", key_name="app", scope__x="", sure="1", **{"scope.gifts:read": "1"})
    assert made.status_code in (200, 422)
    made = admin.sends("/console/access/keys", key_name="app", sure="1", **{"scope.gifts:read": "1"})
    secret = re.search(r"rvk_\w{13}_\w+", made.text)
    assert secret
    page = admin.get("/console/access")
    assert secret[0] not in page
    number = secret[0].rpartition("_")[0]
    assert front.stranger().get("/v1/me", headers={"Authorization": f"Bearer {secret[0]}"}).status_code == 200
    admin.does(f"/console/access/keys/{number}/revoke")
    front.later(seconds=6)
    assert front.stranger().get("/v1/me", headers={"Authorization": f"Bearer {secret[0]}"}).status_code == 401


def test_the_books_are_verified_from_the_page(desk: Desk) -> None:
    front, auditor = desk.front, desk.as_role("auditor")
    front.creator("jo")
    front.viewer("mira")
    front.buy("mira", 700)
    front.give("mira", "jo", "comet")
    assert not front.wrong()
    assert "Not verified since this server started" in auditor.get("/console/proof")
    assert auditor.sends("/console/proof", page="/console/proof").headers["location"] == "/console/proof"
    deadline = time.monotonic() + 30
    while auditor.client.get("/console/proof/progress").json()["running_since"] is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    page = auditor.get("/console/proof")
    assert "The books hold" in page
    assert "provenance" in page
    assert "they hold" in auditor.get("/console")


def test_health_counts_what_the_server_answered(desk: Desk) -> None:
    front = desk.front
    assert front.client("users:read").get("/v1/users/nobody").status_code == 404
    page = desk.as_role("auditor").get("/console/health")
    row = re.search(r"<tr><td>getUser</td>(.*?)</tr>", page, re.DOTALL)
    assert row
    assert re.findall(r">([\d,.]+)<", row[1])[:3] == ["1", "1", "0"]
