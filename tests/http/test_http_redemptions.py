"""Redemptions over HTTP: every refusal, asked twice, cancelled, reviewed, followed, and what becomes of the money."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx2
import pytest
from cashier import Cashier
from front import Front, problem

from riviere import ids
from riviere.economy import catalogue, places, policies
from riviere.ledger.model import Gift, Receipt

Quote = dict[str, Any]

#: What the ledger holds: any entry or balance that changes, changes this.
BOOKS = "SELECT count(*), (SELECT sum(hashtextextended(a::text, 0)) FROM account AS a WHERE a.seq > 0) FROM entry"


class Refusal(NamedTuple):
    """A story: how it comes to a quote that is refused, how it is put right, and what the creator is told.

    `right` answers the quote to ask with under the same key: the same one, or another where that one will not do.
    """

    code: str
    status: int
    told: str
    wrong: Callable[[Cashier, httpx2.Client], Quote]
    right: Callable[[Cashier, httpx2.Client, Quote], Quote]


def of(diamonds: str) -> Callable[[Cashier, httpx2.Client], Quote]:
    return lambda payouts, jo: payouts.quote(jo, "jo", diamonds)


def anew(payouts: Cashier, jo: httpx2.Client, _: Quote) -> Quote:
    return payouts.quote(jo, "jo", "10000")


def after(do: Callable[[Cashier], object]) -> Callable[[Cashier, httpx2.Client, Quote], Quote]:
    """The same quote, once something is done."""

    def right(payouts: Cashier, _: httpx2.Client, quote: Quote) -> Quote:
        do(payouts)
        return quote

    return right


def young(payouts: Cashier, jo: httpx2.Client) -> Quote:
    payouts.announce("maturity_days", "", amount="30")
    return payouts.quote(jo, "jo", "10000")


def weeks_later(payouts: Cashier, jo: httpx2.Client, quote: Quote) -> Quote:
    payouts.front.later(days=30)
    return anew(payouts, jo, quote)


def earning_more(payouts: Cashier, jo: httpx2.Client, quote: Quote) -> Quote:
    payouts.earn("jo", 10_000)
    return weeks_later(payouts, jo, quote)


def imported(payouts: Cashier, jo: httpx2.Client) -> Quote:
    """Diamonds of a recorded stream that nobody has put money behind are all that is left."""
    payouts.redeem(jo, "jo")
    front, now = payouts.front, payouts.front.now
    front.viewer("recorded")
    key = (front.id("jo"), "stream", "recorded")
    place = places.ensure(front.connection, front.signer, [(*key, now)])[key]
    version = catalogue.Catalogue.load(front.connection).versions("rose")[-1]
    rate = policies.announce(
        front.connection, front.signer, "diamonds_per_coin", "import:1", 1_000, starts_at=now, by="ops", now=now
    )
    front.connection.execute(
        "INSERT INTO import VALUES (1, 'gift_log', %s, 'log.csv', %s, %s, 'ops')",
        [ids.request_digest("first"), rate.id, now],
    )
    gift = Gift(
        front.id("recorded"), ids.system_id("import", "one"), ids.request_digest(), now, key[0], 10_000, False, 1,
        None, rate.amount, version.id, rate.id, place, None, True,
    )  # fmt: skip
    (answer,) = front.writer.write([gift])
    assert isinstance(answer, Receipt)
    front.later(days=8)
    return payouts.quote(jo, "jo", "10000")


def capped(payouts: Cashier, jo: httpx2.Client) -> Quote:
    payouts.announce("daily_cap", "USD", amount="49.99")
    return payouts.quote(jo, "jo", "10000")


def unverified(payouts: Cashier, jo: httpx2.Client) -> Quote:
    payouts.identify("jo", "expired")
    return payouts.quote(jo, "jo", "10000")


def without_a_method(payouts: Cashier, jo: httpx2.Client) -> Quote:
    said = jo.put(
        "/v1/users/jo/payout-method", json={"method": "paypal", "currency": "EUR", "receiver": "jo@a.example"}
    )
    assert said.status_code == 200
    return payouts.quote(jo, "jo", "10000")


def suspended(payouts: Cashier, jo: httpx2.Client) -> Quote:
    standing(payouts, "suspended", "gifts under review")
    return payouts.quote(jo, "jo", "10000")


def standing(payouts: Cashier, state: str, reason: str) -> None:
    said = payouts.backend.put("/v1/users/jo/standing", json={"state": state, "reason": reason})
    assert said.status_code == 200


def used(payouts: Cashier, jo: httpx2.Client) -> Quote:
    payouts.earn("jo", 10_000)
    payouts.front.later(days=8)
    quote = payouts.quote(jo, "jo", "10000")
    assert payouts.ask(jo, "jo", quote).status_code == 201
    return quote


def expired(payouts: Cashier, jo: httpx2.Client) -> Quote:
    quote = payouts.quote(jo, "jo", "10000")
    payouts.front.later(minutes=15)
    return quote


def dear(payouts: Cashier, jo: httpx2.Client) -> Quote:
    payouts.announce("fee", "paypal:USD", share="0%", fixed="50.00")
    return payouts.quote(jo, "jo", "10000")


def cheaper(payouts: Cashier, jo: httpx2.Client, quote: Quote) -> Quote:
    payouts.announce("fee", "paypal:USD", share="0%", fixed="49.99")
    return anew(payouts, jo, quote)


def by_nobody(payouts: Cashier, jo: httpx2.Client) -> Quote:
    payouts.announce("fee", "pigeon:USD", share="0%", fixed="0.10")
    asked = {"method": "pigeon", "currency": "USD", "diamonds": "10000"}
    quote: Quote = jo.post("/v1/users/jo/quotes", json=asked).json()
    return quote


STORIES = [
    Refusal(
        "below_minimum", 409, "takes 10,000 diamonds at least, and 9,999 were asked for; redeem 1 more",
        of("9999"), after(lambda payouts: payouts.announce("minimum", "", amount="9999")),
    ),
    Refusal("still_maturing", 409, "asked for; gifts mature in 30 days", young, weeks_later),
    Refusal("import_not_backed", 409, "10,000 diamonds come from imports", imported, earning_more),
    Refusal(
        "over_daily_cap", 409, "Of 49.99 USD a day, 49.99 are left today (UTC), and this redeems 50.00",
        capped, after(lambda payouts: payouts.announce("daily_cap", "USD", amount="50.00")),
    ),
    Refusal(
        "identity_unverified", 409, "it is expired",
        unverified, after(lambda payouts: payouts.identify("jo", "verified")),
    ),
    Refusal(
        "no_payout_method", 409, "paypal in EUR",
        without_a_method, after(lambda payouts: payouts.pay_to(payouts.front.as_user("jo"), "jo", "jo@example.com")),
    ),
    Refusal(
        "payouts_suspended", 409, "(gifts under review)",
        suspended, after(lambda payouts: standing(payouts, "active", "they were fine")),
    ),
    Refusal("quote_used", 409, "has been used by redemption", used, anew),
    Refusal("quote_expired", 409, "good until 20", expired, anew),
    Refusal("nothing_arrives", 409, "The fee of 50.00 USD would leave nothing of 50.00 USD", dear, cheaper),
    Refusal("not_enough_diamonds", 409, "20,000 diamonds were asked for, and 10,000 are free", of("20000"), anew),
    Refusal("no_payout_provider", 422, "Nobody pays out by pigeon here; choose one of paypal", by_nobody, anew),
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.code)
def test_a_request_is_refused_moves_nothing_and_goes_on_under_its_key_once_it_is_right(
    front: Front, payouts: Cashier, story: Refusal
) -> None:
    jo = payouts.creator("jo", 10_000)
    quote = story.wrong(payouts, jo)
    books, key = front.connection.execute(BOOKS).fetchone(), front.key()
    earlier = jo.get("/v1/users/jo/redemptions").json()["data"]
    refused = problem(payouts.ask(jo, "jo", quote, key), story.status, story.code)
    assert story.told in refused.detail
    assert front.connection.execute(BOOKS).fetchone() == books
    kept, *others = jo.get("/v1/users/jo/redemptions").json()["data"]
    assert others == earlier
    assert (kept["state"], kept["quote"]) == ("refused", quote["id"])
    (step,) = kept["steps"]
    assert (step["state"], step["actor"]) == ("refused", "creator")
    assert refused.detail in step["reason"]
    problem(payouts.ask(jo, "jo", quote, key), story.status, story.code)
    again = payouts.ask(jo, "jo", story.right(payouts, jo, quote), key)
    assert (again.status_code, again.json()["id"]) == (201, kept["id"])
    assert payouts.course(jo, "jo", kept["id"]) == ["refused", "refused", "requested", "held", "approved"]
    payouts.rounds()
    assert payouts.follow(jo, "jo", kept["id"])["state"] == "paid"


def test_every_refusal_is_one_of_the_stories_and_a_quote_names_it_before_anybody_asks(payouts: Cashier) -> None:
    jo = payouts.creator("jo", 10_000)
    told = [dear(payouts, jo), capped(payouts, jo), unverified(payouts, jo), suspended(payouts, jo)]
    assert [{one["code"] for one in quote["refusals"]} for quote in told] == [
        {"nothing_arrives"},
        {"nothing_arrives", "over_daily_cap"},
        {"nothing_arrives", "over_daily_cap", "identity_unverified"},
        {"nothing_arrives", "over_daily_cap", "identity_unverified", "payouts_suspended"},
    ]
    # All of the reasons are kept, the first of them is the answer.
    refused = problem(payouts.ask(jo, "jo", told[-1]), 409, "payouts_suspended")
    (kept,) = jo.get("/v1/users/jo/redemptions").json()["data"]
    assert kept["steps"][0]["reason"] == " ".join(one["detail"] for one in told[-1]["refusals"])
    assert kept["steps"][0]["reason"].startswith(refused.detail)


def test_a_quote_of_somebody_else_is_no_quote(front: Front, payouts: Cashier) -> None:
    jo, sol = payouts.creator("jo", 10_000), payouts.creator("sol", 10_000)
    theirs = payouts.quote(sol, "sol", "10000")
    for quote in (theirs, {"id": ids.shown("q", 1)}):
        with front.nothing_moves():
            problem(payouts.ask(jo, "jo", quote), 404, "unknown_quote")
    assert payouts.ask(sol, "sol", theirs).status_code == 201


def test_asked_twice_under_one_key_it_is_one_redemption(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 20_000)
    quote, other = (payouts.quote(jo, "jo", "10000") for _ in range(2))
    first = payouts.ask(jo, "jo", quote, "one")
    with front.nothing_moves():
        second = payouts.ask(jo, "jo", quote, "one")
        problem(payouts.ask(jo, "jo", other, "one"), 422, "key_reused")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    payouts.rounds()
    third = payouts.ask(jo, "jo", quote, "one")
    assert (third.status_code, third.json()["id"], third.json()["state"]) == (200, first.json()["id"], "paid")
    # The key is the creator's own: a back end that asks for them has the same one.
    app = front.client("redemptions:write")
    assert payouts.ask(app, "jo", quote, "one").json()["id"] == first.json()["id"]
    sol = payouts.creator("sol", 10_000)
    assert payouts.redeem(sol, "sol", key="one") != first.json()["id"]
    problem(jo.post("/v1/users/jo/redemptions", json={"quote": other["id"]}), 400, "missing_key")


def test_of_requests_at_once_for_one_quote_one_wins(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 30_000)
    quote = payouts.quote(jo, "jo", "10000")
    ready = threading.Barrier(6)

    def ask(key: str) -> httpx2.Response:
        with front.as_user("jo") as speaking:
            ready.wait()
            return payouts.ask(speaking, "jo", quote, key)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, [f"key {number}" for number in range(6)]))
    (won,) = [answer for answer in answers if answer.status_code == 201]
    for answer in answers:
        if answer is not won:
            assert won.json()["id"] in problem(answer, 409, "quote_used").detail
    assert payouts.wallet(jo, "jo")["held"] == "10000"


def test_of_requests_at_once_under_one_key_all_are_answered_with_the_same_redemption(
    front: Front, payouts: Cashier
) -> None:
    jo = payouts.creator("jo", 20_000)
    quote = payouts.quote(jo, "jo", "10000")

    def ask(_: int) -> httpx2.Response:
        with front.as_user("jo") as speaking:
            while (said := payouts.ask(speaking, "jo", quote, "one")).status_code == 409:
                problem(said, 409, "still_running")
            return said

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert payouts.wallet(jo, "jo")["held"] == "10000"


@pytest.fixture
def large(payouts: Cashier) -> tuple[Cashier, httpx2.Client, str]:
    """A redemption that is reviewed: over 20 dollars."""
    jo = payouts.creator("jo", 20_000)
    payouts.announce("review_over", "USD", amount="20.00")
    return payouts, jo, payouts.redeem(jo, "jo")


def test_a_large_payout_waits_until_finance_lets_it_go_on(
    front: Front, large: tuple[Cashier, httpx2.Client, str]
) -> None:
    payouts, jo, redemption = large
    payouts.rounds()
    waiting = payouts.follow(jo, "jo", redemption)
    assert (waiting["state"], waiting["attention"]) == ("in_review", None)
    assert "person" in waiting["outlook"]
    kim, tess = front.as_operator("finance", "kim"), front.as_operator("trust", "tess")
    because = {"reason": "earnings look like those of last month"}
    with front.nothing_moves():
        for verb in ("approve", "reject", "pay-again", "attended", "never-paid"):
            for nobody in (tess, jo):
                problem(nobody.post(f"/v1/redemptions/{redemption}/{verb}", json=because), 403, "scope_too_small")
        problem(tess.get("/v1/redemptions"), 403, "scope_too_small")
        # Who reviews does not ask in a creator's name.
        problem(kim.post(f"/v1/users/jo/redemptions/{redemption}/cancel", json=because), 403, "scope_too_small")
        problem(kim.post(f"/v1/redemptions/{redemption}/approve", json={}), 422, "invalid_body")
    assert [one["id"] for one in kim.get("/v1/redemptions").json()["data"]] == [redemption]
    approved = kim.post(f"/v1/redemptions/{redemption}/approve", json=because)
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    with front.nothing_moves():
        assert kim.post(f"/v1/redemptions/{redemption}/approve", json=because).json() == approved.json()
        problem(kim.post(f"/v1/redemptions/{redemption}/reject", json=because), 409, "wrong_redemption_state")
    step = payouts.follow(jo, "jo", redemption)["steps"][-1]
    assert (step["state"], step["actor"], step["reason"]) == ("approved", "operator kim", because["reason"])
    assert kim.get("/v1/redemptions").json() == {"data": [], "next": None}
    payouts.rounds()
    assert payouts.follow(jo, "jo", redemption)["state"] == "paid"


def test_a_large_payout_is_turned_down_and_the_creator_reads_by_whom_and_why(
    front: Front, large: tuple[Cashier, httpx2.Client, str]
) -> None:
    payouts, jo, redemption = large
    kim = front.as_operator("finance", "kim")
    said = kim.post(f"/v1/redemptions/{redemption}/reject", json={"reason": "the gifts came from their own cards"})
    assert (said.status_code, said.json()["state"]) == (200, "cancelled")
    step = payouts.follow(jo, "jo", redemption)["steps"][-1]
    assert (step["actor"], step["reason"]) == ("operator kim", "the gifts came from their own cards")
    assert (payouts.wallet(jo, "jo")["diamonds"], payouts.wallet(jo, "jo")["held"]) == ("20000", "0")
    payouts.rounds()
    assert payouts.items() == []


def test_who_asked_for_a_large_payout_in_a_creators_name_does_not_let_it_go_on(front: Front, payouts: Cashier) -> None:
    payouts.announce("review_over", "USD", amount="20.00")
    jo = payouts.creator("jo", 10_000)
    ada, bea = front.as_operator("admin", "ada"), front.as_operator("admin", "bea")
    quote = payouts.quote(jo, "jo", "10000")["id"]
    asked = ada.post("/v1/users/jo/redemptions", json={"quote": quote}, headers={"Idempotency-Key": "one"}).json()
    assert asked["state"] == "in_review"
    because = {"reason": "looks right"}
    with front.nothing_moves():
        problem(ada.post(f"/v1/redemptions/{asked['id']}/approve", json=because), 409, "own_review")
    assert bea.post(f"/v1/redemptions/{asked['id']}/approve", json=because).json()["state"] == "approved"
