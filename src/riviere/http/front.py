"""What this server keeps in mind between two requests: quotas, figures, which keys are being worked on."""

import asyncio
from typing import Final

from riviere.http.limits import Limiter, Quota
from riviere.http.metrics import Metrics
from riviere.office import Office

#: Seconds over which quotas are counted.
_WINDOW: Final = 60


class Front:
    """The HTTP face of an office."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.limiter = Limiter()
        self.metrics = Metrics(office)
        #: (operation, who acts, idempotency key) of requests that are being worked on.
        self.running: set[tuple[str, str, str]] = set()
        #: Requests that may use the database at once: one connection stays free to see who is asking.
        self.workers = asyncio.Semaphore(office.pool.max_size - 1)
        settings = office.settings
        self.quotas = {
            "backend": Quota("key", settings.key_quota, _WINDOW),
            "operator": Quota("key", settings.key_quota, _WINDOW),
            "user": Quota("user", settings.user_quota, _WINDOW),
            "stranger": Quota("stranger", settings.stranger_quota, _WINDOW),
        }
