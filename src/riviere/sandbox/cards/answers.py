"""What a Stripe server answers: a status and a JSON body, and the shape of its errors."""

from typing import Any, NamedTuple


class Answer(NamedTuple):
    """An HTTP status and what its body says."""

    status: int
    body: Any


class Wrong(Exception):
    """The request is answered with an error of Stripe's: its status, type and sentence, and what else it says.

    `began` says whether the endpoint had begun to work: only then does Stripe keep the answer for the request's
    idempotency key.
    """

    def __init__(self, status: int, kind: str, message: str, *, began: bool = True, **more: Any) -> None:
        super().__init__(message)
        self.answer = Answer(status, {"error": {"message": message, "type": kind, **more}})
        self.began = began


def invalid(message: str, param: str | None = None, code: str | None = None) -> Wrong:
    """A parameter is wrong: nothing has begun, so nothing is kept."""
    said = {name: value for name, value in (("code", code), ("param", param)) if value is not None}
    return Wrong(400, "invalid_request_error", message, began=False, **said)


def refused(message: str, code: str, **more: Any) -> Wrong:
    """The parameters are right, but the thing is in no state for it."""
    return Wrong(400, "invalid_request_error", message, code=code, **more)


def missing(what: str, name: str, param: str = "id") -> Wrong:
    """There is no object of that kind and id (docs.stripe.com/error-codes: resource_missing)."""
    message = f"No such {what}: '{name}'"
    return Wrong(404, "invalid_request_error", message, began=False, code="resource_missing", param=param)


def nowhere(method: str, path: str) -> Wrong:
    """There is no such address."""
    return Wrong(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).", began=False)


def stranger(key: str | None) -> Wrong:
    """The key is missing, wrong, or may not do this."""
    if key is None:
        message = "You did not provide an API key. You need to provide your API key in the Authorization header."
    else:
        message = f"Invalid API Key provided: {key[:8]}{'*' * 8}{key[-4:] if len(key) > 16 else ''}"
    return Wrong(401, "invalid_request_error", message, began=False)
