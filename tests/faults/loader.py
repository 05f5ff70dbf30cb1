"""A process that sends gifts through BatchWriter and notes each number once it is answered, until it is killed."""

import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from shop import Shop

from riviere.ledger.batch_writer import BatchWriter, Outcome, QueueFull
from riviere.ledger.model import Receipt
from riviere.services import Riviere
from riviere.settings import Settings


def main(folder: Path, first: int, last: int, notes: Path) -> None:
    """Sends gifts `first` to `last` (not included)."""
    noted = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with Riviere(Settings(folder, None)) as riviere:
        shop = Shop(riviere.database, riviere.signer)
        with BatchWriter(riviere.writer, room=3_000) as batches:
            for number, order in zip(range(first, last), shop.gifts(range(first, last)), strict=True):
                while True:
                    try:
                        batches.submit([order], partial(note, noted, number))
                        break
                    except QueueFull:
                        time.sleep(0.001)


def note(noted: int, number: int, outcomes: Sequence[Outcome]) -> None:
    """What became of a gift."""
    (outcome,) = outcomes
    os.write(noted, f"{number} {'ok' if isinstance(outcome, Receipt) else repr(outcome)}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
