"""What was found lately, kept for a while: bounded in time and in number, for any thread."""

import threading
from datetime import datetime
from typing import Generic, TypeVar

Name = TypeVar("Name")
Found = TypeVar("Found")


class Recent(Generic[Name, Found]):
    """Up to `most` things by name; when there are more, those kept first go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Name, tuple[datetime, datetime, Found]] = {}
        self._lock = threading.Lock()

    def get(self, name: Name, now: datetime) -> Found | None:
        """What is kept under a name, unless its time is over; or has not come, as when a clock was set back."""
        kept = self._kept.get(name)  # one step of the interpreter, so it needs no lock
        return kept[2] if kept is not None and kept[0] <= now < kept[1] else None

    def keep(self, name: Name, found: Found, now: datetime, until: datetime) -> None:
        """Keeps something before `until`, in the place of what was there."""
        with self._lock:
            self._kept.pop(name, None)
            while len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = (now, until, found)

    def forget(self, name: Name) -> None:
        """Keeps what is under a name no longer."""
        with self._lock:
            self._kept.pop(name, None)
