"""A process that dies at the n-th thing it does outside itself: before it, or after it was done and nobody heard."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class Crash(BaseException):
    """The process is gone; nothing in it gets to say so."""


class Fuse:
    """Burns down with every act, and blows at 0."""

    def __init__(self, left: int) -> None:
        self.left = left

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Crash


class CrashingConnection:
    """Statements die before they run; a transaction dies at its commit, before or after."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def execute(self, *arguments: Any, **named: Any) -> Any:
        self._fuse.burn()
        return self._real.execute(*arguments, **named)

    def cursor(self, *arguments: Any, **named: Any) -> Any:
        self._fuse.burn()
        return self._real.cursor(*arguments, **named)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._real.transaction():
            yield
            self._fuse.burn()
        self._fuse.burn()


class CrashingWriter:
    """Dies before the ledger has written, or after."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def write(self, orders: Sequence[Any]) -> Any:
        self._fuse.burn()
        answers = self._real.write(orders)
        self._fuse.burn()
        return answers
