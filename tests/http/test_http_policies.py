"""Figures are announced ahead, hold from their time on, and every one of them can be read back."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from front import Front, problem

from riviere.economy import policy
from riviere.ledger.evidence import facts_digest, last_head


@pytest.fixture
def admin(front: Front) -> httpx2.Client:
    """Ada, who runs the platform."""
    return front.as_operator("admin", "ada")


def rows(client: httpx2.Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/policies", params=query).json()["data"]
    return found


def test_a_rate_announced_for_tomorrow_holds_from_tomorrow_on(front: Front, admin: httpx2.Client) -> None:
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 700)
    tomorrow = front.now + timedelta(days=1)
    new = {"name": "diamonds_per_coin", "amount": "0.45", "starts_at": tomorrow.isoformat()}
    announced = admin.post("/v1/policies", json=new)
    assert announced.status_code == 201
    row = announced.json()
    assert (row["figure"], row["in_force"], row["announced_by"]) == ("0.45 diamonds a coin", False, "operator ada")
    assert (row["amount"], row["share"], row["fixed"], row["ends_at"]) == ("0.45", None, None, None)
    front.give("mira", "aurora", "comet")
    assert front.wallet("aurora").diamonds == 299_000
    front.later(days=1)
    front.give("mira", "aurora", "comet")
    assert front.wallet("aurora").diamonds == 299_000 + 299 * 450
    before, after = rows(admin, name="diamonds_per_coin")
    assert (before["amount"], before["in_force"], before["ends_at"]) == ("1", False, row["starts_at"])
    assert after == row | {"in_force": True}


def test_a_head_vouches_for_every_figure_at_once(front: Front, admin: httpx2.Client) -> None:
    announced = admin.post("/v1/policies", json={"name": "minimum", "amount": "2000"})
    assert announced.status_code == 201
    head = last_head(front.connection)
    assert head is not None
    assert head.facts == facts_digest(front.connection)


FIGURES = [
    ({"name": "money_per_diamond", "scope": "EUR", "amount": "0.0045"}, "0.0045 EUR a diamond"),
    ({"name": "minimum", "amount": "2000"}, "2,000 diamonds"),
    ({"name": "fee", "scope": "paypal:EUR", "share": "1.5%", "fixed": "0.1"}, "1.5 % and 0.10 EUR"),
    ({"name": "fee", "scope": "bank:EUR", "share": "0%", "fixed": "2.9"}, "0 % and 2.90 EUR"),
    ({"name": "daily_cap", "scope": "EUR", "amount": "1000"}, "1,000.00 EUR a day"),
    ({"name": "maturity_days", "amount": "14"}, "14 days"),
    ({"name": "diamonds_per_coin", "scope": "import:7", "amount": "0.75"}, "0.75 diamonds a coin"),
    ({"name": "review_over", "scope": "EUR", "amount": "500"}, "over 500.00 EUR"),
    ({"name": "quote_minutes", "amount": "30"}, "30 minutes"),
    ({"name": "refund_days", "amount": "14"}, "14 days"),
]


def test_every_figure_reads_back_as_it_was_written(
    front: Front, admin: httpx2.Client, subtests: pytest.Subtests
) -> None:
    assert {body["name"] for body, _ in FIGURES} == set(policy.LAW)
    for body, figure in FIGURES:
        with subtests.test(body=body):
            front.later(seconds=1)
            row = admin.post("/v1/policies", json=body).json()
            assert row["figure"] == figure
            assert row["in_force"]
            assert row == row | {"scope": "", "amount": None, "share": None, "fixed": None} | body
            assert row in rows(admin, name=body["name"], scope=body.get("scope", ""))


def test_a_figure_may_have_an_end_and_then_none_holds(front: Front, admin: httpx2.Client) -> None:
    spring = (front.now + timedelta(hours=1)).isoformat()
    summer = (front.now + timedelta(hours=2)).isoformat()
    cap = {"name": "daily_cap", "scope": "EUR", "amount": "10"}
    made = admin.post("/v1/policies", json=cap | {"starts_at": spring, "ends_at": summer})
    assert made.json()["ends_at"] > made.json()["starts_at"]
    with front.nothing_moves():
        problem(admin.post("/v1/policies", json=cap | {"starts_at": spring}), 409, "policy_overlap")
    front.later(hours=3)
    assert not any(row["in_force"] for row in rows(admin, scope="EUR"))


def test_the_list_has_every_figure_once_while_more_are_announced(front: Front, admin: httpx2.Client) -> None:
    everything = rows(admin, limit="200")
    assert [row["name"] for row in everything] == sorted(row["name"] for row in everything)
    read: list[int] = []
    query = {"limit": "2"}
    while True:
        page = admin.get("/v1/policies", params=query).json()
        read += [row["id"] for row in page["data"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
        day = (front.now + timedelta(days=1 + len(read))).isoformat()
        admin.post("/v1/policies", json={"name": "daily_cap", "scope": "USD", "amount": "10", "starts_at": day})
    assert len(read) == len(set(read))
    assert {row["id"] for row in everything} <= set(read)


def test_everybody_may_read_the_figures_and_few_may_announce(front: Front) -> None:
    front.viewer("mira")
    new = {"name": "maturity_days", "amount": "14"}
    for client in (front.as_user("mira"), front.as_operator("auditor"), front.as_operator("trust")):
        assert rows(client, name="maturity_days")[0]["amount"] == "7"
        with front.nothing_moves():
            problem(client.post("/v1/policies", json=new), 403, "scope_too_small")
    assert front.as_operator("finance", "fin").post("/v1/policies", json=new).json()["announced_by"] == "operator fin"


NO_FIGURES = [
    ({"name": "generosity", "amount": "1"}, "bad_policy"),
    ({"name": "minimum"}, "bad_policy"),
    ({"name": "minimum", "scope": "USD"}, "bad_policy"),
    ({"name": "minimum", "amount": "-1"}, "bad_policy"),
    ({"name": "minimum", "amount": "1e9"}, "bad_policy"),
    ({"name": "minimum", "amount": "0.0001"}, "bad_policy"),
    ({"name": "minimum", "amount": "9" * 40}, "bad_policy"),
    ({"name": "minimum", "amount": 10}, "invalid_body"),
    ({"name": "minimum", "amount": "1", "share": "1%"}, "bad_policy"),
    ({"name": "maturity_days", "amount": "99999"}, "bad_policy"),
    ({"name": "diamonds_per_coin", "amount": "0"}, "bad_amount"),
    ({"name": "diamonds_per_coin", "scope": "import:\n", "amount": "1"}, "bad_policy"),
    ({"name": "diamonds_per_coin", "scope": "import:\u0000", "amount": "1"}, "invalid_body"),
    ({"name": "money_per_diamond", "amount": "0.005"}, "bad_policy"),
    ({"name": "money_per_diamond", "scope": "QQQ", "amount": "0.005"}, "unknown_currency"),
    ({"name": "money_per_diamond", "scope": "usd", "amount": "0.005"}, "bad_policy"),
    ({"name": "fee", "scope": "paypal:USD"}, "bad_policy"),
    ({"name": "fee", "scope": "paypal:USD", "amount": "1"}, "bad_policy"),
    ({"name": "fee", "scope": "paypal:USD", "share": "1.5"}, "bad_policy"),
    ({"name": "fee", "scope": "paypal:USD", "share": "101%"}, "bad_policy"),
    ({"name": "minimum", "amount": "1", "starts_at": "2020-01-01T00:00:00Z"}, "starts_in_past"),
    ({"name": "minimum", "amount": "1", "starts_at": "0001-01-01T00:00:00+14:00"}, "bad_time"),
    ({"name": "minimum", "amount": "1", "starts_at": "9999-12-31T23:59:59-14:00"}, "bad_time"),
    ({"name": "minimum", "amount": "1", "ends_at": "9999-12-31T23:59:59-14:00"}, "bad_time"),
    ({"name": "minimum", "amount": "1", "starts_at": "2030-01-01T00:00:00"}, "invalid_body"),
    ({"name": "minimum", "amount": "1", "starts_at": "soon"}, "invalid_body"),
    ({"name": "minimum", "amount": "1", "ends_at": "2020-01-01T00:00:00Z"}, "bad_policy"),
    ({"name": "minimum", "amount": "1", "by": "me"}, "invalid_body"),
]


def test_what_is_no_figure_is_refused(front: Front, admin: httpx2.Client, subtests: pytest.Subtests) -> None:
    for body, code in NO_FIGURES:
        with subtests.test(body=body), front.nothing_moves():
            problem(admin.post("/v1/policies", json=body), 422, code)


def test_the_last_second_of_the_year_9999_is_a_time_like_others(admin: httpx2.Client) -> None:
    far = {"name": "maturity_days", "amount": "1", "starts_at": "9999-12-31T23:59:59.999999Z"}
    assert admin.post("/v1/policies", json=far).status_code == 201
    assert rows(admin, name="maturity_days")[-1]["starts_at"] == "9999-12-31T23:59:59.999999Z"


def test_a_filter_that_nothing_has_finds_nothing(admin: httpx2.Client) -> None:
    assert rows(admin, name="generosity") == []
    assert rows(admin, scope="nowhere") == []
    problem(admin.get("/v1/policies?name=%00"), 400, "invalid_query")
    problem(admin.get("/v1/policies?cursor=W10"), 400, "invalid_query")
