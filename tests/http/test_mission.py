"""The examples that the product was made for, each over HTTP and to the cent."""

from cashier import Cashier
from front import Front, problem

from riviere.http.operation import OPERATIONS
from riviere.ledger.proof import problems, read


def test_the_minimum_is_10000_diamonds_and_9999_are_refused_and_nothing_moves(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 10_000)
    before = payouts.wallet(jo, "jo")
    short = payouts.quote(jo, "jo", "9999")
    assert [refusal["code"] for refusal in short["refusals"]] == ["below_minimum"]
    refused = problem(payouts.ask(jo, "jo", short), 409, "below_minimum")
    assert "10,000" in refused.detail
    assert "9,999" in refused.detail
    assert payouts.wallet(jo, "jo") == before
    assert front.connection.execute("SELECT count(*) FROM entry WHERE route >= 21").fetchone() == (0,)
    enough = payouts.quote(jo, "jo", "10000")
    assert enough["refusals"] == []
    asked = payouts.ask(jo, "jo", enough)
    assert (asked.status_code, asked.json()["state"]) == (201, "approved")
    payouts.rounds()
    assert payouts.follow(jo, "jo", asked.json()["id"])["state"] == "paid"
    assert payouts.wallet(jo, "jo")["diamonds"] == "0"


def test_a_fee_of_5_percent_on_100_dollars_leaves_95_and_is_shown_before_anybody_confirms(payouts: Cashier) -> None:
    payouts.announce("fee", "paypal:USD", share="5%", fixed="0.00")
    jo = payouts.creator("jo", 20_000)
    quote = payouts.quote(jo, "jo", "20000")
    assert (quote["gross"], quote["fee"], quote["net"]) == ("100.00", "5.00", "95.00")
    redemption = payouts.ask(jo, "jo", quote).json()
    payouts.rounds()
    paid = payouts.follow(jo, "jo", redemption["id"])
    assert (paid["state"], paid["net"], paid["currency"]) == ("paid", "95.00", "USD")


def test_a_lower_rate_brings_less_for_the_same_diamonds_but_an_accepted_quote_keeps_its_rate(payouts: Cashier) -> None:
    jo = payouts.creator("jo", 20_000)
    at_the_old_rate = payouts.quote(jo, "jo", "10000")
    payouts.announce("money_per_diamond", "USD", amount="0.004")
    assert payouts.wallet(jo, "jo")["diamonds"] == "20000"
    at_the_new_rate = payouts.quote(jo, "jo", "10000")
    assert (at_the_old_rate["gross"], at_the_new_rate["gross"]) == ("50.00", "40.00")
    both = [payouts.ask(jo, "jo", quote).json()["id"] for quote in (at_the_old_rate, at_the_new_rate)]
    payouts.rounds(6)
    paid = [payouts.follow(jo, "jo", redemption) for redemption in both]
    assert [(one["state"], one["gross"]) for one in paid] == [("paid", "50.00"), ("paid", "40.00")]


def test_each_kind_of_gift_has_its_own_worth_in_coins_and_so_brings_its_own_diamonds(front: Front) -> None:
    front.creator("jo")
    front.viewer("mira")
    front.buy("mira", 1_000)
    mira = front.as_user("mira")
    worth = {gift["code"]: gift["coins"] for gift in mira.get("/v1/catalogue").json()["data"]}
    for gift in ("rose", "ring", "comet"):
        asked = {"creator": "jo", "gift": gift, "stream": "live"}
        sent = mira.post("/v1/gifts", json=asked, headers={"Idempotency-Key": gift}).json()
        assert (sent["coins"], sent["diamonds"]) == (worth[gift], str(worth[gift]))
    assert front.as_user("jo").get("/v1/users/jo/wallet").json()["diamonds"] == str(1 + 30 + 299)


def test_diamonds_cannot_be_bought(front: Front) -> None:
    front.viewer("mira")
    pack = front.pack(100)
    mira = front.as_user("mira")
    bought = mira.post(
        "/v1/users/mira/purchases", json={"pack": pack, "card": "card-ok"}, headers={"Idempotency-Key": "one"}
    )
    assert bought.status_code == 201
    wallet = mira.get("/v1/users/mira/wallet").json()
    assert (wallet["coins"], wallet["diamonds"]) == (100, "0")
    for field in ("diamonds", "asset", "account"):
        asked = {"pack": pack, "card": "card-ok", field: "diamonds"}
        answer = mira.post("/v1/users/mira/purchases", json=asked, headers={"Idempotency-Key": field})
        problem(answer, 422, "invalid_body")
    assert mira.get("/v1/users/mira/wallet").json() == wallet


def test_diamonds_cannot_be_sent_to_another_user(front: Front) -> None:
    front.creator("jo")
    front.creator("sol")
    front.viewer("mira")
    front.buy("mira", 500)
    front.give("mira", "jo", "comet")
    jo = front.as_user("jo")
    asked = {"creator": "sol", "gift": "rose", "stream": "live"}
    with front.nothing_moves():
        # Jo has 299 diamonds and no coins: what was earned cannot be gifted on.
        problem(jo.post("/v1/gifts", json=asked, headers={"Idempotency-Key": "one"}), 409, "not_enough_coins")
        problem(
            jo.post("/v1/gifts", json={**asked, "diamonds": "10"}, headers={"Idempotency-Key": "two"}),
            422,
            "invalid_body",
        )
    # And there is no operation that takes diamonds from one user and names another: a goal's are a mark to reach.
    named = {operation.id for operation in OPERATIONS if operation.body and "diamonds" in _fields(operation.body)}
    assert named == {"quoteRedemption", "openGoal"}


def _fields(body: type) -> tuple[str, ...]:
    return getattr(body, "__struct_fields__", ())


def test_wrong_payout_details_fail_a_payout_and_the_diamonds_are_back(payouts: Cashier) -> None:
    jo = payouts.creator("jo", 10_000, receiver="fails@example.com")
    redemption = payouts.ask(jo, "jo", payouts.quote(jo, "jo", "10000")).json()
    assert (payouts.wallet(jo, "jo")["diamonds"], payouts.wallet(jo, "jo")["held"]) == ("0", "10000")
    payouts.rounds()
    failed = payouts.follow(jo, "jo", redemption["id"])
    assert failed["state"] == "failed"
    assert failed["steps"][-1]["reason"]
    assert (payouts.wallet(jo, "jo")["diamonds"], payouts.wallet(jo, "jo")["held"]) == ("10000", "0")
    # They have matured as they had: with the right address they go out at once.
    payouts.pay_to(jo, "jo", "jo@example.com")
    again = payouts.ask(jo, "jo", payouts.quote(jo, "jo", "10000")).json()
    payouts.rounds()
    assert payouts.follow(jo, "jo", again["id"])["state"] == "paid"


def test_an_address_that_nobody_claims_delays_a_payout_and_the_diamonds_wait(payouts: Cashier) -> None:
    jo = payouts.creator("jo", 10_000, receiver="unclaimed@example.com")
    redemption = payouts.ask(jo, "jo", payouts.quote(jo, "jo", "10000")).json()
    payouts.rounds()
    waiting = payouts.follow(jo, "jo", redemption["id"])
    assert waiting["state"] == "submitted"
    assert waiting["outlook"]
    assert payouts.wallet(jo, "jo")["held"] == "10000"


def test_money_that_comes_back_after_it_was_paid_is_owed_and_paid_again_and_never_becomes_diamonds(
    payouts: Cashier,
) -> None:
    jo = payouts.creator("jo", 10_000, receiver="returned-later@example.com")
    redemption = payouts.ask(jo, "jo", payouts.quote(jo, "jo", "10000")).json()["id"]
    payouts.rounds(12)
    returned = payouts.follow(jo, "jo", redemption)
    assert returned["state"] == "returned"
    assert "paid" in [step["state"] for step in returned["steps"]]
    assert payouts.wallet(jo, "jo")["diamonds"] == "0"
    payouts.pay_to(jo, "jo", "jo@example.com")
    asked = jo.post(f"/v1/users/jo/redemptions/{redemption}/pay-again", json={"reason": "the address is right now"})
    assert (asked.status_code, asked.json()["quote"]) == (200, returned["quote"])
    payouts.rounds()
    paid = payouts.follow(jo, "jo", redemption)
    assert (paid["state"], paid["net"]) == ("paid", returned["net"])
    assert payouts.wallet(jo, "jo")["diamonds"] == "0"


def test_the_records_of_a_creators_income_are_complete_and_anyone_can_check_them(
    front: Front, payouts: Cashier
) -> None:
    begun = front.now.isoformat()
    jo = payouts.creator("jo", 10_000)
    redemption = payouts.ask(jo, "jo", payouts.quote(jo, "jo", "10000")).json()["id"]
    payouts.rounds()
    front.wrong()  # signs a head over everything, as a running server does
    said = jo.get("/v1/users/jo/statement", params={"account": "diamonds", "since": begun})
    assert said.status_code == 200, said.text
    statement = read(said.content)
    assert problems(statement) == []
    earned = sum(line.entry.credit_amount for line in statement.lines if line.side == "credit")
    (row,) = jo.get("/v1/users/jo/earnings", params={"since": begun}).json()["data"]
    assert (earned, row["diamonds"]) == (10_000_000, "10000")
    (listed,) = jo.get("/v1/users/jo/redemptions").json()["data"]
    assert (listed["id"], listed["gross"], listed["fee"], listed["net"]) == (redemption, "50.00", "0.85", "49.15")
    assert [step["state"] for step in listed["steps"]] == ["requested", "held", "approved", "submitted", "paid"]
    assert all(step["at"] and step["actor"] for step in listed["steps"])
