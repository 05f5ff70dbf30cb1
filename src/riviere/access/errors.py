"""Why a caller is not let in. None of these repeats what was sent, and a secret that is wrong has one answer only."""

from typing import Final

from riviere.errors import RiviereError


class MissingCredentials(RiviereError):
    """No credentials were sent; send `Authorization: Bearer` and an API key or a user token."""

    code = "missing_credentials"


class BadCredentials(RiviereError):
    """These credentials are not known here; send `Authorization: Bearer` and an API key or a user token."""

    code = "bad_credentials"


class RevokedKey(RiviereError):
    """This API key was revoked; use the one that took its place."""

    code = "revoked_key"


class ExpiredKey(RiviereError):
    """This API key has expired; ask for a new one."""

    code = "expired_key"


class KeyOfDisabledOperator(RiviereError):
    """This API key belongs to an operator who is disabled; nothing can be done with it."""

    code = "key_of_disabled_operator"


class BadToken(RiviereError):
    """The user token is not a signed JWT, or its signature is not that of the key it names."""

    code = "bad_token"


class UnknownTokenKey(RiviereError):
    """The user token names a key (`kid`) that is not registered here; register it, or sign with one that is."""

    code = "unknown_token_key"


class RetiredTokenKey(RiviereError):
    """The user token is signed with a key that was retired; sign with the one that took its place."""

    code = "retired_token_key"


class DowngradedToken(RiviereError):
    """The user token is signed with another algorithm than its key is registered for; sign with that one."""

    code = "downgraded_token"


class BadClaims(RiviereError):
    """A user token says `sub`, `aud`, `iat` and `exp`: a user's id of 1 to 200 characters, and times in seconds."""

    code = "bad_claims"


class ForeignToken(RiviereError):
    """The user token is for somebody else: `aud` must be riviere, and `iss` the issuer of its key if that has one."""

    code = "foreign_token"


class ExpiredToken(RiviereError):
    """The user token has expired; get a new one from the platform's sign-in."""

    code = "expired_token"


class EarlyToken(RiviereError):
    """The user token is not valid yet (`iat` or `nbf`); wait, or set the clock of whoever signs."""

    code = "early_token"


class LongLivedToken(RiviereError):
    """The user token is valid for more than an hour after `iat`; sign shorter ones."""

    code = "long_lived_token"


#: Every reason for which a caller is not let in: the API answers each with 401.
UNAUTHORIZED: Final[tuple[type[RiviereError], ...]] = (
    MissingCredentials,
    BadCredentials,
    RevokedKey,
    ExpiredKey,
    KeyOfDisabledOperator,
    BadToken,
    UnknownTokenKey,
    RetiredTokenKey,
    DowngradedToken,
    BadClaims,
    ForeignToken,
    ExpiredToken,
    EarlyToken,
    LongLivedToken,
)
