"""A server that a bench starts for itself, as a process of its own (`served.py`)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from riviere.errors import RiviereError
from riviere.settings import Settings


class ServerDied(RiviereError):
    """The server of the bench ended before it answered; what it said is above."""

    code = "server_died"


class Target(NamedTuple):
    """A server of the bench's own."""

    process: subprocess.Popen[str]
    host: str
    port: int


@contextmanager
def serving(settings: Settings) -> Iterator[Target]:
    """The server as a process of its own until the end of the block."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("RIVIERE_")}
    surroundings["RIVIERE_KEY_QUOTA"] = str(settings.key_quota)
    if settings.database_url is not None:
        surroundings["RIVIERE_DATABASE_URL"] = settings.database_url
    process = subprocess.Popen(
        [sys.executable, "-m", "riviere.cli.bench.served", str(settings.data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings,
    )
    try:
        assert process.stdout is not None
        url = urlsplit(process.stdout.readline().strip())
        if url.hostname is None or url.port is None:
            raise ServerDied
        yield Target(process, url.hostname, url.port)
    finally:
        process.communicate()  # the end of its standard input tells it to stop
