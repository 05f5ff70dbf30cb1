"""HTTP/1.1 as uvicorn speaks it, with limits that it leaves to others: how large a head is, how slowly bytes move.

And with a saving: uvicorn writes a head and a body apart, each a call of the system that takes as long as a fifth of
everything else that a request needs. Here they go together.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from riviere import ids
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.http.dispatch import refusal

#: Bytes of a request's first line and headers. A user's token takes about 2,000, a cookie of another site 4,000.
MOST_HEAD: Final = 64 * 1024
#: Seconds that a head may take to arrive, from its first byte or that of the connection.
HEAD_PATIENCE: Final = 15
#: Seconds in which who was refused can still read why.
_LINGERS: Final = 1
#: Seconds in which somebody to whom there is something to send takes none of it, after which they are taken for gone.
SENDING_PATIENCE: Final = 30
#: Bytes of an answer that are kept back for more to go with them.
_MOST_KEPT: Final = 64 * 1024


class _Gathering:
    """A transport that keeps back what is written until the answer is complete, or the event loop's turn is over."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        if not self._kept:
            self._loop.call_soon(self.flush)
        self._kept.append(data)
        self._size += len(data)
        if self._size > _MOST_KEPT:
            self.flush()

    def flush(self) -> None:
        if self._kept:
            kept, self._kept, self._size = self._kept, [], 0
            self._transport.write(b"".join(kept))

    def write_eof(self) -> None:
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class Protocol(HttpToolsProtocol):
    """One connection. What is no request of HTTP is answered by a problem document, and the connection closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heads = 0  # heads that have arrived
        self._unread = 0  # bytes of the next one
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._over = False  # refused: what still arrives is read and forgotten

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there, and has so long to say what they want."""
        super().connection_made(transport)
        self._gathering = _Gathering(transport, self.loop)
        self.transport = self._gathering  # type: ignore[assignment]
        self._expect_head()

    def pause_writing(self) -> None:
        """They read more slowly than we send, and now they must read some of it."""
        super().pause_writing()
        self._stalled = self.loop.call_later(SENDING_PATIENCE, self._gathering.abort)

    def resume_writing(self) -> None:
        """They did."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._stop_waiting()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something arrived. A head that does not end is cut off before the parser has kept more of it than this."""
        if self._over:
            return
        heads = self._heads
        super().data_received(data)
        if self._timer is not None and heads == self._heads:
            self._unread += len(data)
            if self._unread > MOST_HEAD:
                self._refuse(problems.HeadTooLarge(most=MOST_HEAD))

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """A whole head, which may be too large although it came at once."""
        self._stop_waiting()
        self._heads += 1
        self._unread = 0
        # Four bytes more of each header: a colon, a space, and the end of its line.
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > MOST_HEAD:
            self._refuse(problems.HeadTooLarge(most=MOST_HEAD))
            raise problems.HeadTooLarge(most=MOST_HEAD)  # stops the parser
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """All of an answer is written."""
        self._gathering.flush()
        super().on_response_complete()

    def send_400_response(self, _: str) -> None:
        """The parser gave up, or a method above did."""
        self._refuse(problems.MalformedRequest())

    def _expect_head(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(HEAD_PATIENCE, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, wrong: RiviereError) -> None:
        """Answers unless an earlier request of the connection is still being answered, and closes it."""
        if self._over or self.transport.is_closing():
            return
        self._over = True
        self._stop_waiting()
        if self.cycle is None or self.cycle.response_complete:
            answer = refusal(wrong, ids.request_id(), [(b"connection", b"close")])
            head = [b"%s: %s\r\n" % header for header in answer.headers]
            assert isinstance(answer.body, bytes), "a problem document is sent whole"
            self.transport.write(b"".join([STATUS_LINE[answer.status], *head, b"\r\n", answer.body]))
            self.transport.write_eof()
        # Closed with bytes unread, a connection is reset, and the answer may never be seen.
        self.loop.call_later(_LINGERS, self.transport.close)
