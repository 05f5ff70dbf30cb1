"""What PayPal Payouts v1 says and is told, as far as Riviere reads it: pure forms, from its OpenAPI document 1.9.

Unknown fields are let through, since PayPal adds some without notice; a missing or misshapen known one is an error.
"""

import re
from typing import Annotated, Final, TypeVar

import msgspec

from riviere.payouts.provider import Standing

#: PayPal's ids are up to 30 characters (payout_batch_id, payout_item_id); they become part of an address.
Reference = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,30}$")]

#: What PayPal's word for an item means to Riviere. FAILED alone says that nothing was taken from us. UNCLAIMED and
#: ONHOLD may still be paid. So may BLOCKED, which PayPal does not explain: money that the law makes it block is
#: neither paid nor given back, so nothing is booked until it says another word or a person decides.
STANDINGS: Final = {
    "SUCCESS": Standing.PAID,
    "FAILED": Standing.FAILED,
    "PENDING": Standing.WAITING,
    "UNCLAIMED": Standing.WAITING,
    "ONHOLD": Standing.WAITING,
    "BLOCKED": Standing.WAITING,
    "RETURNED": Standing.RETURNED,
    "REFUNDED": Standing.RETURNED,
    "REVERSED": Standing.RETURNED,
}

#: A batch in one of these moved nothing, whatever its items leave unsaid.
NOT_PROCESSED: Final = frozenset({"DENIED", "CANCELED"})

#: Errors of a request that say nothing about the payout, only that our own account cannot pay just now.
OUR_ACCOUNT: Final = frozenset({"INSUFFICIENT_FUNDS", "NON_HOLDING_CURRENCY"})

#: Currencies whose amounts PayPal takes without decimals, though ISO 4217 gives them some (PayPal's currency codes).
WHOLE: Final = frozenset({"HUF"})


class Token(msgspec.Struct):
    """An access token and its life in seconds."""

    access_token: str
    expires_in: int


class Money(msgspec.Struct):
    """An amount as PayPal writes it: decimal text and a currency's code."""

    currency: str
    value: str


class PayoutItem(msgspec.Struct):
    """What we asked for, as PayPal says it back."""

    receiver: str
    amount: Money
    sender_item_id: str


class Link(msgspec.Struct):
    """Where something is."""

    href: str


class Detail(msgspec.Struct):
    """One thing that is wrong with a request; a used sender_batch_id is said with a link to its batch."""

    field: str = ""
    issue: str = ""
    link: list[Link] = []


class Error(msgspec.Struct):
    """PayPal's error, of a request or of an item."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    message: str = ""
    details: list[Detail] | None = None


class BatchItem(msgspec.Struct):
    """An item as PayPal has it."""

    payout_item_id: Reference
    payout_batch_id: Reference
    payout_item: PayoutItem
    transaction_status: str | None = None
    errors: Error | None = None


class BatchHeader(msgspec.Struct):
    """A batch's id and status."""

    payout_batch_id: Reference
    batch_status: str


class Created(msgspec.Struct):
    """The answer to a batch that was taken."""

    batch_header: BatchHeader


class Batch(msgspec.Struct):
    """A batch and a page of its items."""

    batch_header: BatchHeader
    items: list[BatchItem] | None = None


Form = TypeVar("Form", Token, Created, Batch, BatchItem, Error)

_LAST_PART = re.compile(r"/v1/payments/payouts/([A-Za-z0-9_-]{1,30})/?$")


def read(body: bytes, form: type[Form]) -> Form | None:
    """`body` in that form, or nothing where it is not."""
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def first_batch(error: Error) -> str | None:
    """The batch that already has our sender_batch_id, by the link of the detail that says so; only its last part."""
    for detail in error.details or ():
        if detail.field.upper() == "SENDER_BATCH_ID":
            for link in detail.link:
                if found := _LAST_PART.search(link.href):
                    return found[1]
    return None


def sentence(error: Error) -> str:
    """The error for a person: its name, its message and what is wrong where, short."""
    issues = "; ".join(f"{detail.field}: {detail.issue}" for detail in (error.details or ())[:3])
    text = f"{error.name}: {error.message}" + (f" ({issues})" if issues else "")
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable if len(printable) <= 300 else printable[:297] + "..."
