"""What this server keeps in mind between two requests: quotas, figures, which keys are being worked on."""

import asyncio
import time
from typing import Final

from riviere.access.gate import Principal
from riviere.http.limits import Left, Limiter, Quota
from riviere.http.metrics import Metrics
from riviere.http.tray import Tray
from riviere.office import Office

#: Seconds over which quotas are counted.
_WINDOW: Final = 60


class Front:
    """The HTTP face of an office."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._limiter = Limiter()
        self.tray = Tray(office.desk)
        self.metrics = Metrics(office, self.tray)
        #: (operation, who acts, idempotency key) of requests that are being worked on.
        self.running: set[tuple[str, str, str]] = set()
        #: Requests that may use the database at once: one connection stays free to see who is asking.
        self.workers = asyncio.Semaphore(office.pool.max_size - 1)
        settings = office.settings
        self._of_keys = Quota("key", settings.key_quota, _WINDOW)
        self._of_users = Quota("user", settings.user_quota, _WINDOW)
        self._of_strangers = Quota("stranger", settings.stranger_quota, _WINDOW)

    def count(self, caller: Principal, many: int = 1) -> Left:
        """One request of this caller, or `many` lines of a bulk request."""
        if caller.key is None:
            return self._limiter.take(f"user {caller.name}", self._of_users, time.monotonic(), many)
        return self._limiter.take(f"key {caller.key}", self._of_keys, time.monotonic(), many)

    def count_stranger(self, address: str) -> Left:
        """One request from this address by somebody who could not say who they are."""
        return self._limiter.take(f"stranger {address}", self._of_strangers, time.monotonic())
