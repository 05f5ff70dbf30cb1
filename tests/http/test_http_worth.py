"""What diamonds would bring: after the fee, before tax, with what stands in the way; and nothing is kept of it."""

from datetime import datetime, timedelta

from cashier import Cashier
from front import Front, problem


def test_who_has_nothing_yet_is_told_what_it_takes(front: Front) -> None:
    front.creator("jo")
    with front.nothing_moves():
        worth = front.as_user("jo").get("/v1/users/jo/worth").json()
    nothing = {"diamonds": "0", "gross": "0.00", "fee": "0.10", "net": "0.00"}
    assert (worth["all"], worth["matured"]) == (nothing, nothing)
    assert (worth["minimum"], worth["maturity_days"]) == ("10000", 7)
    assert worth["refusals"][0]["code"] == "identity_unverified"
    assert "below_minimum" in [one["code"] for one in worth["refusals"]]


def test_it_is_what_a_quote_says_and_keeps_nothing(payouts: Cashier) -> None:
    jo = payouts.creator("jo", 24_000)
    with payouts.front.nothing_moves():
        worth = jo.get("/v1/users/jo/worth").json()
    quote = payouts.quote(jo, "jo", "24000")
    assert worth["matured"] == {name: quote[name] for name in ("diamonds", "gross", "fee", "net")}
    assert worth["all"] == {"diamonds": "24000", "gross": "120.00", "fee": "1.90", "net": "118.10"}
    assert worth["refusals"] == []
    payouts.ask(jo, "jo", payouts.quote(jo, "jo", "20000"))
    assert jo.get("/v1/users/jo/worth").json()["all"]["diamonds"] == "4000"


def test_what_has_not_matured_is_worth_something_and_says_by_when_it_has(payouts: Cashier) -> None:
    jo = payouts.creator("jo", 12_000)
    payouts.announce("maturity_days", "", amount="30")
    worth = jo.get("/v1/users/jo/worth").json()
    assert (worth["all"]["net"], worth["matured"]["diamonds"]) == ("59.00", "0")
    by = datetime.fromisoformat(worth["matured_by"])
    assert payouts.front.now + timedelta(days=30) <= by <= payouts.front.now + timedelta(days=30, hours=1)
    payouts.front.now = by
    assert jo.get("/v1/users/jo/worth").json()["matured"]["diamonds"] == "12000"


def test_without_a_rate_there_is_no_worth(front: Front) -> None:
    front.creator("jo")
    problem(front.as_user("jo").get("/v1/users/jo/worth", params={"currency": "NOK"}), 409, "no_policy")
