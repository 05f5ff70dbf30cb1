"""Whether the books hold, on the wire."""

from typing import Annotated

from msgspec import Meta

from riviere.wire.common import Instant, Reply

_Hex = Meta(pattern="^[0-9a-f]*$", description="Hexadecimal.")


class Check(Reply, frozen=True, kw_only=True):
    """One invariant."""

    name: Annotated[str, Meta(description="What it is called, for ever.", examples=["provenance"])]
    ok: Annotated[bool, Meta(description="It holds.")]
    rows: Annotated[int, Meta(ge=0, description="Rows that were looked at.")]
    detail: Annotated[str, Meta(description="What was checked, or what is wrong first.")]


class Verification(Reply, frozen=True, kw_only=True):
    """The last verification that finished."""

    ok: Annotated[bool, Meta(description="Every check holds.")]
    finished_at: Instant
    seconds: Annotated[float, Meta(ge=0, description="How long it took.")]
    entries: Annotated[int, Meta(ge=0, description="Entries of the journal that were checked.")]
    checks: list[Check]
    running_since: Annotated[Instant | None, Meta(description="When the one that runs now began.")] = None


class Started(Reply, frozen=True, kw_only=True):
    """A verification runs."""

    running_since: Instant
    started: Annotated[bool, Meta(description="This request started it; false where it ran already.")]


class Progress(Reply, frozen=True, kw_only=True):
    """How far a verification has come."""

    running_since: Annotated[Instant | None, Meta(description="When it began; null where none runs now.")]
    check: Annotated[str, Meta(description="What it looks at, or looked at last; empty before the first.")]
    done: Annotated[int, Meta(ge=0, description="Entries that this check has done.")]
    total: Annotated[int, Meta(ge=0, description="Entries in all.")]


class SignedHead(Reply, frozen=True, kw_only=True):
    """A signed head: it covers every entry so far. Whoever keeps it sees if one is altered later."""

    number: Annotated[int, Meta(ge=1, description="Heads are numbered without gaps.")]
    signed_at: Instant
    entries: Annotated[int, Meta(ge=0, description="Entries of the journal under it, and under those before it.")]
    hash: Annotated[str, _Hex, Meta(examples=["9f" * 32])]
    previous: Annotated[
        str, _Hex, Meta(description="The hash of the head before; zeros for the first.", examples=["00" * 32])
    ]
    public_key: Annotated[
        str,
        _Hex,
        Meta(description="Ed25519, as `riviere check-statement --public-key` takes it.", examples=["7a" * 32]),
    ]
    signature: Annotated[str, _Hex, Meta(description="Ed25519 over `hash`.", examples=["3c" * 64])]
