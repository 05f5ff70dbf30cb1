"""`--url`: the same commands asked of a running server, through the client that everybody else has."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from riviere.cli.common import Common
from riviere.cli.inputs import read_file
from riviere.errors import RiviereError
from riviere.wire.verifying import Verification
from riviere.wire.wallets import Account, Entries, EntryQuery

if TYPE_CHECKING:
    from riviere.client import Client

Answer = TypeVar("Answer")

#: Entries of a page, and seconds between two looks whether a verification is done.
_PAGE: Final = 100
_LOOK_EVERY: Final = 0.2


class NoServerKey(RiviereError):
    """The server at {url} wants an API key; put it into RIVIERE_KEY, or name its file with --key-file."""

    code = "no_server_key"


def ask(common: Common, question: Callable[["Client"], Answer]) -> Answer:
    """What the server answers.

    The key is never a word of the command, where everybody on the machine could read it. Raises NoServerKey,
    NotReadable, and what riviere.client raises.
    """
    url = common.server or ""
    key = os.environ.get("RIVIERE_KEY", "") if common.key_file is None else read_file(common.key_file).decode("latin-1")
    if not key.strip():
        raise NoServerKey(url=url)
    # It takes a third of a second to load, and most commands ask no server.
    from riviere.client import Client

    with Client(url, key) as client:
        return question(client)


def verification(client: "Client") -> Verification:
    """The report of a verification that begins now, or that runs already."""
    begun = client.start_verification().running_since
    while True:
        try:
            last = client.get_verification()
            if last.finished_at >= begun:
                return last
        except RiviereError as none_yet:
            if none_yet.code != "not_verified":
                raise
        time.sleep(_LOOK_EVERY)


def entries(client: "Client", user: str, account: Account | None, since: datetime | None) -> Iterator[Entries]:
    """The pages of an account's entries, newest first, up to the one that reaches back to `since`."""
    page = client.list_entries(user, EntryQuery(account=account, limit=_PAGE))
    yield page
    while page.next is not None and not (since and page.data and page.data[-1].booked_at < since):
        page = client.list_entries(user, EntryQuery(account=page.account, limit=_PAGE, cursor=page.next))
        yield page
