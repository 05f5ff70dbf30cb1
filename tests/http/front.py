"""The API over a real socket, in front of a small economy: clients of every kind, and what a refusal must look like.

`Front` is a `World` (tests/world.py) with a server. Its time runs, for the server too; `later` moves it ahead.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, TypeVar

import httpx2
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from starlette.types import ASGIApp

from riviere import clock
from riviere.access import keys, operators, token_keys
from riviere.database.connection import Connection
from riviere.database.database import Database
from riviere.economy.gifts import GiftRequest
from riviere.http.app import create_app
from riviere.http.serve import Server
from riviere.ledger.model import Booked
from riviere.office import Office
from riviere.services import Riviere
from riviere.settings import Settings
from riviere.wire.common import Problem
from world import World

__all__ = ["Front", "both_desks", "front", "opened", "problem"]

#: Plays a test with the gift desk in the server's own process, and with one apart.
both_desks = pytest.mark.parametrize("front", [False, True], ids=["here", "apart"], indirect=True)

#: More than any test asks for in a minute.
PLENTY = 1_000_000


#: What makes a row of these tables one: an account that something moved, a chain that has a batch.
_MOVED = {"account": " WHERE t.seq > 0", "writer": " WHERE t.number > 0"}


class Front(World):
    """A World with the API in front of it. `office` is what serves it, `url` where it answers."""

    def __init__(self, database: Database, *, apart: bool = False, **quotas: int) -> None:
        """Quotas are those of riviere.settings.Settings; generous if not given. `apart` as in riviere.office.Office."""
        self._ahead = timedelta()
        super().__init__(database)
        limits = {"key_quota": PLENTY, "user_quota": PLENTY, "stranger_quota": PLENTY} | quotas
        settings = Settings(database.folder.path, database.owner_dsn, **limits)
        self.office = Office(_Opened(self, settings), apart=apart)
        self._server = Server(self._app(), "127.0.0.1", 0)
        self._server.start()
        self.url = self._server.url
        self._owner: Connection | None = None
        self._clients: list[httpx2.Client] = []
        self._numbers = count(1)
        private, public = token_keys.new_pair("sign-in")
        token_keys.register(self.connection, public, by="tests", now=self.now)
        # A JWK may name its algorithm in the older way (EdDSA), by which the library would not sign.
        self._token_key = OKPKey.import_key({name: value for name, value in private.items() if name != "alg"})

    def _app(self) -> ASGIApp:
        return create_app(self.office)

    @property
    def now(self) -> datetime:
        """The present instant, for the server as well."""
        return datetime.now(UTC) + self._ahead

    @now.setter
    def now(self, at: datetime) -> None:
        self._ahead = at - datetime.now(UTC)

    def client(self, *scopes: str) -> httpx2.Client:
        """A back end with an API key that has these scopes."""
        _, text = keys.create(self.connection, self._name("backend"), scopes, by="tests", now=self.now)
        return self._speaking(_Bearer(lambda: text))

    def as_operator(self, role: str, name: str | None = None) -> httpx2.Client:
        """An operator of this role, with a key that opens all that the role does."""
        name = name or self._name(role)
        operators.create(self.connection, name, role, by="tests", now=self.now)
        _, text = keys.create(self.connection, f"key of {name}", (), operator=name, by="tests", now=self.now)
        return self._speaking(_Bearer(lambda: text))

    def as_user(self, name: str) -> httpx2.Client:
        """A viewer or creator with a token of their own, signed anew for each request."""
        return self._speaking(_Bearer(lambda: self.token(name)))

    def stranger(self) -> httpx2.Client:
        """Somebody who says nothing about who they are."""
        return self._speaking(None)

    def token(self, name: str, **claims: Any) -> str:
        """A user token as the platform's sign-in makes it; `claims` are added, or take the place of the usual ones."""
        now = int(self.now.timestamp())
        usual = {"sub": name, "aud": "riviere", "iat": now, "exp": now + 600}
        header = {"alg": "Ed25519", "kid": "sign-in"}
        return jwt.encode(header, usual | claims, self._token_key, algorithms=["Ed25519"])

    @contextmanager
    def nothing_moves(self) -> Iterator[None]:
        """Checks that the block changes no row of any table: what was refused left no trace."""
        before = self._rows()
        yield
        after = self._rows()
        assert after == before, f"changed: {sorted(name for name in after if after[name] != before.get(name))}"

    def giving(self, requests: Iterable[GiftRequest]) -> list[Future[Booked]]:
        """Gifts on their way, handed in one by one; each future has what became of its gift."""
        futures: list[Future[Booked]] = []
        for request in requests:
            future: Future[Booked] = Future()
            self.office.desk.submit([request], partial(_tell, future))
            futures.append(future)
        return futures

    def stop(self) -> None:
        """Stops the server; what was asked is answered first."""
        for client in self._clients:
            client.close()
        self.office.feed.close()
        self._server.stop()
        self.office.close()

    def close(self) -> None:
        """Gives everything back."""
        self.stop()
        if self._owner is not None:
            self._owner.close()
        super().close()

    def _name(self, kind: str) -> str:
        return f"{kind} {next(self._numbers)}"

    def _speaking(self, auth: httpx2.Auth | None) -> httpx2.Client:
        # Nobody to verify on a plain connection: making a context for it takes longer than most tests.
        client = httpx2.Client(base_url=self.url, auth=auth, timeout=30, trust_env=False, verify=False)
        self._clients.append(client)
        return client

    def _rows(self) -> dict[str, tuple[int, int]]:
        """How many rows each table has, and a hash of them. An account that nothing ever moved is none.

        `revision` is left out: a change that changes nothing counts there too.
        """
        if self._owner is None:
            self._owner = self.database.connect_owner(autocommit=True)
        found = self._owner.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'riviere'::regnamespace AND relname <> 'revision'"
        ).fetchall()
        parts = [
            f"SELECT '{table}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table} AS t"
            + _MOVED.get(table, "")
            for (table,) in found
        ]
        return {name: (rows, digest) for name, rows, digest in self._owner.execute(" UNION ALL ".join(parts))}


def _tell(future: Future[Booked], answers: Sequence[Booked | Exception]) -> None:
    (answer,) = answers
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


class _Opened(Riviere):
    """A Riviere on a database that is open already, and that others close."""

    def __init__(self, world: World, settings: Settings) -> None:
        self.settings, self.database, self.signer = settings, world.database, world.signer


class _Bearer(httpx2.Auth):
    def __init__(self, text: Any) -> None:
        self._text = text

    def auth_flow(self, request: httpx2.Request) -> Iterator[httpx2.Request]:
        request.headers["Authorization"] = f"Bearer {self._text()}"
        yield request


def problem(response: httpx2.Response, status: int, code: str) -> Problem:
    """The problem document that `response` must be, checked in every respect that all of them share."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    document = msgspec.json.decode(response.content, type=Problem)
    assert (response.status_code, document.code) == (status, code), document
    assert document.status == status
    assert document.type == f"/problems/{code}"
    assert document.title
    assert document.detail.endswith("."), document.detail
    assert document.request_id == response.headers["x-request-id"]
    assert response.headers["cache-control"] == "no-store"
    return document


Served = TypeVar("Served", bound=Front)


@contextmanager
def opened(
    database: Database, *, apart: bool = False, kind: type[Served] = Front, verified: bool = True, **quotas: int
) -> Iterator[Served]:
    """The API of a new economy without people in it. Whatever is asked of it, the books hold at the end, if
    that is to be `verified`.

    A desk apart has the clock of the machine. `kind` is what serves it.
    """
    with closing(kind(database, apart=apart, **quotas)) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: made.now)
        yield made
        made.stop()
        wrong = made.wrong() if verified else []
        assert not wrong, "\n".join(wrong)


@pytest.fixture
def front(database: Database, request: pytest.FixtureRequest) -> Iterator[Front]:
    """An API with nobody in its economy and quotas that no test meets; `opened` makes one with other quotas.

    `both_desks` plays a test twice: gifts are booked in the server's own process, and in one apart.
    """
    with opened(database, apart=getattr(request, "param", False)) as made:
        yield made
