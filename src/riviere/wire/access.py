"""Credentials on the wire: API keys, operators, the keys that sign users' tokens. A secret is in one answer only."""

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from riviere.wire.common import Instant, Reply, Request

KeyName = Annotated[
    str, Meta(min_length=1, max_length=100, description="What it is for; names may repeat.", examples=["app"])
]
OperatorName = Annotated[
    str, Meta(min_length=1, max_length=100, description="What the operator is called.", examples=["kim"])
]
ScopeName = Annotated[str, Meta(min_length=1, max_length=40, examples=["gifts:write"])]
Scopes = Annotated[list[ScopeName], Meta(max_length=100, description="What it opens.", examples=[["gifts:write"]])]
Role = Annotated[
    Literal["admin", "finance", "trust", "auditor"], Meta(description="What an operator may do.", examples=["finance"])
]
KeyState = Annotated[
    Literal["works", "revoked", "expired", "disabled"], Meta(description="`disabled` goes with its operator.")
]
Algorithm = Annotated[
    Literal["EdDSA", "ES256", "RS256"], Meta(description="The only one that tokens signed with it may name.")
]
Actor = Annotated[str, Meta(description="Who did it.", examples=["operator ada"])]
Kid = Annotated[
    str, Meta(min_length=1, max_length=200, description="What tokens name the key by.", examples=["2026-01"])
]
Issuer = Annotated[
    str,
    Meta(min_length=1, max_length=200, description="What tokens say in `iss`.", examples=["https://id.example.com"]),
]
Jwk = Annotated[
    dict[str, Any],
    Meta(description="A public JSON Web Key (RFC 7517): Ed25519, P-256 or RSA.", examples=[{"kty": "OKP"}]),
]


class MakeKey(Request, frozen=True, kw_only=True):
    """A key for a back end, or for an operator where one is named."""

    name: KeyName
    scopes: Annotated[
        Scopes, Meta(description="What it opens. An operator's key without any has those of the role.")
    ] = field(default_factory=list)
    operator: Annotated[OperatorName | None, Meta(description="Null for a back end.")] = None
    expires_at: Annotated[Instant | None, Meta(description="When it stops working; null for never.")] = None


class ApiKey(Reply, frozen=True, kw_only=True):
    """A key, without its secret."""

    id: Annotated[str, Meta(description="How the key begins.", examples=["rvk_3f9k2m7q0x8wt"])]
    name: KeyName
    scopes: Annotated[Scopes, Meta(description="What it opens while it works; an operator's no more than the role.")]
    operator: Annotated[OperatorName | None, Meta(description="Null for a back end's.")]
    state: KeyState
    created_at: Instant
    created_by: Actor
    expires_at: Annotated[Instant | None, Meta(description="Null for never.")]
    revoked_at: Annotated[Instant | None, Meta(description="Null where nobody has revoked it.")]
    revoked_by: Annotated[Actor | None, Meta(description="Null where nobody has revoked it.")]


class NewKey(ApiKey, frozen=True, kw_only=True):
    """A key that was made just now."""

    secret: Annotated[
        str,
        Meta(
            description="The whole key, for `Authorization: Bearer`. It is shown in this answer and never again.",
            examples=["rvk_3f9k2m7q0x8wt_…"],
        ),
    ]


class AddOperator(Request, frozen=True, kw_only=True):
    """Somebody who runs the platform."""

    name: OperatorName
    role: Role


class ChangeOperator(Request, frozen=True, kw_only=True):
    """Another role."""

    role: Role


class Operator(Reply, frozen=True, kw_only=True):
    """Somebody who runs the platform."""

    name: OperatorName
    role: Role
    created_at: Instant
    disabled_at: Annotated[Instant | None, Meta(description="Null while they do.")]


class OperatorChange(Reply, frozen=True, kw_only=True):
    """What an operator became, when, and who decided it."""

    number: Annotated[int, Meta(ge=1, description="Counts this operator's changes.")]
    role: Role
    disabled: bool
    at: Instant
    by: Actor


class RegisterTokenKey(Request, frozen=True, kw_only=True):
    """The public half of a key that the platform signs its users' tokens with."""

    jwk: Jwk
    kid: Annotated[Kid | None, Meta(description="Null for the key's own, or its RFC 7638 thumbprint.")] = None
    issuer: Annotated[Issuer | None, Meta(description="Null where tokens may name any issuer, or none.")] = None


class RetireTokenKey(Request, frozen=True, kw_only=True):
    """From when on no token of it is taken."""

    at: Annotated[Instant | None, Meta(description="Now if not given; until then it can be changed.")] = None


class TokenKey(Reply, frozen=True, kw_only=True):
    """A key that users' tokens may be signed with."""

    kid: Kid
    algorithm: Algorithm
    jwk: Jwk
    issuer: Annotated[Issuer | None, Meta(description="Null where tokens may name any issuer, or none.")]
    added_at: Instant
    added_by: Actor
    retires_at: Annotated[Instant | None, Meta(description="From when on none of its tokens is taken; null for never.")]
    retired_by: Annotated[Actor | None, Meta(description="Null while nobody retires it.")]
