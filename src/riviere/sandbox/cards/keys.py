"""Idempotency keys as Stripe documents them (docs.stripe.com/api/idempotent_requests, 2026).

The first answer to a key is kept with what was asked, whether it succeeded or not, and answered again for 24 hours.
An answer is kept only if the endpoint had begun: not where a parameter was wrong, nor where another request with the
same key was still running. The same key with other parameters is an error.
"""

import hashlib
from typing import Final

from riviere.sandbox.cards.answers import Answer, Wrong
from riviere.sandbox.cards.call import Call
from riviere.sandbox.cards.store import Kept

KEPT_SECONDS: Final = 24 * 3600
LONGEST: Final = 255


class Conflict(Wrong):
    """A request with the same key is still under way."""

    def __init__(self, key: str) -> None:
        message = (
            f"There is currently another in-progress request using this Idempotent Key (that probably means you "
            f"submitted twice, and the other request is still going through): {key}. Please try again later."
        )
        super().__init__(409, "idempotency_error", message, began=False, code="idempotency_key_in_use")


def digest(method: str, path: str, said: list[tuple[str, str]]) -> str:
    """What was asked, in few characters: order does not matter."""
    return hashlib.blake2b(repr((method, path, sorted(said))).encode(), digest_size=16).hexdigest()


def kept(call: Call, asked: str) -> Kept | None:
    """The first answer to this call's key, if there is one. Raises Wrong if it answered something else."""
    if call.key is None:
        return None
    if len(call.key) > LONGEST:
        message = f"Idempotency keys have up to {LONGEST} characters."
        raise Wrong(400, "idempotency_error", message, began=False)
    found = call.store.get(Kept, call.key)
    if found is None or call.now - found.at >= KEPT_SECONDS:
        return None
    if found.asked != asked:
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
            f"using a key other than '{call.key}' if you meant to execute a different request."
        )
        raise Wrong(400, "idempotency_error", message, began=False)
    return found


def keep(call: Call, asked: str, answer: Answer) -> None:
    """Keeps the first answer to this call's key, if it has one."""
    if call.key is not None and call.request is not None:
        call.store.put(Kept(call.key, asked, call.now, answer.status, answer.body, call.request))
