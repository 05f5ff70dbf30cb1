"""The process of the gift desk: `python -m riviere.economy.apart.child`, begun by `desk.py` with a socket.

A gift comes here from `link.py` and goes to `economy/desk.py`. There is no other way to stop it than the end of that
socket: when the server hangs up, or is gone, what was taken is written, and the process ends.
"""

import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from psycopg import OperationalError

from riviere.database.connection import DatabaseUnreachable, first_line
from riviere.database.database import Database
from riviere.database.folder import DataFolder
from riviere.economy.apart import frames
from riviere.economy.desk import GiftDesk
from riviere.errors import RiviereError
from riviere.ledger.batch_writer import BatchWriter, Outcome
from riviere.ledger.writer import Writer
from riviere.process import settle, to_standard_error

#: Bytes that are read at once.
_READ: Final = 2**18

_LOG = structlog.get_logger("riviere.desk")


def main() -> None:
    """Takes gifts from the socket whose number the command line names."""
    for told in (signal.SIGINT, signal.SIGTERM):  # where all processes of a server are told to stop, it stops last
        signal.signal(told, signal.SIG_IGN)
    to_standard_error(everything=False)
    with socket.socket(fileno=int(sys.argv[1])) as server:
        try:
            _take(server)
        except Exception:
            _LOG.exception("the gift desk broke")
            sys.exit(1)


def _take(server: socket.socket) -> None:
    said = _frames(server)
    first = next(said, None)
    if first is None:
        return
    opening = frames.opening(first)
    speaking = threading.Lock()
    # Shared with the server's own lock on the folder: it outlives a server that was killed until all is written.
    with DataFolder.open(Path(opening.data)) as folder:
        database = Database(folder, opening.dsn, is_embedded=opening.is_embedded)
        writer = BatchWriter(Writer(database.connect))
        desk = GiftDesk(partial(database.connect, autocommit=True), writer)
        settle()
        with closing(desk), writer:
            for body in said:
                asked = frames.asked(body)
                answer = partial(_answer, server, speaking, asked.number)
                try:
                    desk.submit(asked.gifts, answer)
                except RiviereError as refused:
                    answer([refused] * len(asked.gifts))


def _frames(server: socket.socket) -> Iterator[memoryview]:
    """What the server says, until it hangs up or is gone."""
    splitter = frames.Splitter()
    with suppress(ConnectionError):
        while data := server.recv(_READ):
            yield from splitter.feed(data)


def _answer(server: socket.socket, speaking: threading.Lock, number: int, outcomes: Sequence[Outcome]) -> None:
    """Waits where the server does not listen: nobody else is served here."""
    frame = frames.answer(number, [_told(outcome) for outcome in outcomes])
    with speaking, suppress(OSError):  # nobody is there to hear it; the gifts stand all the same
        server.sendall(frame)


def _told(outcome: Outcome) -> Outcome:
    """What the server may hear; the log has the rest."""
    if isinstance(outcome, RiviereError) or not isinstance(outcome, Exception):
        return outcome
    if isinstance(outcome, OperationalError):
        return DatabaseUnreachable(reason=first_line(outcome))
    _LOG.error("broken", exc_info=outcome)
    return outcome


if __name__ == "__main__":
    main()
