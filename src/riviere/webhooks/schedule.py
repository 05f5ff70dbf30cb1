"""When a delivery is tried again. Pure.

What spreads the tries is a hash of what is tried, so that many that failed together do not all come back together.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Final

#: What passes before each try, after the one before it: the example schedule of Standard Webhooks 1.0.
DELAYS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
#: A delay is made longer by up to this many percent of it.
JITTER: Final = 10

#: The longest that a receiver's Retry-After is honoured for.
LONGEST_WAIT: Final = timedelta(hours=24)

#: An endpoint that took nothing for this long, however often it was tried, is disabled.
PATIENCE: Final = timedelta(days=5)


def next_try(event: str, failures: int, retry_after: str | None, now: datetime) -> datetime | None:
    """When to try again after so many failures in a row; None where that was the last one.

    `retry_after` is the header as it came; it can only make the wait longer, up to LONGEST_WAIT.
    """
    if failures >= len(DELAYS):
        return None
    delay = DELAYS[failures]
    draw = int.from_bytes(blake2b(f"{event} {failures}".encode(), digest_size=4).digest()) % 1_000
    delay += delay * JITTER * draw // 100_000
    return now + max(delay, min(_asked(retry_after, now), LONGEST_WAIT))


def _asked(retry_after: str | None, now: datetime) -> timedelta:
    """What Retry-After asks for: seconds, or an HTTP date. Anything else asks for nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return timedelta(0)
    return (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
