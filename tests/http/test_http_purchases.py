"""Coins are bought once, however often and however badly it is asked."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx2
import pytest
from front import Front, problem

from riviere.payments.sandbox import Charge, SandboxProcessor

PACK = "pack-700-20-30"


@pytest.fixture
def app(front: Front) -> httpx2.Client:
    """A platform's back end; mira is registered, and a pack of 700 coins and 20 more is sold for 7.00 USD."""
    front.viewer("mira")
    front.pack(700, bonus=20)
    return front.client("purchases:write", "purchases:read")


def buy(client: httpx2.Client, key: str, user: str = "mira", **body: Any) -> httpx2.Response:
    sent = {"pack": PACK, "card": "card-ok"} | body
    return client.post(f"/v1/users/{user}/purchases", json=sent, headers={"Idempotency-Key": key})


def charges(front: Front) -> int:
    ((number,),) = front.connection.execute("SELECT count(*) FROM charge")
    return int(number)


def test_a_viewer_buys_coins_and_has_them_when_answered(front: Front, app: httpx2.Client) -> None:
    mira = front.as_user("mira")
    bought = buy(mira, "first")
    assert bought.status_code == 201
    wallet = front.wallet("mira")
    assert (wallet.coins, wallet.bonus) == (700, 20)
    answer = bought.json()
    assert answer["price"] == {"amount": "7.00", "currency": "USD"}
    assert (answer["key"], answer["pack"], answer["coins"], answer["bonus"]) == ("first", PACK, 700, 20)
    assert answer["bonus_expires_at"] > answer["booked_at"]
    assert not answer["repeated"]
    assert mira.get("/v1/users/mira/purchases/first").json() == answer | {"repeated": True}


def test_the_same_key_charges_once(front: Front, app: httpx2.Client) -> None:
    first = buy(app, "once")
    with front.nothing_moves():
        again = buy(app, "once", card="card-declined")
        assert (again.status_code, again.json()) == (200, first.json() | {"repeated": True})
        front.later(days=400)
        assert buy(app, "once").json() == again.json()
    assert charges(front) == 1


def test_the_same_key_with_another_pack_is_refused(front: Front, app: httpx2.Client) -> None:
    other = front.pack(70)
    buy(app, "once")
    with front.nothing_moves():
        problem(buy(app, "once", pack=other), 422, "key_reused")


def test_a_repeat_is_answered_even_where_the_pack_is_off_sale(front: Front, app: httpx2.Client) -> None:
    first = buy(app, "once")
    front.later(minutes=1)
    assert front.as_operator("admin").post(f"/v1/packs/{PACK}/retire", json={}).status_code == 200
    front.later(minutes=1)
    with front.nothing_moves():
        assert buy(app, "once").json() == first.json() | {"repeated": True}
        problem(buy(app, "twice"), 409, "pack_not_sold")


def test_a_refused_card_costs_nothing_and_the_same_key_may_try_another(front: Front, app: httpx2.Client) -> None:
    with front.nothing_moves():
        problem(buy(app, "once", card="card-declined"), 409, "card_declined")
        problem(buy(app, "once", card="card-expired"), 409, "card_expired")
        problem(buy(app, "once", card="4242 4242"), 422, "unknown_card")
        problem(app.get("/v1/users/mira/purchases/once"), 404, "unknown_purchase")
    assert buy(app, "once").status_code == 201
    assert charges(front) == 1


class _Falls(SandboxProcessor):
    """Takes the money the first time, and falls over before anybody hears of it."""

    fell = False

    def charge(self, key: str, amount: int, currency: str, card: str) -> Charge:
        charge = super().charge(key, amount, currency, card)
        if not self.fell:
            self.fell = True
            raise RuntimeError
        return charge


def test_what_falls_over_after_the_charge_is_booked_by_the_same_request(front: Front, app: httpx2.Client) -> None:
    front.office.processor = _Falls()  # type: ignore[misc]
    with front.nothing_moves():
        wrong = problem(buy(app, "once"), 500, "internal")
    assert "RuntimeError" not in wrong.detail
    bought = buy(app, "once", card="card-declined")  # the money is there already: no card is asked again
    assert (bought.status_code, bought.json()["repeated"]) == (201, False)
    assert (front.wallet("mira").coins, charges(front)) == (700, 1)


class _Slow(SandboxProcessor):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = Event(), Event()

    def charge(self, key: str, amount: int, currency: str, card: str) -> Charge:
        self.asked.set()
        assert self.go.wait(20)
        return super().charge(key, amount, currency, card)


def test_two_at_once_with_the_same_key_buy_once(front: Front, app: httpx2.Client) -> None:
    slow = _Slow()
    front.office.processor = slow  # type: ignore[misc]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(buy, app, "once")
        assert slow.asked.wait(20)
        problem(buy(app, "once"), 409, "still_running")
        slow.go.set()
        assert first.result().status_code == 201
    assert buy(app, "once").status_code == 200
    assert (front.wallet("mira").coins, charges(front)) == (700, 1)


def test_the_list_has_every_purchase_once_while_more_are_made(front: Front, app: httpx2.Client) -> None:
    front.creator("aurora")
    for number in range(5):
        buy(app, f"key {number}")
        front.give("mira", "aurora", "comet", key=f"gift {number}")
    front.reverse("mira", "gift 3")
    bought = [app.get(f"/v1/users/mira/purchases/key {number}").json()["id"] for number in range(5)]
    read: list[str] = []
    query = {"limit": "2"}
    while True:
        page = app.get("/v1/users/mira/purchases", params=query).json()
        assert {(row["key"], row["coins"], row["bonus"]) for row in page["data"]} == {(None, 700, 20)}
        read += [row["id"] for row in page["data"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
        buy(app, f"later {len(read)}")
    assert read == bought[::-1]
    assert len(app.get("/v1/users/mira/purchases").json()["data"]) == 7


def test_purchases_of_others_are_not_there(front: Front, app: httpx2.Client) -> None:
    front.viewer("kim")
    buy(app, "once")
    kim = front.as_user("kim")
    assert kim.get("/v1/users/kim/purchases").json() == {"data": [], "next": None}
    with front.nothing_moves():
        problem(kim.get("/v1/users/mira/purchases"), 404, "not_found")
        problem(kim.get("/v1/users/mira/purchases/once"), 404, "not_found")
        problem(kim.get("/v1/users/kim/purchases/once"), 404, "unknown_purchase")
        problem(buy(kim, "mine", user="mira"), 404, "not_found")
    reader = front.client("purchases:read")
    with front.nothing_moves():
        problem(buy(reader, "mine"), 403, "scope_too_small")


def test_a_gifts_key_is_no_purchase(front: Front, app: httpx2.Client) -> None:
    front.creator("aurora")
    buy(app, "once")
    front.give("mira", "aurora", "comet", key="gift")
    problem(app.get("/v1/users/mira/purchases/gift"), 404, "unknown_purchase")
    with front.nothing_moves():
        problem(buy(app, "gift"), 422, "key_reused")


NO_PURCHASES = [
    ({"pack": "pack-1"}, 404, "unknown_pack"),
    ({"pack": ""}, 422, "invalid_body"),
    ({"pack": "a\nb"}, 404, "unknown_pack"),
    ({"pack": "a\u0000b"}, 422, "invalid_body"),
    ({"card": ""}, 422, "invalid_body"),
    ({"card": None}, 422, "invalid_body"),
    ({"card": "x" * 201}, 422, "invalid_body"),
    ({"coins": 5}, 422, "invalid_body"),
    ({"buyer": "kim"}, 422, "invalid_body"),
]


def test_what_is_no_purchase_is_refused(front: Front, app: httpx2.Client, subtests: pytest.Subtests) -> None:
    for wrong, status, code in NO_PURCHASES:
        with subtests.test(wrong=wrong), front.nothing_moves():
            problem(buy(app, "key", **wrong), status, code)
    with front.nothing_moves():
        problem(buy(app, "key", user="nobody"), 404, "unknown_user")
        problem(app.get("/v1/users/nobody/purchases"), 404, "unknown_user")
        problem(app.get("/v1/users/nobody/purchases/key"), 404, "unknown_user")
        problem(app.get("/v1/users/mira/purchases?cursor=W10"), 400, "invalid_query")


def test_a_purchase_needs_a_key_that_is_one(front: Front, app: httpx2.Client, subtests: pytest.Subtests) -> None:
    body = {"pack": PACK, "card": "card-ok"}
    with front.nothing_moves():
        problem(app.post("/v1/users/mira/purchases", json=body), 400, "missing_key")
    # A control character is no part of any HTTP header.
    for key, code in ((b"x" * 256, "bad_key"), (b"a\x01b", "malformed_request"), (b"a\x85b", "bad_key")):
        with subtests.test(key=key), front.nothing_moves():
            sent = app.post("/v1/users/mira/purchases", json=body, headers={b"Idempotency-Key": key})
            problem(sent, 400, code)
    problem(app.get("/v1/users/mira/purchases/%E2%80%8D"), 404, "unknown_purchase")
