"""When a request is sent again, and how long to wait before. Pure: outcome in, milliseconds out.

Waits double from a tenth of a second, half of each by chance so that many clients do not come back at once. What the
server asks for in Retry-After is waited for in full.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import msgspec

from riviere.client.call import Call

#: The first wait, and the longest that this side chooses, in milliseconds.
FIRST: Final = 100
LONGEST: Final = 5_000

#: Nothing of the request has arrived.
_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
#: Not now: of the server's own (503), or of what stands before it.
_LATER: Final = frozenset({502, 503, 504})

Outcome = httpx2.Response | httpx2.RequestError


@dataclass
class Tries:
    """The tries of one call: at most `attempts`, and none that would begin later than `deadline` ms after the first."""

    call: Call[Any]
    attempts: int
    deadline: int
    draw: Callable[[], int]
    """A whole number from 0 to 65,535, by chance."""
    done: int = 0

    def wait(self, outcome: Outcome, passed: int) -> int | None:
        """Milliseconds until the next try, `passed` ms after the first began; None where `outcome` is the last word."""
        self.done += 1
        if self.done >= self.attempts or not self._again(outcome):
            return None
        chosen = min(FIRST << self.done - 1, LONGEST)
        wait = chosen // 2 + chosen * self.draw() // (2 * 65_536)
        wait += _asked(outcome)
        return wait if passed + wait < self.deadline else None

    def _again(self, outcome: Outcome) -> bool:
        if isinstance(outcome, httpx2.RequestError):
            return self.call.repeatable or isinstance(outcome, _NOT_SENT)
        if outcome.status_code == 409:
            return _code(outcome) == "still_running"
        return outcome.status_code == 429 or (self.call.repeatable and outcome.status_code in _LATER)


class _Coded(msgspec.Struct):
    code: str = ""


def _code(response: httpx2.Response) -> str:
    """The code of a problem document; empty for what is none."""
    try:
        return msgspec.json.decode(response.content, type=_Coded).code
    except ValueError:
        return ""


def _asked(outcome: Outcome) -> int:
    """What Retry-After asks for, in milliseconds; Riviere says seconds, so a date asks for nothing."""
    text = outcome.headers.get("retry-after", "") if isinstance(outcome, httpx2.Response) else ""
    return int(text[:9]) * 1000 if text.isascii() and text.isdigit() else 0
