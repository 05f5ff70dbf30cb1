"""Coins given back over HTTP: what may be, what was, and what is refused."""

import httpx2
import pytest
from front import Front, problem

from riviere.ids import client_id

PACK = "pack-700-70-30"


@pytest.fixture
def mira(front: Front) -> httpx2.Client:
    """Somebody who has bought 700 coins and 70 beside them."""
    front.creator("aurora")
    front.viewer("mira")
    front.buy("mira", 700, bonus=70, key="b")
    return front.as_user("mira")


BOUGHT = str(client_id("b"))


def ask(client: httpx2.Client, key: str = "r", **body: object) -> httpx2.Response:
    asked = {"purchase": BOUGHT} | body
    return client.post("/v1/users/mira/refunds", json=asked, headers={"Idempotency-Key": key})


def test_a_viewer_sees_what_may_go_back_and_gives_it_back(front: Front, mira: httpx2.Client) -> None:
    offer = mira.get("/v1/users/mira/refundable", params={"purchase": BOUGHT}).json()
    assert (offer["coins"], offer["bonus"], offer["price"]) == (700, 70, {"amount": "7.00", "currency": "USD"})
    answer = ask(mira, coins=300)
    assert answer.status_code == 201
    refund = answer.json()
    assert (refund["state"], refund["coins"], refund["bonus"], refund["amount"]["amount"]) == ("paid", 300, 30, "3.00")
    again = ask(mira, coins=300)
    assert (again.status_code, again.json()) == (200, refund)
    assert mira.get("/v1/users/mira/refunds/r").json() == refund
    ask(mira, "rest")
    wallet = mira.get("/v1/users/mira/wallet").json()
    assert (wallet["coins"], wallet["bonus"], wallet["frozen"]) == (0, 0, 0)
    page = mira.get("/v1/users/mira/refunds", params={"limit": 1}).json()
    following = mira.get("/v1/users/mira/refunds", params={"limit": 1, "cursor": page["next"]}).json()
    told = [one for part in (page, following) for one in part["data"]]
    assert [(one["key"], one["coins"]) for one in told] == [(None, 400), (None, 300)]
    assert following["next"] is None
    lines = mira.get("/v1/users/mira/entries", params={"account": "coins.frozen"}).json()["data"]
    assert {line["route"] for line in lines} >= {"coins.freeze", "coins.refund", "coins.withdraw"}


def test_what_may_not_go_back_is_refused_with_the_reason(front: Front, mira: httpx2.Client) -> None:
    front.give("mira", "aurora", "rose", 35)
    refused = problem(ask(mira, coins=351), 409, "not_refundable")
    assert "Only 350 coins" in refused.detail
    kept = mira.get("/v1/users/mira/refunds/r").json()
    assert (kept["state"], kept["coins"], kept["reason"]) == ("refused", 0, refused.detail)
    with front.nothing_moves():
        problem(ask(mira, coins=350), 422, "key_reused")
        problem(ask(mira, "x", purchase="nothing"), 404, "unknown_entry")
        problem(ask(mira, "x", purchase=str(client_id("other"))), 404, "unknown_entry")
        problem(ask(mira, "x", coins=0), 422, "invalid_body")
        problem(mira.get("/v1/users/mira/refunds/never"), 404, "unknown_refund")
        problem(mira.get("/v1/users/mira/refundable", params={"purchase": "no"}), 404, "unknown_entry")
        problem(mira.get("/v1/users/mira/refunds?cursor=W10"), 400, "invalid_query")
    front.later(days=15)
    with front.nothing_moves():
        problem(ask(mira, "late"), 409, "too_late_to_refund")
