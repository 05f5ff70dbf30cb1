"""A platform's sign-in and this server's gate, in the words of people who use them. Time stands still until moved."""

import base64
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from riviere.access import token_keys
from riviere.access.gate import Gate, Principal
from riviere.access.token_keys import TokenKey
from riviere.database.connection import Connection
from riviere.database.database import Database
from riviere.errors import RiviereError

ANY_ALGORITHM = ["Ed25519", "EdDSA", "ES256", "ES384", "RS256", "RS384", "PS256", "HS256", "none"]


class _AsLibrariesSay(JWSRegistry):
    """Signs EdDSA under that name, as most libraries do; joserfc itself warns of it."""

    def get_alg(self, name: str) -> Any:
        if name == "none":
            return self.algorithms["none"]
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


_REGISTRY = _AsLibrariesSay(algorithms=ANY_ALGORITHM, strict_check_header=False)


class PassOffice:
    """The gate of a new server, and what the platform says of its users."""

    def __init__(self, database: Database) -> None:
        self.connection = database.connect(autocommit=True)
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self.asked = 0  # how often the gate went to the database
        self.gate = Gate(self._lend)

    @contextmanager
    def _lend(self) -> Iterator[Connection]:
        self.asked += 1
        yield self.connection

    def later(self, **passed: int) -> datetime:
        """Lets time pass, in the words of timedelta."""
        self.now += timedelta(**passed)
        return self.now

    def enter(self, credentials: str) -> Principal:
        """Who the gate takes the holder of a key or token for; what it remembers by then must say the same."""
        header, asked = f"Bearer {credentials}", self.asked
        try:
            remembered = self.gate.remembered(header, self.now)
        except RiviereError as wrong:
            with pytest.raises(type(wrong)):
                self.gate.principal(header, self.now)
            raise
        assert self.asked == asked, "it was to ask nobody"
        came = self.gate.principal(header, self.now)
        assert remembered in (None, came)
        return came

    def trust(self, key: Key, kid: str, issuer: str | None = None) -> TokenKey:
        """Registers the public half of a key."""
        public = dict(key.as_dict(private=False))
        return token_keys.register(self.connection, public, kid=kid, issuer=issuer, by="ops", now=self.now)

    def retire(self, kid: str, **ahead: int) -> TokenKey:
        """Retires a key now, or some time ahead."""
        at = self.now + timedelta(**ahead)
        return token_keys.retire(self.connection, kid, at=at, by="ops", now=self.now)

    def claims(self, user: str, minutes: int = 60, **other: Any) -> dict[str, Any]:
        """What the platform says of a user; a claim that is None is left out."""
        issued = int(self.now.timestamp())
        said = {"sub": user, "aud": "riviere", "iat": issued, "exp": issued + 60 * minutes} | other
        return {name: value for name, value in said.items() if value is not None}

    def token(self, key: Key, kid: str, user: str = "mia", alg: str | None = None, **claims: Any) -> str:
        """A user's token as the platform signs it."""
        header = {"typ": "JWT", "alg": alg or ALGORITHM[key.key_type], "kid": kid}
        return signed(header, self.claims(user, **claims), key)


ALGORITHM = {"OKP": "EdDSA", "EC": "ES256", "RSA": "RS256", "oct": "HS256"}


def signed(header: dict[str, Any], payload: object, key: Key | None) -> str:
    """A JWS over any header and any payload."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return jws.serialize_compact(header, body, key, registry=_REGISTRY)


def sealed(header: object, payload: object, signature: bytes = b"") -> str:
    """Three parts put together by hand."""
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def a_key(kind: str = "OKP", number: int = 1) -> Key:
    """A private key: Ed25519, P-256, RSA or a shared secret; the same again for the same words."""
    return _made(kind, number)


@cache
def _made(kind: str, number: int) -> Key:
    assert number
    if kind == "RSA":
        return RSAKey.generate_key(2048)
    if kind == "oct":
        return OctKey.generate_key(256)
    return ECKey.generate_key("P-256") if kind == "EC" else OKPKey.generate_key("Ed25519")


def truly_signed(header: bytes, claims: object) -> str:
    """A header of any bytes, with a signature by `a_key()` that holds."""
    unsigned = base64.urlsafe_b64encode(header).decode().rstrip("=") + sealed({}, claims)[3:].rpartition(".")[0]
    private = a_key().private_key
    assert isinstance(private, Ed25519PrivateKey)
    return f"{unsigned}.{base64.urlsafe_b64encode(private.sign(unsigned.encode())).decode().rstrip('=')}"


def confused(claims: object, kid: str, secret: bytes) -> str:
    """Signed with a public key's own text as a shared secret: what everybody knows, where `alg` is believed."""
    unsigned = sealed({"alg": "HS256", "kid": kid}, claims).rpartition(".")[0]
    digest = hmac.digest(secret, unsigned.encode(), "sha256")
    return f"{unsigned}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


@pytest.fixture
def office(database: Database) -> Iterator[PassOffice]:
    """A server that has just been set up: no key of any kind."""
    made = PassOffice(database)
    yield made
    made.connection.close()
