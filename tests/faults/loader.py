"""A process that sends gifts through BatchWriter and notes each number once it is answered, until it is killed."""

import os
import sys
import time
from concurrent.futures import Future
from pathlib import Path

from shop import Shop

from riviere.ledger.model import Receipt
from riviere.ledger.writer import BatchWriter, QueueFull
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
                        future = batches.submit(order)
                        break
                    except QueueFull:
                        time.sleep(0.001)

                def note(answered: Future[Receipt], number: int = number) -> None:
                    problem = answered.exception()
                    os.write(noted, f"{number} {'ok' if problem is None else repr(problem)}\n".encode())

                future.add_done_callback(note)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
