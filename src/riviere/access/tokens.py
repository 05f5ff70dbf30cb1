"""User tokens: JWTs (RFC 7519) by which the platform's own sign-in says who a viewer or creator is.

What is checked follows RFC 8725: the algorithm is the registered key's and never the token's to choose, the audience
is ours, and a token lives for an hour at most. Keys come from `token_keys`; no address in a token is ever followed.
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from riviere.access import errors, jwk, scopes
from riviere.access.scopes import Scope
from riviere.access.token_keys import TokenKey
from riviere.economy import checks

#: What `aud` of every user token must be, or contain.
AUDIENCE: Final = "riviere"
#: The longest time from `iat` to `exp`.
LONGEST_LIFE: Final = timedelta(hours=1)
#: How far the clocks of signer and server may be apart.
LEEWAY: Final = timedelta(seconds=30)

#: A time in a token: seconds since 1970, parts of a second allowed, up to the year 9999 (RFC 7519, section 2).
NumericDate = Annotated[float, msgspec.Meta(ge=0, le=253402300799)]


class Verified(msgspec.Struct, frozen=True):
    """What a token that holds says: the user's external id, what it allows, until when, and the key that signed it."""

    user: str
    scopes: frozenset[Scope]
    expires_at: datetime
    kid: str


class _Header(msgspec.Struct):
    alg: str
    kid: str
    crit: Any = msgspec.UNSET


class _Claims(msgspec.Struct):
    sub: str
    aud: str | list[str]
    iat: NumericDate
    exp: NumericDate
    nbf: NumericDate | None = None
    iss: Any = None
    scope: str | None = None


class _Registry(JWSRegistry):
    """The three algorithms; EdDSA under the name that says its curve, by which the library checks the key."""

    def get_alg(self, name: str) -> Any:
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


_REGISTRY: Final = _Registry(
    algorithms=[name for names in jwk.ALGORITHMS.values() for name in names], strict_check_header=False
)


def verify(token: str, key_of: Callable[[str], TokenKey | None], now: datetime) -> Verified:
    """What `token` says, if it holds at `now`; `key_of` answers the registered key of a kid.

    Raises BadToken, UnknownTokenKey, RetiredTokenKey, DowngradedToken, BadClaims, ForeignToken, ExpiredToken,
    EarlyToken or LongLivedToken.
    """
    header = _header(token)
    key = key_of(header.kid)
    if key is None:
        raise errors.UnknownTokenKey
    if key.retired(now):
        raise errors.RetiredTokenKey
    if header.alg not in jwk.ALGORITHMS[key.algorithm]:
        raise errors.DowngradedToken
    try:
        payload = jws.deserialize_compact(token, jwk.verifier(key.jwk), registry=_REGISTRY).payload
    except (JoseError, ValueError, TypeError):
        raise errors.BadToken from None
    claims = _claims(payload)
    _check_parties(claims, key)
    _check_times(claims, now.timestamp())
    return Verified(claims.sub, scopes.of_token(claims.scope), datetime.fromtimestamp(claims.exp, UTC), key.kid)


def _header(token: str) -> _Header:
    """What the token says of itself before anything is checked: enough to find the key."""
    if token.count(".") != 2:
        raise errors.BadToken
    encoded = token.partition(".")[0]
    try:
        header = msgspec.json.decode(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)), type=_Header)
    except (ValueError, RecursionError):
        raise errors.BadToken from None
    # RFC 7515, 4.1.11: what is critical must be understood, and we know no extension.
    if header.crit is not msgspec.UNSET:
        raise errors.BadToken
    return header


def _claims(payload: bytes | None) -> _Claims:
    try:
        claims = msgspec.json.decode(payload or b"", type=_Claims)
    except (ValueError, RecursionError):
        raise errors.BadClaims from None
    if not checks.is_text(claims.sub, checks.LONGEST_ID):
        raise errors.BadClaims
    return claims


def _check_parties(claims: _Claims, key: TokenKey) -> None:
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if AUDIENCE not in audience or (key.issuer is not None and claims.iss != key.issuer):
        raise errors.ForeignToken


def _check_times(claims: _Claims, now: float) -> None:
    leeway = LEEWAY.total_seconds()
    if claims.exp <= now - leeway:
        raise errors.ExpiredToken
    if max(claims.iat, claims.nbf or 0) > now + leeway:
        raise errors.EarlyToken
    if claims.exp - claims.iat > LONGEST_LIFE.total_seconds():
        raise errors.LongLivedToken
