"""The web server: uvicorn with the API on it, in a thread of its own, until it is told to stop."""

import socket
import threading
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from riviere.errors import RiviereError
from riviere.http.protocol import Protocol

#: Seconds that requests under way get to be answered when the server stops.
GRACE: Final = 10


class PortTaken(RiviereError):
    """Port {port} of {host} cannot be used ({reason}); choose another one with --port, or 0 for any that is free."""

    code = "port_taken"


class Server:
    """The API on a port. It answers from `start` on; `stop` answers what was asked, and then no more."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        """Takes the port, so that who asks next is told at once. Raises PortTaken."""
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family, backlog=2048)
        except (OSError, OverflowError) as taken:
            raise PortTaken(port=port, host=host, reason=getattr(taken, "strerror", None) or str(taken)) from None
        shown = f"[{host}]" if ":" in host else host
        self.url: Final = f"http://{shown}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="riviere-http", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answers what is under way, for GRACE seconds at the most."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
