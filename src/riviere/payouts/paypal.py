"""PayPal Payouts v1 as a payout provider, over its wire: asks, reads carefully, and says what is certain.

Certain is little. A batch is Refused only where PayPal itself says in an error of its own that it did not take it, and
that the payout is at fault. Whatever else goes wrong (no answer, an answer that is not PayPal's, our own credentials
or balance) is Unsure: the same sender_batch_id asked again finds the first batch, for 30 days. It alone keeps a
batch from being paid twice; a PayPal-Request-Id replays nothing (measured by others, 2026), so none is sent.
"""

from collections.abc import Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import Any, Final, Self

import httpx2
import msgspec

from riviere import money
from riviere.errors import RiviereError
from riviere.payouts.paypal_wire import (
    NOT_PROCESSED,
    OUR_ACCOUNT,
    STANDINGS,
    WHOLE,
    Batch,
    BatchItem,
    Created,
    Error,
    Form,
    Token,
    first_batch,
    read,
    sentence,
)
from riviere.payouts.provider import Item, ItemStatus, Refused, Standing, Unsure

#: Seconds until a connection, until the next bytes of an answer, and until all of it is there.
TIMEOUT: Final = httpx2.Timeout(30, connect=5)
LONGEST_WAIT: Final = 120
#: Items a page (PayPal's most), pages a batch of 15,000 items has, and the longest answer that is read (bytes).
PAGE: Final = 1000
PAGES: Final = 15
LONGEST_ANSWER: Final = 2**23
#: A token is renewed so many seconds before it ends.
EARLY: Final = 60

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_JSON = {"content-type": "application/json"}
# What is not packed cannot unpack into more than we read.
_PLAIN = {"accept-encoding": "identity"}


class OpenAddress(RiviereError):
    """{address} would carry payout credentials in the clear; use an https address."""

    code = "open_address"


class Answer(msgspec.Struct, frozen=True):
    """A status and what came with it."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the call was done."""
        return 200 <= self.status < 300


class PayPal:
    """A provider at `base_url` (https, or on this machine). `timeout` is how long an answer is waited for.

    Safe between threads; `close` it, or use it in a with statement. Raises OpenAddress.
    """

    name = "paypal"

    def __init__(self, base_url: str, client_id: str, secret: str, timeout: httpx2.Timeout = TIMEOUT) -> None:
        try:
            url = httpx2.URL(base_url)
        except httpx2.InvalidURL:
            url = httpx2.URL()
        if not url.host or (url.scheme != "https" and url.host not in _LOCAL):
            raise OpenAddress(address=url.host or repr(base_url)[:60])
        self._http = httpx2.Client(base_url=url, timeout=timeout, follow_redirects=False, headers=_PLAIN)
        self._credentials = httpx2.BasicAuth(client_id, secret)
        self._lock = Lock()
        self._token = ""
        self._renewed_at = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def submit(self, batch: str, items: Sequence[Item]) -> str:
        """Asks for the payouts; the reference is PayPal's payout_batch_id, the first one's for a repeated `batch`.

        Raises Refused where PayPal rejected the batch for what is in it, Unsure for everything else.
        """
        told = {
            "sender_batch_header": {"sender_batch_id": batch, "recipient_type": "EMAIL"},
            "items": [_wanted(item) for item in items],
        }
        answer = self._call("POST", "/v1/payments/payouts", told)
        if answer.ok:
            return self._read(answer, Created).batch_header.payout_batch_id
        error = self._error(answer)
        if answer.status == 400 and (first := first_batch(error)):
            return self._ours(first, items)
        # USER_BUSINESS_ERROR is PayPal's word for a used sender_batch_id too, and then this batch is not refused.
        at_fault = error.name not in OUR_ACCOUNT | {"USER_BUSINESS_ERROR"}
        if answer.status in (400, 422) and at_fault:
            raise Refused(reason=sentence(error))
        raise Unsure(reason=_said(answer, error))

    def items(self, reference: str) -> list[ItemStatus]:
        """What PayPal says of every item of a batch. One that is not listed yet is waiting.

        Raises Refused where PayPal denied the whole batch and lists nothing, Unsure where it cannot be asked or
        contradicts itself.
        """
        found: dict[str, ItemStatus] = {}
        for page in range(1, PAGES + 1):
            query = {"page": str(page), "page_size": str(PAGE)}
            batch = self._read(self._call("GET", f"/v1/payments/payouts/{reference}", query=query), Batch)
            status, listed = batch.batch_header.batch_status, batch.items or []
            if {batch.batch_header.payout_batch_id, *(item.payout_batch_id for item in listed)} != {reference}:
                raise Unsure(reason="PayPal answered with another batch than it was asked for")
            for item in listed:
                one = _standing(item, status)
                if found.setdefault(one.id, one) != one:
                    raise Unsure(reason="PayPal says two things of one item")
            if len(listed) < PAGE:
                break
        if not found and status in NOT_PROCESSED:
            raise Refused(reason=f"PayPal did not process the batch: {status}")
        return list(found.values())

    def cancel(self, item_reference: str) -> ItemStatus:
        """Takes back an unclaimed item. Raises Refused where it is not unclaimed, Unsure for everything else."""
        where = f"/v1/payments/payouts-item/{item_reference}"
        answer = self._call("POST", f"{where}/cancel", {})
        if not answer.ok:
            error = self._error(answer)
            if error.name == "ITEM_ALREADY_CANCELLED":  # by us, and the answer was lost
                answer = self._call("GET", where)
            elif answer.status in (400, 422):
                raise Refused(reason=sentence(error))
        item = self._read(answer, BatchItem)
        if item.payout_item_id != item_reference:
            raise Unsure(reason="PayPal answered with another item than it was asked for")
        return _standing(item, "")

    def _ours(self, reference: str, items: Sequence[Item]) -> str:
        """The batch that PayPal took under our id before, once it is seen to hold what we ask for now."""
        wanted = {(item.id, item.amount, item.currency, item.receiver.lower()) for item in items}
        there = self.items(reference)
        if {(one.id, one.amount, one.currency, one.receiver.lower()) for one in there} != wanted:
            raise Unsure(reason=f"PayPal has other payouts, or not all of them yet, in its batch {reference}")
        return reference

    def _call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Answer:
        """One call with a token; a token that PayPal no longer takes is renewed once."""
        content = None if body is None else msgspec.json.encode(body)
        request = self._http.build_request(method, path, content=content, params=query, headers=_JSON)
        used = self._access(rejected=None)
        for last in (False, True):
            request.headers["authorization"] = f"Bearer {used}"
            answer = self._send(request)
            if answer.status != 401 or last:
                break
            used = self._access(rejected=used)
        return answer

    def _access(self, rejected: str | None) -> str:
        """A token, and a new one where the old one is `rejected` or ends soon."""
        with self._lock:
            if not self._token or self._token == rejected or monotonic() >= self._renewed_at:
                asked = self._http.build_request("POST", "/v1/oauth2/token", data={"grant_type": "client_credentials"})
                answer = self._send(asked, self._credentials)
                if not answer.ok:
                    raise Unsure(reason=f"PayPal gave no access token, {answer.status}{_hint(answer)}")
                token = self._read(answer, Token)
                self._token, self._renewed_at = token.access_token, monotonic() + token.expires_in - EARLY
            return self._token

    def _send(self, request: httpx2.Request, auth: httpx2.Auth | None = None) -> Answer:
        """Sends it and reads at most LONGEST_ANSWER bytes. Raises Unsure where no whole answer comes."""
        end = monotonic() + LONGEST_WAIT
        try:
            response = self._http.send(request, auth=auth, stream=True)
            try:
                body = bytearray()
                for piece in response.iter_raw():
                    body += piece
                    if len(body) > LONGEST_ANSWER or monotonic() > end:
                        raise Unsure(reason="PayPal's answer is too long, or too slow, to be one")
            finally:
                response.close()
        except httpx2.TimeoutException:
            raise Unsure(reason="PayPal did not answer in time") from None
        except httpx2.HTTPError as problem:
            raise Unsure(reason=f"no whole answer from PayPal: {type(problem).__name__}") from None
        return Answer(response.status_code, bytes(body))

    def _read(self, answer: Answer, form: type[Form]) -> Form:
        if not answer.ok:
            raise Unsure(reason=_said(answer, self._error(answer)))
        found = read(answer.body, form)
        if found is None:
            raise Unsure(reason=f"PayPal's answer, {answer.status}, is not of the form it documents")
        return found

    def _error(self, answer: Answer) -> Error:
        """PayPal's own error. Raises Unsure where the answer is somebody else's: a proxy's page, a redirect."""
        found = read(answer.body, Error)
        if found is None:
            raise Unsure(reason=f"an answer that is not PayPal's, {answer.status}")
        return found


def _said(answer: Answer, error: Error) -> str:
    return f"PayPal answered {answer.status}, {sentence(error)}{_hint(answer)}"


def _hint(answer: Answer) -> str:
    return ": check PayPal's client id, secret and permissions" if answer.status in (401, 403) else ""


def _wanted(item: Item) -> dict[str, Any]:
    value = money.plain(item.amount, item.currency)
    if item.currency in WHOLE:
        whole, _, rest = value.partition(".")
        if rest.strip("0"):
            raise Refused(reason=f"PayPal pays {item.currency} in whole units only, not {value}")
        value = whole
    return {
        "sender_item_id": item.id,
        "receiver": item.receiver,
        "amount": {"currency": item.currency, "value": value},
        "note": item.note,
    }


def _standing(item: BatchItem, batch_status: str) -> ItemStatus:
    """An item in Riviere's words. Raises Unsure for an amount that is none."""
    asked = item.payout_item
    silent = "FAILED" if batch_status in NOT_PROCESSED else "PENDING"
    status = item.transaction_status or silent
    # A word that PayPal has added since is no reason to book anything.
    standing = STANDINGS.get(status, Standing.WAITING)
    try:
        amount = money.parse(asked.amount.value, asked.amount.currency)
    except RiviereError:
        raise Unsure(reason=f"PayPal gives an amount that is none for item {asked.sender_item_id}") from None
    return ItemStatus(
        asked.sender_item_id,
        item.payout_item_id,
        standing,
        status,
        amount,
        asked.amount.currency,
        asked.receiver,
        sentence(item.errors) if item.errors and standing is not Standing.PAID else None,
    )
