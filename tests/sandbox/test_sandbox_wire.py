"""The sandbox speaks PayPal's wire: bodies, statuses and error shapes as PayPal documents or was seen to answer."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from riviere.sandbox.store import Sender, Store
from sandbox_bench import CLIENT, QUICK, SECRET, Bench, Door, bench, door

__all__ = ["door"]

PAYOUTS = "/v1/payments/payouts"


class Caller:
    """Somebody who talks to the sandbox in plain HTTP, with a token."""

    def __init__(self, made: Bench) -> None:
        self.address, self.steering = made.address, made.steering
        self.http = httpx2.Client(base_url=made.address, timeout=QUICK)
        self.http.headers["authorization"] = f"Bearer {self.token().json()['access_token']}"

    def close(self) -> None:
        self.http.close()

    def token(self, secret: str = SECRET, **form: str) -> httpx2.Response:
        form = form or {"grant_type": "client_credentials"}
        return self.http.post("/v1/oauth2/token", data=form, auth=(CLIENT, secret))

    def create(self, *items: dict[str, Any], batch: str | None = "b1", **headers: str) -> httpx2.Response:
        header = {} if batch is None else {"sender_batch_id": batch}
        body = {"sender_batch_header": header | {"email_subject": "A payout"}, "items": list(items) or [item()]}
        return self.http.post(PAYOUTS, json=body, headers=headers)

    def created(self, *items: dict[str, Any], batch: str | None = "b1") -> str:
        answer = self.create(*items, batch=batch)
        assert answer.status_code == 201, answer.text
        name: str = answer.json()["batch_header"]["payout_batch_id"]
        return name

    def show(self, batch: str, **query: Any) -> dict[str, Any]:
        answer = self.http.get(f"{PAYOUTS}/{batch}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def statuses(self, batch: str, looks: int) -> list[str]:
        return [self.show(batch)["items"][0]["transaction_status"] for _ in range(looks)]


def item(receiver: str = "ana@example.com", value: str = "9.87", currency: str = "USD", **more: Any) -> dict[str, Any]:
    amount = {"currency": currency, "value": value}
    return {"recipient_type": "EMAIL", "receiver": receiver, "amount": amount, "sender_item_id": "i1", **more}


@contextmanager
def calling(door: Door, path: Path, **how: Any) -> Iterator[Caller]:
    with bench(door, path, **how) as made, closing(Caller(made)) as caller:
        yield caller


@pytest.fixture
def caller(door: Door, tmp_path: Path) -> Iterator[Caller]:
    with calling(door, tmp_path / "sandbox.sqlite") as made:
        yield made


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def test_a_batch_is_taken_and_shown_in_paypals_form(caller: Caller) -> None:
    answer = caller.create(item(note="Thanks", purpose="SERVICES"))
    assert answer.status_code == 201
    header = answer.json()["batch_header"]
    assert header["batch_status"] == "PENDING"
    assert header["sender_batch_header"] == {"sender_batch_id": "b1", "email_subject": "A payout"}
    name = header["payout_batch_id"]
    href = f"{caller.address}{PAYOUTS}/{name}"
    assert answer.json()["links"] == [{"href": href, "rel": "self", "method": "GET", "encType": "application/json"}]

    first = caller.show(name)
    assert first["batch_header"]["batch_status"] == "PROCESSING"
    assert first["items"][0]["transaction_status"] == "PENDING"
    then = caller.show(name)
    assert then["batch_header"]["batch_status"] == "SUCCESS"
    assert then["batch_header"]["amount"] == {"currency": "USD", "value": "9.87"}
    (shown,) = then["items"]
    assert shown["transaction_status"] == "SUCCESS"
    assert shown["payout_batch_id"] == name
    assert shown["sender_batch_id"] == "b1"
    assert shown["transaction_id"]
    assert shown["payout_item_fee"] == {"currency": "USD", "value": "0.25"}
    asked = item(note="Thanks", purpose="SERVICES")
    assert shown["payout_item"] == asked | {"recipient_wallet": "PAYPAL"}
    one = caller.http.get(f"/v1/payments/payouts-item/{shown['payout_item_id']}").json()
    assert one == shown


@pytest.mark.parametrize(
    ("receiver", "statuses", "batch"),
    [
        ("ana", ["PENDING", "SUCCESS", "SUCCESS"], "SUCCESS"),
        ("pending", ["PENDING", "PENDING", "PENDING"], "PROCESSING"),
        ("fails", ["PENDING", "FAILED", "FAILED"], "DENIED"),
        ("unclaimed", ["PENDING", "UNCLAIMED", "UNCLAIMED"], "SUCCESS"),
        ("held", ["PENDING", "ONHOLD", "ONHOLD"], "SUCCESS"),
        ("blocked", ["PENDING", "BLOCKED", "BLOCKED"], "SUCCESS"),
        ("returned", ["PENDING", "RETURNED", "RETURNED"], "SUCCESS"),
        ("refunded", ["PENDING", "REFUNDED", "REFUNDED"], "SUCCESS"),
        ("reversed", ["PENDING", "REVERSED", "REVERSED"], "SUCCESS"),
        ("returned-later", ["PENDING", "SUCCESS", "RETURNED"], "SUCCESS"),
        ("refunded-later+any.tag", ["PENDING", "SUCCESS", "REFUNDED"], "SUCCESS"),
        ("reversed-later", ["PENDING", "SUCCESS", "REVERSED"], "SUCCESS"),
    ],
)
def test_the_receiver_says_what_becomes_of_an_item(
    caller: Caller, receiver: str, statuses: list[str], batch: str
) -> None:
    name = caller.created(item(f"{receiver}@example.com"))
    assert caller.statuses(name, 3) == statuses
    assert caller.show(name)["batch_header"]["batch_status"] == batch


@pytest.mark.parametrize(
    ("note", "status", "name"),
    [
        ("ERRPYO001", 403, "SENDER_RESTRICTED"),
        ("ERRPYO002", 403, "SENDER_EMAIL_UNCONFIRMED"),
        ("ERRPYO003", 403, "AUTHORIZATION_ERROR"),
        ("ERRPYO005", 422, "INSUFFICIENT_FUNDS"),
        ("ERRPYO006", 500, "INTERNAL_ERROR"),
        ("ERRPYO010", 400, "VALIDATION_ERROR"),
        ("ERRPYO035", 429, "RATE_LIMIT_VALIDATION"),
        ("ERRPYO039", 409, "PREVIOUS_REQUEST_IN_PROGRESS"),
    ],
)
def test_paypals_negative_tests_go_by_the_first_note(caller: Caller, note: str, status: int, name: str) -> None:
    answer = caller.create(item(note=note))
    assert (answer.status_code, answer.json()["name"]) == (status, name)
    assert {"message", "debug_id", "information_link", "details", "links"} < answer.json().keys()
    assert caller.steering.items() == []


def test_a_used_sender_batch_id_is_refused_for_30_days_with_a_link(door: Door, tmp_path: Path) -> None:
    clock = Clock()
    with calling(door, tmp_path / "sandbox.sqlite", now=clock) as caller:
        name = caller.created()
        refused = caller.create(item(value="1.00"))
        assert (refused.status_code, refused.json()["name"]) == (400, "USER_BUSINESS_ERROR")
        (detail,) = refused.json()["details"]
        assert (detail["field"], detail["location"]) == ("SENDER_BATCH_ID", "body")
        assert detail["issue"] == "Batch with given sender_batch_id already exists"
        assert detail["link"][0]["href"] == f"{caller.address}{PAYOUTS}/{name}"
        clock.at += timedelta(days=30)
        renewed = f"Bearer {caller.token().json()['access_token']}"
        caller.http.headers["authorization"] = renewed
        assert caller.created() != name


def test_a_denied_batch_gives_its_sender_batch_id_back(caller: Caller) -> None:
    name = caller.created(item("fails@example.com"))
    assert caller.create().status_code == 400
    caller.show(name)
    again = caller.created()
    assert again != name
    assert caller.create().json()["details"][0]["link"][0]["href"].endswith(again)


def test_a_request_id_replays_nothing_and_no_batch_id_guards_nothing(caller: Caller) -> None:
    assert caller.create(**{"PayPal-Request-Id": "once"}).status_code == 201
    assert caller.create(**{"PayPal-Request-Id": "once"}).status_code == 400
    assert caller.create(batch="b2", **{"PayPal-Request-Id": "once"}).status_code == 201
    assert caller.created(batch=None) != caller.created(batch=None)


def test_only_an_unclaimed_item_is_taken_back_once(caller: Caller) -> None:
    name = caller.created(item("unclaimed@example.com"))
    one = caller.show(name)["items"][0]["payout_item_id"]
    cancel = f"/v1/payments/payouts-item/{one}/cancel"
    back = caller.http.post(cancel)
    assert (back.status_code, back.json()["transaction_status"]) == (200, "RETURNED")
    again = caller.http.post(cancel)
    assert (again.status_code, again.json()["name"]) == (400, "ITEM_ALREADY_CANCELLED")
    paid = caller.show(caller.created(batch="b2"))["items"][0]["payout_item_id"]
    refused = caller.http.post(f"/v1/payments/payouts-item/{paid}/cancel")
    assert (refused.status_code, refused.json()["name"]) == (400, "ITEM_INCORRECT_STATUS")


def test_what_nobody_claims_comes_back_after_30_days(door: Door, tmp_path: Path) -> None:
    clock = Clock()
    with calling(door, tmp_path / "sandbox.sqlite", now=clock) as caller:
        name = caller.created(item("unclaimed@example.com"))
        assert caller.statuses(name, 2) == ["PENDING", "UNCLAIMED"]
        clock.at += timedelta(days=30)
        caller.http.headers["authorization"] = f"Bearer {caller.token().json()['access_token']}"
        assert caller.statuses(name, 1) == ["RETURNED"]
        assert caller.steering.items()[0]["history"] == ["PENDING", "UNCLAIMED", "RETURNED"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("items[1].receiver", {"receiver": "nobody"}),
        ("items[1].receiver", {"receiver": "a@" + "b" * 130 + ".com"}),
        ("items[1].receiver", {"recipient_type": "VENMO_HANDLE"}),
        ("items[1].receiver", {"recipient_type": "PAYPAL_ID"}),
        ("items[1].sender_item_id", {"sender_item_id": "i" * 64}),
        ("items[1].note", {"note": "n" * 4001}),
        ("items[1].amount.currency", {"currency": "dollars"}),
        ("items[1].amount.value", {"value": "1.234"}),
        ("items[1].amount.value", {"value": "0.00"}),
        ("items[1].amount.value", {"value": "-1.00"}),
        ("items[1].amount.value", {"value": "1e3"}),
        ("items[1].amount.value", {"value": "12345678.00"}),
        ("items", {"currency": "EUR"}),
    ],
)
def test_one_bad_item_spoils_its_batch(caller: Caller, field: str, wrong: dict[str, Any]) -> None:
    answer = caller.create(item(), item(**wrong))
    assert (answer.status_code, answer.json()["name"]) == (400, "VALIDATION_ERROR")
    assert field in [detail["field"] for detail in answer.json()["details"]]
    assert caller.steering.items() == []


def test_a_number_where_text_belongs_is_refused(caller: Caller) -> None:
    for amount in ({"currency": "USD", "value": 9.87}, {"currency": "JPY", "value": "1.00"}, None):
        answer = caller.create({**item(), "amount": amount})
        assert (answer.status_code, answer.json()["name"]) == (400, "VALIDATION_ERROR")


def test_a_currency_that_is_not_held_is_refused(caller: Caller) -> None:
    answer = caller.create(item(currency="BRL"))
    assert (answer.status_code, answer.json()["name"]) == (400, "NON_HOLDING_CURRENCY")


def test_a_batch_has_1_to_15000_items_and_pages_of_them(caller: Caller) -> None:
    nothing = caller.http.post(PAYOUTS, json={"sender_batch_header": {}, "items": []})
    assert nothing.json()["details"][0]["field"] == "items"
    many = [item(sender_item_id=f"i{number}") for number in range(2_500)]
    assert caller.create(*(many * 7)[:15_001]).json()["details"][0]["field"] == "items"
    name = caller.created(*many)
    told = caller.show(name, page=3, page_size=1000, total_required="true")
    assert (told["total_items"], told["total_pages"], len(told["items"])) == (2500, 3, 500)
    assert told["items"][0]["payout_item"]["sender_item_id"] == "i2000"
    assert caller.show(name, page=4)["items"] == []
    assert caller.show(name, page=1)["items"][0]["transaction_status"] == "PENDING"  # only a page's items are looked at
    assert caller.show(name, fields="batch_header").keys() == {"batch_header"}
    for query in ({"page": 0}, {"page_size": 1001}, {"page": "x"}, {"total_required": "maybe"}):
        assert caller.http.get(f"{PAYOUTS}/{name}", params=query).json()["name"] == "VALIDATION_ERROR"


def test_what_is_not_a_request_is_answered_in_paypals_form(caller: Caller) -> None:
    json = {"content-type": "application/json"}
    for body in (b"{", b"[]", b"{}", b'{"sender_batch_header": {}, "items": [1]}', b"\xff"):
        answer = caller.http.post(PAYOUTS, content=body, headers=json)
        assert (answer.status_code, answer.json()["name"]) == (400, "INVALID_REQUEST")
    assert caller.http.post(PAYOUTS, content=b"{}").status_code == 415
    assert caller.http.post(PAYOUTS, content=b" " * (2**24 + 1), headers=json).status_code == 413
    for path in (f"{PAYOUTS}/NOBODY", "/v1/payments/payouts-item/NOBODY", "/v2/other"):
        answer = caller.http.get(path)
        assert (answer.status_code, answer.json()["name"]) == (404, "INVALID_RESOURCE_ID")
    assert caller.http.post("/v1/payments/payouts-item/NOBODY/cancel").status_code == 404


def test_tokens_are_given_for_the_right_secret_and_end(door: Door, tmp_path: Path) -> None:
    clock = Clock()
    with calling(door, tmp_path / "sandbox.sqlite", now=clock) as caller:
        given = caller.token().json()
        assert (given["token_type"], given["expires_in"]) == ("Bearer", 32_400)
        assert "https://uri.paypal.com/payments/payouts" in given["scope"]
        wrong = caller.token(secret="guess")
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
        assert caller.token(grant_type="password").json()["error"] == "unsupported_grant_type"
        caller.created()
        clock.at += timedelta(seconds=32_400)
        late = caller.create(batch="b2")
        assert (late.status_code, late.json()["name"]) == (401, "AUTHENTICATION_FAILURE")
        for header in ("", "Bearer", "Bearer guess", "Basic Z3Vlc3M=", "Basic ***"):
            caller.http.headers["authorization"] = header
            assert caller.create(batch="b2").status_code == 401
            assert caller.http.get("/_sandbox/items").status_code == 401


def test_a_restart_forgets_nothing(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with calling(door, path) as caller:
        name = caller.created(item("returned-later@example.com"))
        assert caller.statuses(name, 2) == ["PENDING", "SUCCESS"]
        caller.steering.fault("create", "error", times=1)
        token = caller.http.headers["authorization"]
    with calling(door, path) as caller:
        caller.http.headers["authorization"] = token
        assert caller.create(batch="b2").status_code == 500
        assert caller.create().status_code == 400
        assert caller.statuses(name, 1) == ["RETURNED"]


def test_a_test_steers_items_batches_and_faults(caller: Caller) -> None:
    name = caller.created()
    one = caller.show(name)["items"][0]["payout_item_id"]
    caller.steering.turn(one, "REVERSED")
    caller.steering.lie(one, amount={"currency": "USD", "value": "1.00"})
    caller.steering.batch(name, "CANCELED")
    told = caller.show(name)
    assert told["batch_header"]["batch_status"] == "CANCELED"
    assert told["items"][0]["transaction_status"] == "REVERSED"
    assert told["items"][0]["payout_item"]["amount"]["value"] == "1.00"
    (truth,) = caller.steering.items()
    assert truth["payout_item"]["amount"]["value"] == "9.87"
    assert (truth["history"], truth["lies"], truth["sender_batch_id"]) == (
        ["PENDING", "SUCCESS", "REVERSED"],
        True,
        "b1",
    )
    caller.steering.fault("show", "double")
    assert len(caller.show(name)["items"]) == 2
    assert len(caller.show(name)["items"]) == 1
    for path in ("items/NOBODY", "batches/NOBODY", "elsewhere"):
        bad = caller.http.post(f"/_sandbox/{path}", json={"status": "DENIED"}, auth=(CLIENT, SECRET))
        assert bad.status_code in (400, 404)
    wrong = caller.http.post("/_sandbox/faults", json={"operation": "create"}, auth=(CLIENT, SECRET))
    assert wrong.status_code == 400


def test_a_request_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    def fails_half_way(store: Store) -> None:
        with store.transaction():
            store.put(Sender("b1", "SECOND"))
            raise ZeroDivisionError

    with closing(Store(tmp_path / "sandbox.sqlite")) as store:
        with store.transaction():
            store.put(Sender("b1", "FIRST"))
        with pytest.raises(ZeroDivisionError):
            fails_half_way(store)
        assert store.get(Sender, "b1") == Sender("b1", "FIRST")
