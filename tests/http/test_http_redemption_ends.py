"""Redemptions over HTTP once they stand: taken back, listed, looked into, paid again; and what is asked for oddly."""

from typing import Any

import httpx2
import pytest
from cashier import Cashier
from front import Front, problem

from riviere.http import cursors

WHY = {"reason": "I would rather wait"}


def pages(client: httpx2.Client, address: str, limit: int) -> list[list[dict[str, Any]]]:
    """The whole list, a page at a time."""
    found: list[list[dict[str, Any]]] = []
    cursor = None
    while cursor or not found:
        asked = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        said = client.get(address, params=asked).json()
        found.append(said["data"])
        cursor = said["next"]
    return found


@pytest.mark.parametrize("state", ["approved", "in_review"])
def test_a_creator_takes_a_redemption_back_before_the_provider_is_asked(
    front: Front, payouts: Cashier, state: str
) -> None:
    jo = payouts.creator("jo", 10_000)
    if state == "in_review":
        payouts.announce("review_over", "USD", amount="1.00")
    redemption = payouts.redeem(jo, "jo")
    assert payouts.follow(jo, "jo", redemption)["state"] == state
    said = jo.post(f"/v1/users/jo/redemptions/{redemption}/cancel", json=WHY)
    assert (said.status_code, said.json()["state"]) == (200, "cancelled")
    assert (payouts.wallet(jo, "jo")["matured"], payouts.wallet(jo, "jo")["held"]) == ("10000", "0")
    step = said.json()["steps"][-1]
    assert (step["state"], step["actor"], step["reason"]) == ("cancelled", "creator", WHY["reason"])
    with front.nothing_moves():
        assert jo.post(f"/v1/users/jo/redemptions/{redemption}/cancel", json=WHY).json() == said.json()
        other = {"reason": "and another thing"}
        cancelling = jo.post(f"/v1/users/jo/redemptions/{redemption}/cancel", json=other)
        problem(cancelling, 409, "wrong_redemption_state")
    payouts.rounds()
    assert payouts.items() == []


@pytest.mark.parametrize(
    ("receiver", "state"),
    [
        ("pending@example.com", "submitted"),
        ("unclaimed@example.com", "submitted"),
        ("jo@example.com", "paid"),
        ("fails@example.com", "failed"),
        ("returned-later@example.com", "returned"),
    ],
)
def test_once_the_provider_was_asked_it_is_too_late(front: Front, payouts: Cashier, receiver: str, state: str) -> None:
    jo = payouts.creator("jo", 10_000, receiver)
    redemption = payouts.redeem(jo, "jo")
    payouts.rounds(12 if state == "returned" else 3)
    assert payouts.follow(jo, "jo", redemption)["state"] == state
    kim = front.as_operator("finance")
    with front.nothing_moves():
        late = problem(
            jo.post(f"/v1/users/jo/redemptions/{redemption}/cancel", json=WHY), 409, "wrong_redemption_state"
        )
        assert state in late.detail
        for verb in ("approve", "reject"):
            problem(kim.post(f"/v1/redemptions/{redemption}/{verb}", json=WHY), 409, "wrong_redemption_state")
        if state != "returned":
            for asker, whose in ((jo, "/users/jo"), (kim, "")):
                again = asker.post(f"/v1{whose}/redemptions/{redemption}/pay-again", json=WHY)
                problem(again, 409, "wrong_redemption_state")


def test_what_was_refused_cannot_be_taken_back(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 10_000)
    problem(payouts.ask(jo, "jo", payouts.quote(jo, "jo", "1")), 409, "below_minimum")
    (kept,) = jo.get("/v1/users/jo/redemptions").json()["data"]
    with front.nothing_moves():
        said = jo.post(f"/v1/users/jo/redemptions/{kept['id']}/cancel", json=WHY)
        problem(said, 409, "wrong_redemption_state")


def test_a_list_is_read_a_page_at_a_time_while_others_arrive_and_a_refused_one_is_asked_for_again(
    payouts: Cashier,
) -> None:
    jo = payouts.creator("jo", 80_000)
    front = payouts.front
    made: list[str] = []
    for number in range(5):
        front.later(minutes=1)
        if number == 3:
            problem(payouts.ask(jo, "jo", payouts.quote(jo, "jo", "1"), "refused"), 409, "below_minimum")
            made.insert(0, jo.get("/v1/users/jo/redemptions").json()["data"][0]["id"])
        else:
            made.insert(0, payouts.redeem(jo, "jo"))
    first = jo.get("/v1/users/jo/redemptions", params={"limit": 2}).json()
    front.later(minutes=1)
    payouts.redeem(jo, "jo")
    # The page ended with the refused one, which now moves to the head of the list.
    assert first["data"][-1]["state"] == "refused"
    assert payouts.ask(jo, "jo", payouts.quote(jo, "jo", "10000"), "refused").status_code == 201
    second = jo.get("/v1/users/jo/redemptions", params={"limit": 2, "cursor": first["next"]}).json()
    third = jo.get("/v1/users/jo/redemptions", params={"limit": 2, "cursor": second["next"]}).json()
    assert [one["id"] for page in (first, second, third) for one in page["data"]] == made
    assert third["next"] is None
    assert [len(page) for page in pages(jo, "/v1/users/jo/redemptions", 4)] == [4, 2]


def test_what_waits_for_a_person_is_listed_a_page_at_a_time_longest_first(front: Front, payouts: Cashier) -> None:
    payouts.announce("review_over", "USD", amount="1.00")
    waiting = [payouts.redeem(payouts.creator(name, 10_000), name) for name in ("ada", "bo", "cleo")]
    kim = front.as_operator("finance")
    found = pages(kim, "/v1/redemptions", 2)
    assert [[one["id"] for one in page] for page in found] == [waiting[:2], waiting[2:]]
    assert [one["creator"] for page in found for one in page] == ["ada", "bo", "cleo"]


def test_a_cursor_that_no_list_gave_is_refused(front: Front) -> None:
    front.creator("jo")
    jo, kim = front.as_user("jo"), front.as_operator("finance")
    some = ("x", "W10", cursors.written(("2026-01-01", "no id")), cursors.written((1, 2)), "%00", "ü")
    for cursor in some:
        for asker, address in ((jo, "/v1/users/jo/redemptions"), (kim, "/v1/redemptions")):
            problem(asker.get(address, params={"cursor": cursor}), 400, "invalid_query")


def test_nobody_sees_or_touches_what_is_another_creators(front: Front, payouts: Cashier) -> None:
    jo, sol = payouts.creator("jo", 10_000), payouts.creator("sol", 10_000)
    redemption = payouts.redeem(jo, "jo")
    with front.nothing_moves():
        for whose in ("sol", "jo"):
            code = "unknown_redemption" if whose == "sol" else "not_found"
            here = f"/v1/users/{whose}/redemptions/{redemption}"
            problem(sol.get(here), 404, code)
            for verb in ("cancel", "pay-again"):
                problem(sol.post(f"{here}/{verb}", json=WHY), 404, code)
        problem(sol.get("/v1/users/jo/redemptions"), 404, "not_found")
    assert sol.get("/v1/users/sol/redemptions").json() == {"data": [], "next": None}


def test_a_provider_that_says_another_amount_is_believed_nothing_until_a_person_has_looked(
    front: Front, payouts: Cashier
) -> None:
    jo = payouts.creator("jo", 10_000, "pending@example.com")
    kim, redemption = front.as_operator("finance", "kim"), payouts.redeem(jo, "jo")
    payouts.rounds(1)
    (item,) = payouts.items()
    payouts.steer(f"items/{item['payout_item_id']}", told={"amount": {"currency": "USD", "value": "9.99"}})
    payouts.steer(f"items/{item['payout_item_id']}", status="SUCCESS")
    problem(kim.post(f"/v1/redemptions/{redemption}/never-paid", json=WHY), 409, "wrong_redemption_state")
    problem(kim.post(f"/v1/redemptions/{redemption}/attended", json=WHY), 409, "wrong_redemption_state")
    payouts.rounds(2)
    (waiting,) = kim.get("/v1/redemptions").json()["data"]
    assert (waiting["id"], waiting["state"]) == (redemption, "submitted")
    assert "9.99 USD" in waiting["attention"]
    assert "A person" in payouts.follow(jo, "jo", redemption)["outlook"]
    seen = kim.post(f"/v1/redemptions/{redemption}/attended", json={"reason": "a slip of theirs; they correct it"})
    assert (seen.status_code, seen.json()["attention"]) == (200, None)
    assert kim.get("/v1/redemptions").json()["data"] == []
    payouts.steer(f"items/{item['payout_item_id']}", told={})
    payouts.rounds(2)
    paid = payouts.follow(jo, "jo", redemption)
    assert paid["state"] == "paid"
    assert ("operator kim", "a slip of theirs; they correct it") in [
        (step["actor"], step["reason"]) for step in paid["steps"]
    ]


def test_what_a_person_knows_was_never_paid_goes_back_to_the_creator(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 10_000, "pending@example.com")
    kim, redemption = front.as_operator("finance", "kim"), payouts.redeem(jo, "jo")
    payouts.rounds(1)
    (item,) = payouts.items()
    payouts.steer(f"items/{item['payout_item_id']}", told={"receiver": "somebody@example.org"})
    payouts.steer(f"items/{item['payout_item_id']}", status="SUCCESS")
    payouts.rounds(1)
    told = payouts.follow(jo, "jo", redemption)["attention"]
    assert "s…@example.org" in told
    assert "somebody" not in told
    said = kim.post(f"/v1/redemptions/{redemption}/never-paid", json={"reason": "not in their statement"})
    assert (said.status_code, said.json()["state"], said.json()["attention"]) == (200, "failed", None)
    assert (payouts.wallet(jo, "jo")["matured"], payouts.wallet(jo, "jo")["held"]) == ("10000", "0")
    step = payouts.follow(jo, "jo", redemption)["steps"][-1]
    assert (step["actor"], step["reason"]) == ("operator kim", "not in their statement")


def test_money_that_came_back_is_paid_again_by_the_creator_or_by_an_operator(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 10_000, "returned-later@example.com")
    kim, redemption = front.as_operator("finance", "kim"), payouts.redeem(jo, "jo")
    payouts.rounds(12)
    assert payouts.follow(jo, "jo", redemption)["state"] == "returned"
    again = f"/v1/users/jo/redemptions/{redemption}/pay-again"
    euros = {"method": "paypal", "currency": "EUR", "receiver": "jo@example.com"}
    assert jo.put("/v1/users/jo/payout-method", json=euros).status_code == 200
    with front.nothing_moves():
        problem(jo.post(again, json=WHY), 409, "no_payout_method")
        problem(kim.post(f"/v1/redemptions/{redemption}/pay-again", json=WHY), 409, "no_payout_method")
        problem(kim.post(f"/v1/redemptions/{redemption}/never-paid", json=WHY), 409, "wrong_redemption_state")
    payouts.pay_to(jo, "jo", "jo@example.com")
    told = {"state": "suspended", "reason": "gifts under review"}
    assert payouts.backend.put("/v1/users/jo/standing", json=told).status_code == 200
    with front.nothing_moves():
        assert "gifts under review" in problem(jo.post(again, json=WHY), 409, "payouts_suspended").detail
    # What is owed stays owed: an operator may have it paid all the same.
    said = kim.post(f"/v1/redemptions/{redemption}/pay-again", json={"reason": "it is their money"})
    assert (said.status_code, said.json()["state"], said.json()["receiver"]) == (200, "approved", "j…@example.com")
    with front.nothing_moves():
        cancelling = jo.post(f"/v1/users/jo/redemptions/{redemption}/cancel", json=WHY)
        problem(cancelling, 409, "paid_out_once")
    payouts.rounds()
    assert payouts.follow(jo, "jo", redemption)["state"] == "paid"
    assert (payouts.wallet(jo, "jo")["diamonds"], payouts.wallet(jo, "jo")["held"]) == ("0", "0")


def test_an_id_is_read_in_the_one_form_in_which_it_is_shown(front: Front, payouts: Cashier) -> None:
    jo, kim = payouts.creator("jo", 10_000), front.as_operator("finance")
    shown = payouts.redeem(jo, "jo")
    bare = shown.replace("-", "")
    odd = [bare, shown.upper(), f"{{{shown}}}", f"urn:uuid:{shown}", "0" * 32, "٠" * 32, "0_" * 15 + "00"]
    odd += ["0", "x" * 255, "ü", "%2e", "a%2Fb", "'; --", "00000000-0000-0000-0000-000000000000"]
    with front.nothing_moves():
        for form in odd:
            problem(jo.get(f"/v1/users/jo/redemptions/{form}"), 404, "unknown_redemption")
            problem(kim.post(f"/v1/redemptions/{form}/approve", json=WHY), 404, "unknown_redemption")
        for form in ("%00", "%20"):
            problem(jo.get(f"/v1/users/jo/redemptions/{form}"), 404, "not_found")
    assert jo.get(f"/v1/users/jo/redemptions/{shown}").json()["id"] == shown


def test_what_is_no_quote_is_refused(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 10_000)
    good = payouts.quote(jo, "jo", "10000")["id"]
    odd: list[Any] = [good.upper(), good[2:], f" {good}", "q_", "", None, 1, [good], "q_" + "٠" * 13]
    with front.nothing_moves():
        for number, quote in enumerate(odd):
            problem(payouts.ask(jo, "jo", {"id": quote}, f"odd {number}"), 422, "invalid_body")
        # A letter that ids do not have, more than 63 bits, and a line's end, which a pattern overlooks.
        for number, quote in enumerate(["q_" + "u" * 13, "q_" + "z" * 13, f"{good}\n"]):
            problem(payouts.ask(jo, "jo", {"id": quote}, f"odder {number}"), 422, "bad_id")
        problem(payouts.ask(jo, "jo", {"id": "q_0000000000000"}, "none"), 404, "unknown_quote")
    assert payouts.ask(jo, "jo", {"id": good}).status_code == 201


def test_what_is_no_amount_of_diamonds_is_refused(front: Front) -> None:
    front.creator("jo")
    jo = front.as_user("jo")
    shapes: list[Any] = ["0.0001", "9" * 17, "1e5", "-1", "+1", " 1", "١", "1.", ".5", "1,000", "", "NaN", 10_000, None]
    with front.nothing_moves():
        for diamonds in shapes:
            problem(jo.post("/v1/users/jo/quotes", json={"diamonds": diamonds}), 422, "invalid_body")
        for diamonds in ("0", "0.000", "9" * 16, "10000\n"):
            problem(jo.post("/v1/users/jo/quotes", json={"diamonds": diamonds}), 422, "bad_figure")
        problem(jo.post("/v1/users/jo/quotes", json={"diamonds": "1", "currency": "EUR"}), 409, "no_policy")
        problem(jo.post("/v1/users/jo/quotes", json={"diamonds": "1", "method": "pigeon"}), 409, "no_policy")
        for field, value in (("currency", "usd"), ("currency", "USDX"), ("method", "Pay Pal"), ("method", "")):
            problem(jo.post("/v1/users/jo/quotes", json={"diamonds": "1", field: value}), 422, "invalid_body")
    some = jo.post("/v1/users/jo/quotes", json={"diamonds": "10000.999"}).json()
    assert (some["asked"], some["diamonds"], some["left"], some["gross"]) == ("10000.999", "10000", "0.999", "50.00")
    least = jo.post("/v1/users/jo/quotes", json={"diamonds": "0.001"}).json()
    assert (least["diamonds"], least["gross"], least["net"]) == ("0", "0.00", "0.00")
    most = jo.post("/v1/users/jo/quotes", json={"diamonds": "9223372036854775.807"})
    assert (most.status_code, most.json()["gross"]) == (201, "46116860184273.87")


def test_the_longest_names_fit_and_are_shown_as_they_are(front: Front, payouts: Cashier) -> None:
    name, operator = "ü" * 200, "o" * 93
    payouts.announce("review_over", "USD", amount="1.00")
    jo = payouts.creator(name, 20_000, "jo@example.com")
    kim = front.as_operator("finance", operator)
    app = _keyed(front, "k" * 100)
    redemption, other = payouts.redeem(jo, name), payouts.redeem(app, name)
    longest = {"reason": "r" * 500}
    for one in (redemption, other):
        assert kim.post(f"/v1/redemptions/{one}/approve", json=longest).status_code == 200
        assert payouts.follow(jo, name, one)["steps"][-1]["actor"] == f"operator {operator}"
    assert payouts.follow(jo, name, other)["steps"][0]["actor"] == "key " + "k" * 100
    cancelled = app.post(f"/v1/users/{name}/redemptions/{other}/cancel", json=longest)
    assert (cancelled.status_code, cancelled.json()["steps"][-1]["reason"]) == (200, longest["reason"])
    with front.nothing_moves():
        address = f"/v1/users/{name}/redemptions/{redemption}/cancel"
        for reason, code in (
            ("r" * 501, "invalid_body"),
            ("", "invalid_body"),
            (" ", "bad_text"),
            ("a\nb", "bad_text"),
        ):
            problem(jo.post(address, json={"reason": reason}), 422, code)
        problem(
            jo.post(address, content=b'{"reason":"\\ud800"}', headers={"Content-Type": "application/json"}),
            400,
            "malformed_body",
        )


def _keyed(front: Front, name: str) -> httpx2.Client:
    """A back end whose key has this name."""
    asked = {"name": name, "scopes": ["redemptions:write", "redemptions:read"]}
    text = front.as_operator("admin").post("/v1/keys", json=asked).json()["secret"]
    client = front.stranger()
    client.headers["Authorization"] = f"Bearer {text}"
    return client
