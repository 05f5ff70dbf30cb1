"""User tokens: what a platform's own sign-in gives a user's app, so that it may speak to Riviere for that user.

A token is a JWT signed with a private key that only the platform has; Riviere knows the public half
(`riviere admin token-key add`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from riviere import clock
from riviere.errors import RiviereError

#: Minutes that a token may live.
LONGEST: Final = 60

#: The algorithm that goes with each kind of key; the curve's own name for EdDSA is that of RFC 9864.
_ALGORITHMS: Final = {"OKP": "Ed25519", "EC": "ES256", "RSA": "RS256"}


class BadSigningKey(RiviereError):
    """A signing key is a private JSON Web Key with a kid ({reason}); riviere admin token-key add makes one."""

    code = "bad_signing_key"


class BadTokenLife(RiviereError):
    """A user token lives for 1 to 60 minutes, not {minutes}."""

    code = "bad_token_life"


def sign(
    key: Mapping[str, Any] | str | bytes,
    user: str,
    *,
    minutes: int = 15,
    scope: Iterable[str] | None = None,
    issuer: str | None = None,
    now: datetime | None = None,
) -> str:
    """A token for `user`, the platform's own id of them, that is good for so many minutes from `now`.

    `key` is the private JWK, as JSON or read. `scope` makes the token smaller than a user's token may be; `issuer` is
    needed where the key was registered with one. Raises BadSigningKey or BadTokenLife.
    """
    if not 0 < minutes <= LONGEST:
        raise BadTokenLife(minutes=minutes)
    issued = now or clock.now()
    claims: dict[str, Any] = {
        "sub": user,
        "aud": "riviere",
        "iat": int(issued.timestamp()),
        "exp": int((issued + timedelta(minutes=minutes)).timestamp()),
    }
    if scope is not None:
        claims["scope"] = " ".join(scope)
    if issuer is not None:
        claims["iss"] = issuer
    try:
        members = dict(msgspec.json.decode(key) if isinstance(key, str | bytes) else key)
        algorithm = _ALGORITHMS[members["kty"]]
        header = {"alg": algorithm, "kid": members["kid"], "typ": "JWT"}
        # A JWK may name its algorithm in the older way (EdDSA), by which the library would not sign.
        signing = import_key({name: value for name, value in members.items() if name != "alg"})
        return jwt.encode(header, claims, signing, algorithms=[algorithm])
    except KeyError as missing:
        raise BadSigningKey(reason=f"{missing.args[0]} is missing or not known") from None
    except (JoseError, ValueError, TypeError) as wrong:
        raise BadSigningKey(reason=str(wrong)[:100]) from None
