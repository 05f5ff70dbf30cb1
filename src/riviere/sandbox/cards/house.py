"""The stand-in as a process beside: started, stopped, killed and started again with all that it knows."""

import os
import select
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from riviere.errors import RiviereError

#: The keys of the stand-in's account.
SECRET_KEY: Final = "sk_test_riviere_sandbox"  # noqa: S105 -- opens nothing but the stand-in
PUBLISHABLE_KEY: Final = "pk_test_riviere_sandbox"

#: Seconds that it may take to start on a busy machine, and to stop.
_STARTING: Final = 30
_STOPPING: Final = 10


class NoStandIn(RiviereError):
    """The stand-in for Stripe did not start: {said}."""

    code = "no_stand_in"


class Seed(msgspec.Struct, frozen=True):
    """What the account has from the start: its keys, and the address and the secret of each endpoint for webhooks."""

    secret_key: str = SECRET_KEY
    publishable_key: str = PUBLISHABLE_KEY
    endpoints: list[tuple[str, str]] = []


def available() -> bool:
    """Whether localstripe is installed, without which there is no stand-in."""
    return find_spec("localstripe") is not None


class StripeHouse:
    """A Stripe of our own in `folder`, which keeps everything over a restart. It ends with this process at the latest.

    `endpoints` are (address, secret) of where its webhooks go.
    """

    def __init__(self, folder: Path, endpoints: list[tuple[str, str]] | None = None) -> None:
        self._folder = folder
        self._seed = Seed(endpoints=endpoints or [])
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where it answers, the same after every start."""
        return f"http://127.0.0.1:{self._port}"

    def start(self, port: int = 0) -> "StripeHouse":
        """Starts it, on a free port the first time unless one is named. Raises NoStandIn."""
        self._folder.mkdir(parents=True, exist_ok=True)
        seed = self._folder / "seed.json"
        seed.write_bytes(msgspec.json.encode(self._seed))
        how = ["--port", str(port or self._port), "--state", str(self._folder), "--seed", str(seed), "--leash"]
        command = [sys.executable, "-m", "riviere.sandbox.cards", *how]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self._first_line()
        if not line.startswith("listening on "):
            self.kill()
            raise NoStandIn(said=line or "it said nothing")
        self._port = int(line.rpartition(":")[2])
        return self

    def stop(self) -> None:
        """Lets it end what it is at, and ends it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOPPING)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._gone()

    def kill(self) -> None:
        """Ends it in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._gone()

    def _gone(self) -> None:
        assert self._process is not None
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def _first_line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], _STARTING)
        return os.read(self._process.stdout.fileno(), 200).decode().strip() if readable else ""
