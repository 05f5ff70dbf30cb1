"""How many requests somebody may send: a bucket that fills evenly, for each caller, in this process.

The headers are those of the IETF draft "RateLimit header fields for HTTP": `RateLimit-Policy` says the quota and its
window, `RateLimit` what is left and when all of it will be back.
"""

import threading
from collections import OrderedDict
from typing import Final, NamedTuple

#: Callers that are remembered; who has not called for the longest time is forgotten first, with a full bucket.
_MOST_CALLERS: Final = 100_000


class Quota(NamedTuple):
    """`quota` requests in `window` seconds, as the policy `name`."""

    name: str
    quota: int
    window: int


class Left(NamedTuple):
    """What is left of a quota: `remaining` requests, all of them again in `reset` seconds.

    `taken` of the requests that were counted may be answered; `wait` is 0 where that is all of them, else the seconds
    until the next one may be.
    """

    quota: Quota
    taken: int
    remaining: int
    reset: int
    wait: int

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The RateLimit headers."""
        name, quota, window = self.quota
        return [
            (b"ratelimit-policy", f'"{name}";q={quota};w={window}'.encode()),
            (b"ratelimit", f'"{name}";r={self.remaining};t={self.reset}'.encode()),
        ]


class Limiter:
    """Buckets by caller. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: For each caller when their bucket will be full again, in seconds of a clock that only goes forward.
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, caller: str, quota: Quota, now: float, many: int = 1) -> Left:
        """Up to `many` requests of `caller` at `now`, in seconds of any clock that only goes forward."""
        each = quota.window / quota.quota
        with self._lock:
            full_at = max(self._full_at.get(caller, now), now)
            room = int((now + quota.window - full_at) / each + 1e-9)
            taken = min(many, room)
            if taken > 0:
                full_at += taken * each
                self._full_at[caller] = full_at
                self._full_at.move_to_end(caller)
                if len(self._full_at) > _MOST_CALLERS:
                    self._full_at.popitem(last=False)
        late = full_at + each - now - quota.window
        wait = 0 if taken == many else max(1, -int(-late // 1))
        return Left(quota, taken, room - taken, -int(-(full_at - now) // 1), wait)
