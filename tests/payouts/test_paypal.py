"""Paying through PayPal's wire: what is certain, what is not, and that no answer makes us pay twice."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from riviere.payouts import paypal
from riviere.payouts.paypal import OpenAddress, PayPal
from riviere.payouts.provider import Item, ItemStatus, Refused, Standing, Unsure
from sandbox_bench import CLIENT, SECRET, Bench, Door, bench, door

__all__ = ["door"]

ANA = Item("item-1", "ana@example.com", 9_500, "USD", "Your payout")


@pytest.fixture
def made(door: Door, tmp_path: Path) -> Iterator[Bench]:
    with bench(door, tmp_path / "sandbox.sqlite") as one:
        yield one


def to(receiver: str, note: str = "Your payout", number: int = 1) -> Item:
    return Item(f"item-{number}", receiver, 9_500, "USD", note)


def last(made: Bench, reference: str, looks: int = 2) -> ItemStatus:
    """The only item of a batch, at the last of some looks."""
    for _ in range(looks):
        (found,) = made.paypal.items(reference)
    return found


def test_a_payout_is_taken_and_paid_with_its_amount_as_text(made: Bench) -> None:
    reference = made.paypal.submit("batch-1", [ANA])
    waiting = last(made, reference, looks=1)
    assert (waiting.standing, waiting.status) == (Standing.WAITING, "PENDING")
    paid = last(made, reference, looks=1)
    assert paid == ItemStatus(
        "item-1", waiting.reference, Standing.PAID, "SUCCESS", 9_500, "USD", "ana@example.com", None
    )
    (truth,) = made.steering.items()
    assert truth["payout_item"]["amount"] == {"currency": "USD", "value": "95.00"}
    assert truth["payout_item"]["recipient_type"] == "EMAIL"
    assert truth["sender_batch_id"] == "batch-1"


@pytest.mark.parametrize(
    ("receiver", "looks", "standing", "status", "reason"),
    [
        ("ana", 2, Standing.PAID, "SUCCESS", None),
        ("pending", 2, Standing.WAITING, "PENDING", None),
        ("fails", 2, Standing.FAILED, "FAILED", "RECEIVER_ACCOUNT_INVALID"),
        ("unclaimed", 2, Standing.WAITING, "UNCLAIMED", "RECEIVER_UNREGISTERED"),
        ("held", 2, Standing.WAITING, "ONHOLD", "PENDING_RISK_REVIEW"),
        ("blocked", 2, Standing.WAITING, "BLOCKED", "RISK_DECLINE"),
        ("returned", 2, Standing.RETURNED, "RETURNED", "RECEIVER_UNREGISTERED"),
        ("refunded", 2, Standing.RETURNED, "REFUNDED", None),
        ("reversed", 2, Standing.RETURNED, "REVERSED", None),
        ("returned-later", 2, Standing.PAID, "SUCCESS", None),
        ("returned-later", 3, Standing.RETURNED, "RETURNED", "RECEIVER_UNREGISTERED"),
    ],
)
def test_each_of_the_nine_statuses_has_one_meaning(
    made: Bench, receiver: str, looks: int, standing: Standing, status: str, reason: str | None
) -> None:
    found = last(made, made.paypal.submit("batch-1", [to(f"{receiver}@example.com")]), looks)
    assert (found.standing, found.status) == (standing, status)
    assert (found.reason or "").startswith(reason or "")
    assert (found.reason is None) == (reason is None)


@pytest.mark.parametrize(
    ("note", "error", "said"),
    [
        ("ERRPYO001", Unsure, "403, SENDER_RESTRICTED"),
        ("ERRPYO002", Unsure, "403, SENDER_EMAIL_UNCONFIRMED"),
        ("ERRPYO003", Unsure, "403, AUTHORIZATION_ERROR"),
        ("ERRPYO005", Unsure, "422, INSUFFICIENT_FUNDS"),
        ("ERRPYO006", Unsure, "500, INTERNAL_ERROR"),
        ("ERRPYO010", Refused, "VALIDATION_ERROR"),
        ("ERRPYO035", Unsure, "429, RATE_LIMIT_VALIDATION"),
        ("ERRPYO039", Unsure, "409, PREVIOUS_REQUEST_IN_PROGRESS"),
    ],
)
def test_only_what_is_wrong_with_the_payout_refuses_it(
    made: Bench, note: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        made.paypal.submit("batch-1", [to("ana@example.com", note)])
    assert made.steering.items() == []


def test_a_receiver_that_is_none_is_refused_and_not_repeated(made: Bench) -> None:
    with pytest.raises(Refused) as refused:
        made.paypal.submit("batch-1", [to("nobody at all")])
    assert "items[0].receiver" in str(refused.value)
    assert "nobody at all" not in str(refused.value)


def test_our_own_purse_does_not_fail_a_creators_payout(made: Bench) -> None:
    with pytest.raises(Unsure, match="NON_HOLDING_CURRENCY"):
        made.paypal.submit("batch-1", [Item("item-1", "ana@example.com", 9_500, "BRL", "")])


def test_forints_go_whole_or_not_at_all(made: Bench) -> None:
    made.paypal.submit("batch-1", [Item("item-1", "ana@example.com", 950_000, "HUF", "")])
    assert made.steering.items()[0]["payout_item"]["amount"]["value"] == "9500"
    assert made.paypal.items(made.steering.items()[0]["payout_batch_id"])[0].amount == 950_000
    with pytest.raises(Refused, match="whole units"):
        made.paypal.submit("batch-2", [Item("item-1", "ana@example.com", 950_050, "HUF", "")])
    made.paypal.submit("batch-3", [Item("item-1", "ana@example.com", 9_500, "JPY", "")])
    assert made.steering.items()[1]["payout_item"]["amount"]["value"] == "9500"


@pytest.mark.parametrize("kind", ["lost", "late"])
def test_after_a_lost_answer_the_same_batch_is_found_and_nothing_is_paid_twice(made: Bench, kind: str) -> None:
    hasty = PayPal(made.address, CLIENT, SECRET, httpx2.Timeout(0.3))
    made.steering.fault("create", kind, milliseconds=900)
    with hasty, pytest.raises(Unsure):
        hasty.submit("batch-1", [ANA])
    (taken,) = made.steering.items()
    assert made.paypal.submit("batch-1", [ANA]) == taken["payout_batch_id"]
    assert made.paypal.submit("batch-1", [ANA]) == taken["payout_batch_id"]
    assert len(made.steering.items()) == 1


@pytest.mark.parametrize("kind", ["error", "dropped"])
def test_after_a_failure_before_anything_was_done_the_same_batch_is_taken_once(made: Bench, kind: str) -> None:
    made.steering.fault("create", kind, times=2, status=503)
    for _ in range(2):
        with pytest.raises(Unsure):
            made.paypal.submit("batch-1", [ANA])
    assert made.steering.items() == []
    made.paypal.submit("batch-1", [ANA])
    assert len(made.steering.items()) == 1


def test_a_batch_that_is_not_ours_is_not_taken_for_ours(made: Bench) -> None:
    made.paypal.submit("batch-1", [ANA])
    for other in (
        [to("ana@example.com", number=2)],
        [to("ben@example.com")],
        [msgspec.structs.replace(ANA, amount=9_501)],
        [msgspec.structs.replace(ANA, currency="EUR")],
        [ANA, to("ben@example.com", number=2)],
    ):
        with pytest.raises(Unsure, match="other payouts"):
            made.paypal.submit("batch-1", other)
    assert len(made.steering.items()) == 1
    assert made.paypal.submit("batch-1", [msgspec.structs.replace(ANA, receiver="Ana@Example.com")])


def test_a_large_batch_is_read_page_by_page(made: Bench) -> None:
    many = [to("ana@example.com", number=number) for number in range(2_001)]
    reference = made.paypal.submit("batch-1", many)
    assert {one.id for one in made.paypal.items(reference)} == {one.id for one in many}
    assert {one.standing for one in made.paypal.items(reference)} == {Standing.PAID}
    assert made.paypal.submit("batch-1", many) == reference


def test_only_an_unclaimed_payout_can_be_taken_back(made: Bench) -> None:
    waiting = last(made, made.paypal.submit("batch-1", [to("unclaimed@example.com")]))
    made.steering.fault("cancel", "lost")
    with pytest.raises(Unsure):
        made.paypal.cancel(waiting.reference)
    back = made.paypal.cancel(waiting.reference)
    assert (back.id, back.standing, back.status) == ("item-1", Standing.RETURNED, "RETURNED")
    paid = last(made, made.paypal.submit("batch-2", [to("ana@example.com", number=2)]))
    with pytest.raises(Refused, match="ITEM_INCORRECT_STATUS"):
        made.paypal.cancel(paid.reference)
    with pytest.raises(Unsure, match="404"):
        made.paypal.cancel("NOBODY")


def test_an_ended_token_is_renewed_unseen(door: Door, tmp_path: Path) -> None:
    at = [datetime(2026, 3, 1, tzinfo=UTC)]
    with bench(door, tmp_path / "sandbox.sqlite", now=lambda: at[0]) as made:
        reference = made.paypal.submit("batch-1", [ANA])
        made.steering.fault("token", "error", times=1)
        assert last(made, reference, looks=1).status == "PENDING"  # the token is kept
        at[0] += timedelta(hours=9)
        with pytest.raises(Unsure, match="no access token, 500"):
            made.paypal.items(reference)
        assert last(made, reference, looks=1).status == "SUCCESS"


def test_wrong_credentials_fail_no_payout_and_are_not_shown(made: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with PayPal(made.address, CLIENT, "a wrong secret") as stranger, pytest.raises(Unsure) as unsure:
        stranger.submit("batch-1", [ANA])
    assert "client id, secret" in str(unsure.value)
    made.paypal.submit("batch-1", [ANA])
    with pytest.raises(Refused):
        made.paypal.submit("batch-2", [to("nobody at all")])
    told = caplog.text + str(unsure.value) + repr(made.paypal) + repr(stranger)
    for secret in ("a wrong secret", SECRET, "Bearer A21", ANA.receiver, "nobody at all"):
        assert secret not in told


def test_credentials_travel_encrypted_or_not_at_all() -> None:
    with pytest.raises(OpenAddress, match=r"api-m\.paypal\.com"):
        PayPal("http://api-m.paypal.com", CLIENT, SECRET)
    PayPal("https://api-m.paypal.com", CLIENT, SECRET).close()


def test_nobody_there_is_no_answer() -> None:
    with PayPal("http://127.0.0.1:9", CLIENT, SECRET) as alone, pytest.raises(Unsure, match="ConnectError"):
        alone.submit("batch-1", [ANA])


def test_many_threads_share_one_client(made: Bench) -> None:
    def pay(number: int) -> str:
        return made.paypal.submit(f"batch-{number % 10}", [to("ana@example.com", number=number % 10)])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(pay, range(40)))) == 10
    assert len(made.steering.items()) == 10


def test_a_denied_batch_says_that_nothing_was_taken(made: Bench) -> None:
    reference = made.paypal.submit("batch-1", [to("fails@example.com")])
    assert last(made, reference).standing is Standing.FAILED
    again = made.paypal.submit("batch-1", [to("fails@example.com")])
    assert again != reference
    assert last(made, again).standing is Standing.FAILED


def test_an_item_listed_twice_counts_once(made: Bench) -> None:
    reference = made.paypal.submit("batch-1", [ANA])
    made.steering.fault("show", "double")
    assert len(made.paypal.items(reference)) == 1


def test_what_paypal_says_of_another_amount_or_receiver_is_passed_on(made: Bench) -> None:
    reference = made.paypal.submit("batch-1", [ANA])
    item = last(made, reference).reference
    made.steering.lie(item, amount={"currency": "EUR", "value": "9.50"}, receiver="eve@example.com")
    told = last(made, reference)
    assert (told.amount, told.currency, told.receiver) == (950, "EUR", "eve@example.com")
    made.steering.lie(item, amount={"currency": "USD", "value": "95.001"})
    with pytest.raises(Unsure, match="amount that is none"):
        made.paypal.items(reference)


class Liar:
    """Gives a token and then one answer, whatever it is asked."""

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        self.status, self.body, self.asked, self.life = status, body, [""], 32_400
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        self.asked.append(scope["path"])
        status, body, headers = self.status, self.body, self.headers
        if scope["path"] == "/v1/oauth2/token":
            status, body, headers = 200, msgspec.json.encode({"access_token": "A21", "expires_in": self.life}), []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def batch(items: Any, name: str = "B1", status: str = "SUCCESS") -> bytes:
    header = {"payout_batch_id": name, "batch_status": status}
    return msgspec.json.encode({"batch_header": header, "items": items})


def listed(status: str | None = "SUCCESS", reference: str = "I1", **change: Any) -> dict[str, Any]:
    amount = {"currency": "USD", "value": "95.00"}
    asked = {"receiver": "ana@example.com", "amount": amount, "sender_item_id": "item-1"}
    told = {"payout_item_id": reference, "payout_batch_id": "B1", "payout_item": asked, **change}
    return told if status is None else {**told, "transaction_status": status}


HTML = b"<html><body>Gateway time-out</body></html>"
DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, HTML),
        (201, b""),
        (201, b"{}"),
        (201, DEEP),
        (201, b'{"batch_header": {"payout_batch_id": "../../oauth2/token", "batch_status": "PENDING"}}'),
        (201, b'{"batch_header": {"payout_batch_id": 7, "batch_status": "PENDING"}}'),
        (201, b"\xff\xfe"),
        (400, HTML),
        (422, b'{"error": "other"}'),
        (400, b'{"name": "USER_BUSINESS_ERROR", "message": "User business error."}'),
        (404, b'{"name": "INVALID_RESOURCE_ID", "message": "none"}'),
        (302, b'{"name": "MOVED", "message": "elsewhere"}'),
        (500, HTML),
    ],
)
def test_a_strange_answer_to_a_batch_is_no_answer(door: Door, status: int, body: bytes) -> None:
    door.behind = liar = Liar(status, body, location="/v1/payments/elsewhere")
    with PayPal(door.address, CLIENT, SECRET) as client, pytest.raises(Unsure):
        client.submit("batch-1", [ANA])
    assert liar.asked == ["", "/v1/oauth2/token", "/v1/payments/payouts"]


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        b"{}",
        batch([listed()], name="B2"),
        batch([listed(payout_batch_id="B2")]),
        batch([{}]),
        batch([listed(reference="../I1")]),
        batch([listed("SUCCESS"), listed("FAILED")]),
        batch([listed(), listed(reference="I2")]),
    ],
)
def test_a_strange_or_contradictory_list_is_no_answer(door: Door, body: bytes) -> None:
    door.behind = Liar(200, body)
    with PayPal(door.address, CLIENT, SECRET) as client, pytest.raises(Unsure):
        client.items("B1")


def test_another_item_than_was_cancelled_is_no_answer(door: Door) -> None:
    door.behind = Liar(200, msgspec.json.encode(listed("RETURNED")))
    with PayPal(door.address, CLIENT, SECRET) as client:
        assert client.cancel("I1").standing is Standing.RETURNED
        with pytest.raises(Unsure, match="another item"):
            client.cancel("I2")


def test_a_link_that_is_not_to_our_batch_leaves_a_refusal_one(door: Door) -> None:
    detail = {"field": "items[0].note", "issue": "bad\n\x1b[31m", "link": [{"href": "/v1/payments/payouts/B1"}]}
    door.behind = Liar(400, msgspec.json.encode({"name": "VALIDATION_ERROR", "details": [detail]}))
    with PayPal(door.address, CLIENT, SECRET) as client, pytest.raises(Refused) as refused:
        client.submit("batch-1", [ANA])
    assert str(refused.value).isprintable()


def test_a_token_is_renewed_before_it_ends(door: Door) -> None:
    door.behind = liar = Liar(200, batch([listed()]))
    with PayPal(door.address, CLIENT, SECRET) as client:
        for _ in range(2):
            client.items("B1")
        assert liar.asked.count("/v1/oauth2/token") == 1
        liar.life = 30
        client._token = ""
        for _ in range(2):
            client.items("B1")
        assert liar.asked.count("/v1/oauth2/token") == 3


@pytest.mark.parametrize(("limit", "least"), [("LONGEST_ANSWER", 100_000), ("LONGEST_WAIT", -1)])
def test_no_more_is_read_than_a_batch_can_say(
    door: Door, monkeypatch: pytest.MonkeyPatch, limit: str, least: int
) -> None:
    monkeypatch.setattr(paypal, limit, least)
    door.behind = Liar(200, b" " * 200_000 + batch([listed()]))
    with PayPal(door.address, CLIENT, SECRET) as client, pytest.raises(Unsure, match="too long"):
        client.items("B1")


@pytest.mark.parametrize(
    ("body", "standings"),
    [
        (batch([]), []),
        (batch(None, status="PENDING"), []),
        (batch([listed(None)]), [Standing.WAITING]),
        (batch([listed(None)], status="DENIED"), [Standing.FAILED]),
        (batch([listed("SUCCESS")], status="DENIED"), [Standing.PAID]),
        (batch([listed("A_NEW_WORD")]), [Standing.WAITING]),
    ],
)
def test_what_paypal_leaves_unsaid_is_waited_for(door: Door, body: bytes, standings: list[Standing]) -> None:
    door.behind = Liar(200, body)
    with PayPal(door.address, CLIENT, SECRET) as client:
        assert [one.standing for one in client.items("B1")] == standings


@pytest.mark.parametrize("status", ["DENIED", "CANCELED"])
def test_a_batch_without_items_that_was_not_processed_is_refused(door: Door, status: str) -> None:
    door.behind = Liar(200, batch([], status=status))
    with PayPal(door.address, CLIENT, SECRET) as client, pytest.raises(Refused, match=status):
        client.items("B1")
