"""Coins bought by card over HTTP: ordered, paid as a browser does, credited by the webhook, and what is refused."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from front import Front, problem

from house_bench import WEBHOOK_SECRET, Account, standing, until
from riviere.payments.checkout.stripe_account import StripeAccount
from riviere.sandbox.cards import PUBLISHABLE_KEY, SECRET_KEY
from riviere.settings import StripeKeys

#: The secret before the rotation: both count for a while.
OLD_SECRET = "whsec_of_yesterday"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with standing(tmp_path_factory.mktemp("stripe")) as (_, made):
        yield made


@pytest.fixture
def shop(front: Front, account: Account) -> Front:
    """A server with an account at the stand-in, which tells it everything."""
    keys = StripeKeys(SECRET_KEY, PUBLISHABLE_KEY, (OLD_SECRET, WEBHOOK_SECRET), account.url)
    front.office.cards = StripeAccount(keys)
    where = {"url": f"{front.url}/v1/stripe/events", "secret": WEBHOOK_SECRET, "events": ["*"]}
    account.steer("endpoints", **where)
    front.viewer("mira")
    front.pack(700, 20)
    return front


@pytest.fixture
def app(shop: Front) -> httpx2.Client:
    return shop.client("purchases:write", "purchases:read", "wallets:read")


def start(app: httpx2.Client, key: str = "one", user: str = "mira", pack: str = "pack-700-20-30") -> httpx2.Response:
    return app.post(f"/v1/users/{user}/checkouts", json={"pack": pack}, headers={"Idempotency-Key": key})


def pay(account: Account, checkout: dict[str, Any], card: str = "4242424242424242") -> None:
    """As a page with Stripe.js does: by the publishable key and the secret alone."""
    fields = {
        "client_secret": checkout["client_secret"],
        "payment_method_data[type]": "card",
        "payment_method_data[card][number]": card,
        "payment_method_data[card][exp_month]": "12",
        "payment_method_data[card][exp_year]": "2034",
        "payment_method_data[card][cvc]": "123",
    }
    answer = account.by_page("POST", checkout["payment"], "/confirm", **fields)
    assert answer.status_code == 200, answer.text


def test_a_viewer_orders_pays_and_has_the_coins(shop: Front, app: httpx2.Client, account: Account) -> None:
    mira = shop.as_user("mira")
    answer = start(mira)
    assert answer.status_code == 201
    checkout = answer.json()
    assert (checkout["state"], checkout["coins"], checkout["bonus"]) == ("open", 700, 20)
    assert checkout["price"] == {"amount": "7.00", "currency": "USD"}
    assert (checkout["publishable_key"], checkout["ended_at"]) == (PUBLISHABLE_KEY, None)
    again = start(mira)
    assert (again.status_code, again.json()) == (200, checkout)
    told = mira.get("/v1/users/mira/checkouts/one").json()
    assert told == checkout | {"client_secret": None}

    pay(account, checkout)
    until(lambda: mira.get("/v1/users/mira/checkouts/one").json()["state"] == "paid", "the webhook")
    wallet = app.get("/v1/users/mira/wallet").json()
    assert (wallet["coins"], wallet["bonus"], wallet["frozen"]) == (700, 20, 0)
    bought = mira.get("/v1/users/mira/purchases/one").json()
    assert bought["price"] == checkout["price"]
    done = start(mira).json()
    assert (done["state"], done["client_secret"]) == ("paid", None)


def test_webhooks_that_are_not_true_are_refused_and_true_ones_answered_once_kept(
    shop: Front, app: httpx2.Client, account: Account
) -> None:
    account.steer("webhooks/hold", holding=True)
    checkout = start(app).json()
    pay(account, checkout)
    said = account.stripe.events.list({"limit": 10}).data
    event = next(one.id for one in said if one.type == "payment_intent.succeeded")
    json_body = {"Content-Type": "application/json"}
    with shop.nothing_moves():
        for how in ("forged", "truncated", "altered", "old", "unsigned"):
            assert sent(account, event, how) == 400, how
        problem(shop.stranger().post("/v1/stripe/events", json={"id": "evt"}), 400, "bad_signature")
        problem(
            shop.stranger().post("/v1/stripe/events", content=b"x" * 70_000, headers=json_body), 413, "body_too_large"
        )
    assert [sent(account, event, "signed") for _ in range(2)] == [204, 204]
    account.steer("webhooks/hold", holding=False)
    assert shop.wallet("mira").coins == 700


def sent(account: Account, event: str, how: str) -> int | None:
    """What the shop answers to an event, sent so. It was told where last; what other tests told of is gone."""
    statuses: list[int | None] = account.steer("webhooks/send", events=[event], how=how)["statuses"]
    return statuses[-1]


def test_what_does_not_fit_is_listed_for_operators(shop: Front, app: httpx2.Client, account: Account) -> None:
    auditor = shop.as_operator("auditor")
    assert auditor.get("/v1/provider-events").json() == {"data": [], "next": None}
    checkout = start(app).json()
    tag = account.stripe.payment_intents.retrieve(checkout["payment"]).metadata["riviere"]
    stray = account.bought(metadata={"riviere": tag}, amount=700)
    until(lambda: auditor.get("/v1/provider-events").json()["data"], "an event that needs a person")
    (told,) = auditor.get("/v1/provider-events").json()["data"]
    assert (told["type"], told["state"]) == ("payment_intent.succeeded", "attention")
    assert f"{stray.id} was paid, and the checkout is {checkout['payment']}" in told["reason"]
    page = auditor.get("/v1/provider-events", params={"among": "all", "limit": 1}).json()
    seen = [one["id"] for one in page["data"]]
    while page["next"]:
        page = auditor.get("/v1/provider-events", params={"among": "all", "limit": 1, "cursor": page["next"]}).json()
        seen += [one["id"] for one in page["data"]]
    assert len(seen) == len(set(seen)) > 1
    assert shop.wallet("mira").coins == 0
    problem(app.get("/v1/provider-events"), 403, "scope_too_small")


def test_a_buyer_cancels_and_starts_anew(shop: Front, app: httpx2.Client, account: Account) -> None:
    start(app)
    cancelled = app.post("/v1/users/mira/checkouts/one/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    problem(start(app), 409, "checkout_over")
    problem(app.post("/v1/users/mira/checkouts/never/cancel"), 404, "unknown_checkout")
    assert start(app, "two").status_code == 201


def test_what_cannot_be_ordered_is_refused_and_moves_nothing(shop: Front, app: httpx2.Client, account: Account) -> None:
    with shop.nothing_moves():
        problem(start(app, pack="nothing"), 404, "unknown_pack")
        problem(start(app, user="nobody"), 404, "unknown_user")
        problem(app.get("/v1/users/mira/checkouts/never"), 404, "unknown_checkout")
        problem(app.post("/v1/users/mira/checkouts", json={"pack": "pack-700-20-30"}), 400, "missing_key")
    account.steer("faults", operation="payment_intents.create", kind="dropped", times=1)
    unsure = problem(start(app), 503, "processor_unsure")
    assert "send the same request again" in unsure.detail
    assert start(app).json()["client_secret"]


def test_without_an_account_nobody_pays_by_card(front: Front) -> None:
    front.viewer("mira")
    pack = front.pack(700)
    app = front.client("purchases:write")
    with front.nothing_moves():
        problem(start(app, pack=pack), 409, "no_card_account")
        problem(front.stranger().post("/v1/stripe/events", json={"id": "evt"}), 409, "no_card_account")
