"""Viewers see what they spend and set their own limit; nobody sets it for another."""

import pytest
from front import Front, problem


@pytest.fixture
def shop(front: Front) -> Front:
    """Mira, and packs of which a coin costs a cent."""
    for name in ("mira", "jo"):
        front.viewer(name)
    front.pack(700)
    return front


PACK = {"pack": "pack-700-0-30", "card": "card-ok"}


def test_a_viewer_sets_a_limit_and_cannot_buy_past_it(shop: Front) -> None:
    mira = shop.as_user("mira")
    at = "/v1/users/mira/purchases"
    assert mira.get("/v1/users/mira/spending").json() == {"windows": [], "coins_given": {"day": 0, "month": 0}}
    most = {"currency": "USD", "span": "month", "amount": "10.00"}
    assert mira.put("/v1/users/mira/spending-limit", json=most).status_code == 200
    assert mira.post(at, json=PACK, headers={"Idempotency-Key": "a"}).status_code == 201
    with shop.nothing_moves():
        refused = problem(mira.post(at, json=PACK, headers={"Idempotency-Key": "b"}), 409, "over_own_limit")
    assert (refused.facts["left"], refused.facts["price"], refused.facts["span"]) == ("3.00", "7.00", "month")
    assert refused.facts["frees_at"] is not None
    assert mira.post(at, json=PACK, headers={"Idempotency-Key": "a"}).status_code == 200
    raised = mira.put("/v1/users/mira/spending-limit", json=most | {"amount": None}).json()
    day, month = raised["windows"]
    assert (day["spent"], day["limit"], day["left"]) == ("7.00", None, None)
    assert (month["spent"], month["limit"], month["left"], month["coming"]["amount"]) == ("7.00", "10.00", "3.00", None)
    problem(mira.post(at, json=PACK, headers={"Idempotency-Key": "b"}), 409, "over_own_limit")
    shop.later(hours=24, seconds=1)
    assert mira.post(at, json=PACK, headers={"Idempotency-Key": "b"}).status_code == 201


NO_LIMITS = [
    ({"currency": "USD", "span": "week", "amount": "1"}, "invalid_body"),
    ({"currency": "USD", "span": "day"}, "invalid_body"),
    ({"currency": "usd", "span": "day", "amount": "1"}, "invalid_body"),
    ({"currency": "USD", "span": "day", "amount": "-1"}, "invalid_body"),
    ({"currency": "USD", "span": "day", "amount": "0.001"}, "bad_figure"),
    ({"currency": "ZZZ", "span": "day", "amount": "1"}, "unknown_currency"),
    ({"currency": "ZZZ", "span": "day", "amount": None}, "unknown_currency"),
]


def test_what_is_no_limit_is_refused(shop: Front, subtests: pytest.Subtests) -> None:
    mira, jo = shop.as_user("mira"), shop.as_user("jo")
    for body, code in NO_LIMITS:
        with subtests.test(body=body), shop.nothing_moves():
            problem(mira.put("/v1/users/mira/spending-limit", json=body), 422, code)
    with shop.nothing_moves():
        most = {"currency": "USD", "span": "day", "amount": "1"}
        problem(jo.put("/v1/users/mira/spending-limit", json=most), 404, "not_found")
        problem(jo.get("/v1/users/mira/spending"), 404, "not_found")
