"""Which public keys user tokens may be signed with: Ed25519, P-256 and RSA, as JSON Web Keys (RFC 7517). Pure.

Each kind of key goes with one algorithm, so that nobody can choose a weaker one. What is secret is refused: it would
stand in a database that has no need of it, and whoever reads it there could be anybody.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from riviere.errors import RiviereError

#: RSA moduli in bits: NIST SP 800-131A asks for 2,048; beyond 4,096 a signature costs us too much to check.
LEAST_RSA: Final = 2048
MOST_RSA: Final = 4096

_LARGEST: Final = 10_000  # bytes of a key as JSON, certificates counted
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_BASE64URL = re.compile("[A-Za-z0-9_-]+", re.ASCII)


class _Form(NamedTuple):
    """A kind of key: its algorithm, by all its names (RFC 9864 calls EdDSA on this curve Ed25519), and its members."""

    names: tuple[str, ...]
    curve: str | None
    members: tuple[str, ...]


_FORMS: Final = {
    "OKP": _Form(("EdDSA", "Ed25519"), "Ed25519", ("crv", "x")),
    "EC": _Form(("ES256",), "P-256", ("crv", "x", "y")),
    "RSA": _Form(("RS256",), None, ("n", "e")),
}

#: The algorithms a key may be registered for, and the names a token's header may give each.
ALGORITHMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {form.names[0]: form.names for form in _FORMS.values()}
)


class BadTokenKey(RiviereError):
    """A token key is a public JSON Web Key: {detail}."""

    code = "bad_token_key"


class SecretTokenKey(RiviereError):
    """This key holds {what}; register only the public half of an Ed25519, P-256 or RSA key."""

    code = "secret_token_key"


class PublicKey(NamedTuple):
    """A key that passed: its algorithm, its members without decoration, its RFC 7638 thumbprint, and its own `kid`."""

    algorithm: str
    jwk: dict[str, str]
    thumbprint: str
    kid: str | None


def read(given: object) -> PublicKey:
    """A public key out of a JWK, as an object or as JSON. Raises BadTokenKey or SecretTokenKey."""
    members = _members(given)
    kind = members.get("kty")
    if kind == "oct" or "k" in members:
        raise SecretTokenKey(what="a shared secret")
    if _PRIVATE & members.keys():
        raise SecretTokenKey(what="its private half")
    form = _FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise BadTokenKey(detail="kty is OKP, EC or RSA")
    _check_purpose(members, form)
    if form.curve is not None and members.get("crv") != form.curve:
        raise BadTokenKey(detail=f"crv of an {kind} key is {form.curve}")
    jwk = {"kty": str(kind)} | {name: _text(members, name) for name in form.members}
    try:
        if kind == "RSA":
            _check_rsa(jwk)
        key = verifier(jwk)
    except (JoseError, ValueError, TypeError) as error:
        raise BadTokenKey(detail=f"{' and '.join(form.members)} make no key") from error
    return PublicKey(form.names[0], jwk, key.thumbprint(), members.get("kid"))


def verifier(jwk: dict[str, str]) -> Key:
    """The key that checks signatures, out of the members that `read` answered."""
    return import_key(dict(jwk))


def _members(given: object) -> dict[str, Any]:
    if isinstance(given, bytes | str):
        if len(given) > _LARGEST:
            raise BadTokenKey(detail=f"it takes {_LARGEST:,} bytes at most")
        try:
            given = msgspec.json.decode(given)
        except (ValueError, RecursionError) as error:
            raise BadTokenKey(detail="this is not JSON (a PEM file must be converted first)") from error
    if not isinstance(given, dict):
        raise BadTokenKey(detail="this is not a JSON object")
    if "keys" in given:
        raise BadTokenKey(detail="this is a set of keys; register each by itself")
    return given


def _check_purpose(members: dict[str, Any], form: _Form) -> None:
    if members.get("alg", form.names[0]) not in form.names:
        raise BadTokenKey(detail=f"alg of such a key is {form.names[0]}")
    if members.get("use", "sig") != "sig":
        raise BadTokenKey(detail="use is sig")
    operations = members.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise BadTokenKey(detail="key_ops has verify")


def _check_rsa(jwk: dict[str, str]) -> None:
    bits = _number(jwk["n"]).bit_length()
    if not LEAST_RSA <= bits <= MOST_RSA:
        raise BadTokenKey(detail=f"an RSA key has {LEAST_RSA:,} to {MOST_RSA:,} bits, not {bits:,}")
    if _number(jwk["e"]) != 65537:
        raise BadTokenKey(detail="e of an RSA key is 65537 (AQAB)")


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or (name != "crv" and not _BASE64URL.fullmatch(value)):
        raise BadTokenKey(detail=f"{name} is missing, or not in the base64url alphabet")
    return value


def _number(value: str) -> int:
    return int.from_bytes(urlsafe_b64decode(value + "=" * (-len(value) % 4)))
