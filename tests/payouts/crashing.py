"""A process that pays out and dies at the n-th thing it does outside itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from payees import Bank, Payees

from fuses import Crash, CrashingConnection, CrashingWriter, Fuse
from riviere.payouts.provider import Item, ItemStatus


class CrashingBank:
    """Dies before the provider was asked, or after it answered."""

    name = "bank"

    def __init__(self, real: Bank, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def submit(self, batch: str, items: Sequence[Item]) -> str:
        self._fuse.burn()
        reference = self._real.submit(batch, items)
        self._fuse.burn()
        return reference

    def items(self, reference: str) -> list[ItemStatus]:
        self._fuse.burn()
        statuses = self._real.items(reference)
        self._fuse.burn()
        return statuses

    def cancel(self, item_reference: str) -> ItemStatus:
        return self._real.cancel(item_reference)


@contextmanager
def crashing_after(payees: Payees, acts: int) -> Iterator[Fuse]:
    """Everything the block does through `payees` dies at that many acts, if it gets that far."""
    fuse = Fuse(acts)
    kept = payees.connection, payees.writer, payees.bank
    mortal: Any = payees
    mortal.connection = CrashingConnection(payees.connection, fuse)
    mortal.writer = CrashingWriter(payees.writer, fuse)
    mortal.bank = CrashingBank(payees.bank, fuse)
    try:
        yield fuse
    except Crash:
        pass
    finally:
        payees.connection, payees.writer, payees.bank = kept
