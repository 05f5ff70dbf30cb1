"""Who may be paid, and where, over HTTP: receivers that nobody is shown, and what identity and standing came from."""

from typing import Any

import httpx2
import pytest
from cashier import Cashier
from front import Front, problem

RECEIVER = "aurora.borealis@example.com"
METHOD = {"method": "paypal", "currency": "USD", "receiver": RECEIVER}


def test_a_creator_says_where_to_be_paid_and_the_last_word_holds(front: Front) -> None:
    front.creator("jo")
    jo = front.as_user("jo")
    with front.nothing_moves():
        problem(jo.get("/v1/users/jo/payout-method"), 404, "no_payout_method_set")
    first = jo.put("/v1/users/jo/payout-method", json=METHOD)
    assert first.status_code == 200
    assert first.json() == {
        "method": "paypal",
        "currency": "USD",
        "receiver": "a…@example.com",
        "since": first.json()["since"],
    }
    with front.nothing_moves():
        assert jo.put("/v1/users/jo/payout-method", json=METHOD).json() == first.json()
        assert jo.get("/v1/users/jo/payout-method").json() == first.json()
    second = jo.put("/v1/users/jo/payout-method", json={**METHOD, "receiver": "b@example.org"}).json()
    assert (second["receiver"], second["since"] > first.json()["since"]) == ("b…@example.org", True)
    assert jo.get("/v1/users/jo/payout-method").json() == second


NO_PLACES: list[tuple[dict[str, Any], str]] = [
    ({"method": "pigeon"}, "no_payout_provider"),
    ({"method": "paypal\n"}, "no_payout_provider"),
    ({"method": "Pay Pal"}, "invalid_body"),
    ({"currency": "ZZZ"}, "unknown_currency"),
    ({"currency": "USD\n"}, "unknown_currency"),
    ({"currency": "usd"}, "invalid_body"),
    ({"receiver": "jo"}, "invalid_body"),
    ({"receiver": "nobody"}, "bad_receiver"),
    ({"receiver": "jo@localhost"}, "bad_receiver"),
    ({"receiver": "jo@example.com\n"}, "bad_receiver"),
    ({"receiver": "jo@example.com, al@example.com"}, "bad_receiver"),
    ({"receiver": "jo @example.com"}, "bad_receiver"),
    ({"receiver": f"{'j' * 65}@example.com"}, "bad_receiver"),
    ({"receiver": f"jo@{'e' * 130}.com"}, "invalid_body"),
    ({"receiver": None}, "invalid_body"),
    ({"receivers": "jo@example.com"}, "invalid_body"),
]


def test_what_is_no_place_to_be_paid_is_refused(front: Front, subtests: pytest.Subtests) -> None:
    front.creator("jo")
    jo = front.as_user("jo")
    for changed, code in NO_PLACES:
        with subtests.test(changed=str(changed)[:100]):
            with front.nothing_moves():
                said = problem(jo.put("/v1/users/jo/payout-method", json={**METHOD, **changed}), 422, code)
            assert str(changed.get("receiver")) not in said.detail


def test_what_is_on_its_way_goes_where_it_went(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 20_000, "first@example.com")
    first = payouts.redeem(jo, "jo")
    payouts.pay_to(jo, "jo", "second@example.com")
    second = payouts.redeem(jo, "jo")
    payouts.rounds()
    went = {item["payout_item"]["sender_item_id"][:32]: item["payout_item"]["receiver"] for item in payouts.items()}
    assert went == {first.replace("-", ""): "first@example.com", second.replace("-", ""): "second@example.com"}
    assert [payouts.follow(jo, "jo", one)["receiver"] for one in (first, second)] == [
        "f…@example.com",
        "s…@example.com",
    ]


@pytest.mark.parametrize("name", ["aurora.borealis", "fails", "returned-later"])
def test_nobody_is_ever_shown_the_whole_receiver(
    front: Front, payouts: Cashier, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver = f"{name}+nobody@example.com"
    hooks = front.client("webhooks:write", "redemptions:read")
    asked = {"url": "https://example.com/hook", "kinds": ["redemption.*"]}
    assert hooks.post("/v1/webhooks", json=asked).status_code == 201
    answers: list[str] = []

    def keep(response: httpx2.Response) -> None:
        response.read()
        answers.append(response.text)

    jo = payouts.creator("jo", 10_000, receiver)
    kim = front.as_operator("finance")
    for client in (jo, kim):
        client.event_hooks = {"response": [keep]}
    payouts.announce("review_over", "USD", amount="1.00")
    redemption = payouts.redeem(jo, "jo")
    kim.get("/v1/redemptions")
    kim.post(f"/v1/redemptions/{redemption}/approve", json={"reason": "all is well"})
    payouts.rounds(12)
    (item,) = payouts.items()
    assert item["payout_item"]["receiver"] == receiver
    # The provider contradicts itself as well, and a person is called.
    payouts.steer(f"items/{item['payout_item_id']}", told={"receiver": f"other.{receiver}"}, status="SUCCESS")
    payouts.rounds(6)
    payouts.follow(jo, "jo", redemption)
    jo.get("/v1/users/jo/payout-method")
    kim.get("/v1/redemptions")
    told = front.connection.execute("SELECT string_agg(data::text, ' '), count(*) FROM outbox").fetchone() or ("", 0)
    kept = front.connection.execute("SELECT string_agg(s::text, ' ') FROM redemption_step AS s").fetchone() or ("",)
    said = capsys.readouterr()
    assert len(answers) > 4
    assert told[1] > 4
    for text in (*answers, str(told[0]), str(kept[0]), said.out, said.err):
        assert "nobody@" not in text
    assert "…@example.com" in " ".join(answers)


def test_the_history_of_an_identity_check_is_kept_and_the_creator_reads_it(front: Front) -> None:
    front.creator("jo")
    jo, tess, finance = front.as_user("jo"), front.as_operator("trust", "tess"), front.as_operator("finance")
    assert jo.get("/v1/users/jo/identity").json() == {"state": "not_started", "history": []}
    for state, reason in (("pending", None), ("rejected", "the picture is not theirs"), ("verified", "passport seen")):
        front.later(minutes=1)
        said = tess.put("/v1/users/jo/identity", json={"state": state, "reason": reason})
        assert (said.status_code, said.json()["state"]) == (200, state)
    read = jo.get("/v1/users/jo/identity").json()
    assert read == said.json()
    assert [(mark["state"], mark["actor"], mark["reason"]) for mark in read["history"]] == [
        ("pending", "operator tess", ""),
        ("rejected", "operator tess", "the picture is not theirs"),
        ("verified", "operator tess", "passport seen"),
    ]
    times = [mark["at"] for mark in read["history"]]
    assert times == sorted(set(times))
    with front.nothing_moves():
        problem(jo.put("/v1/users/jo/identity", json={"state": "verified"}), 403, "scope_too_small")
        problem(finance.put("/v1/users/jo/identity", json={"state": "verified"}), 403, "scope_too_small")
        for wrong in ("Verified", "", None, 1, "verified\n"):
            problem(tess.put("/v1/users/jo/identity", json={"state": wrong}), 422, "invalid_body")
        for reason, code in (("", "invalid_body"), ("r" * 501, "invalid_body"), (" ", "bad_text"), ("\t", "bad_text")):
            asked = {"state": "verified", "reason": reason}
            problem(tess.put("/v1/users/jo/identity", json=asked), 422, code)
        problem(tess.put("/v1/users/nobody/identity", json={"state": "verified"}), 404, "unknown_user")


def test_a_suspension_says_why_and_the_history_of_standing_is_kept(front: Front) -> None:
    front.creator("jo")
    jo, app = front.as_user("jo"), front.client("identity:write")
    assert jo.get("/v1/users/jo/standing").json() == {"state": "active", "history": []}
    with front.nothing_moves():
        problem(app.put("/v1/users/jo/standing", json={"state": "suspended"}), 422, "invalid_body")
        problem(app.put("/v1/users/jo/standing", json={"state": "gone", "reason": "x"}), 422, "invalid_body")
        problem(app.put("/v1/users/nobody/standing", json={"state": "active", "reason": "x"}), 404, "unknown_user")
        problem(jo.put("/v1/users/jo/standing", json={"state": "active", "reason": "me"}), 403, "scope_too_small")
    for state, reason in (("suspended", "gifts under review"), ("active", "they were fine")):
        said = app.put("/v1/users/jo/standing", json={"state": state, "reason": reason})
        assert (said.status_code, said.json()["state"]) == (200, state)
    read = jo.get("/v1/users/jo/standing").json()
    assert [(mark["state"], mark["reason"]) for mark in read["history"]] == [
        ("suspended", "gifts under review"),
        ("active", "they were fine"),
    ]
    assert all(mark["actor"].startswith("key backend") for mark in read["history"])


def test_nobody_sees_how_another_creator_is_paid_or_stands(front: Front) -> None:
    for name in ("jo", "sol"):
        front.creator(name)
    jo, sol = front.as_user("jo"), front.as_user("sol")
    assert jo.put("/v1/users/jo/payout-method", json=METHOD).status_code == 200
    app = front.client("redemptions:read", "redemptions:write")
    with front.nothing_moves():
        for what in ("payout-method", "identity", "standing"):
            problem(sol.get(f"/v1/users/jo/{what}"), 404, "not_found")
        problem(sol.put("/v1/users/jo/payout-method", json=METHOD), 404, "not_found")
        for what in ("payout-method", "identity", "standing"):
            problem(app.get(f"/v1/users/nobody/{what}"), 404, "unknown_user")
        problem(app.put("/v1/users/nobody/payout-method", json=METHOD), 404, "unknown_user")
