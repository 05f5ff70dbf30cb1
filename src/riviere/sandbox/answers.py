"""What a PayPal server answers: a status and a JSON body, and the shape of its errors."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from riviere import ids

_MORE = "https://developer.paypal.com/docs/api/payments.payouts-batch/#errors"


class Answer(NamedTuple):
    """An HTTP status and what its body says."""

    status: int
    body: Any


class Wrong(Exception):
    """The request is answered with an error of PayPal's: its status, name and message, and what is wrong where."""

    def __init__(self, status: int, name: str, message: str, details: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(name)
        self.answer = Answer(
            status,
            {
                "name": name,
                "message": message,
                "debug_id": ids.salt(7).hex()[:13],
                "information_link": _MORE,
                "details": list(details),
                "links": [],
            },
        )


def issue(field: str, problem: str, **more: Any) -> dict[str, Any]:
    """One thing that is wrong with a field of the body."""
    return {"field": field, "location": "body", "issue": problem, **more}


def invalid(details: Sequence[dict[str, Any]]) -> Wrong:
    """Some fields of the body are wrong."""
    return Wrong(400, "VALIDATION_ERROR", "Invalid request - see details", details)


def malformed() -> Wrong:
    """The body is no JSON, or not of the form that is asked for."""
    return Wrong(400, "INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema.")


def missing() -> Wrong:
    """There is no such batch, item or address."""
    return Wrong(404, "INVALID_RESOURCE_ID", "Requested resource ID was not found.")


def stranger() -> Wrong:
    """The token is missing, unknown or too old."""
    message = "Authentication failed due to missing authorization header, or invalid authentication credentials."
    return Wrong(401, "AUTHENTICATION_FAILURE", message)


#: PayPal's negative tests, by the note of the first item (developer.paypal.com/api/payouts/test-values, May 2026).
#: Statuses as measured against PayPal's sandbox in 2026; those of 035 and 039 follow from their names.
NEGATIVE_TESTS = {
    "ERRPYO001": (403, "SENDER_RESTRICTED", "Authorization error occurred"),
    "ERRPYO002": (403, "SENDER_EMAIL_UNCONFIRMED", "Authorization error occurred"),
    "ERRPYO003": (403, "AUTHORIZATION_ERROR", "Authorization error occurred"),
    "ERRPYO005": (422, "INSUFFICIENT_FUNDS", "Sender does not have sufficient funds. Please add funds and retry."),
    "ERRPYO006": (500, "INTERNAL_ERROR", "An internal service error has occurred."),
    "ERRPYO010": (400, "VALIDATION_ERROR", "Invalid request - see details"),
    "ERRPYO035": (429, "RATE_LIMIT_VALIDATION", "Too many requests. Blocked due to rate limiting."),
    "ERRPYO039": (409, "PREVIOUS_REQUEST_IN_PROGRESS", "A previous request on this resource is in progress."),
}

#: What PayPal says of an item that ended so (names and sentences as its sandbox answered in 2026, where seen).
ITEM_ERRORS = {
    "FAILED": ("RECEIVER_ACCOUNT_INVALID", "Receiver's account is invalid."),
    "UNCLAIMED": ("RECEIVER_UNREGISTERED", "The recipient for this payout does not have an account."),
    "RETURNED": ("RECEIVER_UNREGISTERED", "The recipient has not claimed this payout."),
    "ONHOLD": ("PENDING_RISK_REVIEW", "This payout request is being reviewed and is on hold."),
    "BLOCKED": ("RISK_DECLINE", "This payout request has been blocked."),
}


def item_error(status: str) -> dict[str, Any]:
    """The `errors` of an item in that status, as a field of the item; nothing where all is well."""
    if status not in ITEM_ERRORS:
        return {}
    name, message = ITEM_ERRORS[status]
    return {"errors": {"name": name, "message": message, "information_link": _MORE, "details": [], "links": []}}
