"""A statement as it is handed over, and the check of it: pure, so that an auditor needs neither server nor database."""

import json
import struct
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riviere.ledger import merkle
from riviere.ledger.law import KINDS, Kind
from riviere.ledger.model import Entry

#: The version of the document; another one is not read.
VERSION = 1

#: Bytes of a fixed length: read from JSON, shorter or longer ones are refused.
Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Salt = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Path = list[tuple[merkle.Where, Hash]]
Side = Literal["debit", "credit"]

#: What reading a field raises that was altered past its form.
_MALFORMED = (struct.error, ValueError, OverflowError, TypeError, AttributeError)


class Proof(msgspec.Struct, forbid_unknown_fields=True):
    """The way from an entry to its batch's root; the salt of one's own side and the digest of the other's."""

    path: Path
    salt: Salt
    other_side: Hash


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One entry of an account, in its asset's smallest unit: what it moved, and the balance after it."""

    seq: int
    amount: int
    balance: int
    start: int
    side: Side
    entry: Entry
    proof: Proof | None = None


class BatchProof(msgspec.Struct, forbid_unknown_fields=True):
    """A batch that holds lines of the statement, and the way from it to a signed head."""

    writer: int
    number: int
    count: int
    entries: int
    booked_at: datetime
    root: Hash
    previous: Hash
    hash: Hash
    head: int = 0
    path: Path = msgspec.field(default_factory=list)


class SignedHead(msgspec.Struct, forbid_unknown_fields=True):
    """One signed head. `spans` is canonical JSON: {"writer": [first batch, last batch]} for what it adds."""

    number: int
    signed_at: datetime
    entries: int
    spans: str
    root: Hash
    facts: Hash
    previous: Hash
    hash: Hash
    public_key: Hash
    signature: Signature


class Statement(msgspec.Struct, forbid_unknown_fields=True):
    """The statement of one account. Amounts in its asset's smallest unit; times in UTC; bytes in base 64.

    `signature` is the platform's over the whole (`digest`): a line left out, or another period, shows.
    """

    version: int
    user: int
    kind: str
    since: datetime
    until: datetime
    opening: int
    closing: int
    lines: list[Line]
    batches: list[BatchProof] = msgspec.field(default_factory=list)
    heads: list[SignedHead] = msgspec.field(default_factory=list)
    public_key: bytes = b""
    signature: bytes = b""


def canonical(spans: str) -> str:
    """A head's spans as they were signed: a database's jsonb writes them in another form."""
    return json.dumps(json.loads(spans), sort_keys=True, separators=(",", ":"))


def signed(head: SignedHead) -> bool:
    """Whether the head's hash is that of its fields and its signature that of its key."""
    digest = merkle.head_hash(
        head.number, head.signed_at, head.entries, canonical(head.spans), head.root, head.facts, head.previous
    )
    return digest == head.hash and _verified(head.public_key, head.signature, digest)


def digest(document: Statement) -> bytes:
    """What a statement's signature is over: its JSON with sorted keys, no spaces, and the signature left empty."""
    unsigned = msgspec.structs.replace(document, signature=b"")
    return sha256(b"\x04" + msgspec.json.encode(unsigned, order="sorted")).digest()


def read(text: bytes) -> Statement:
    """A statement out of its JSON. Raises msgspec.MsgspecError for what is none."""
    return msgspec.json.decode(text, type=Statement)


def problems(document: Statement, public_key: bytes | None = None) -> list[str]:
    """What is wrong with a statement, in words; an empty list if every line is proven and the balances add up.

    `public_key` is the platform's, had from somewhere else than the statement; without it only consistency is shown.
    """
    if document.version != VERSION:
        return [f"this is version {document.version} of the document, and version {VERSION} is known here"]
    found = []
    if not _verified(document.public_key, document.signature, digest(document)):
        found.append("the document is not what its signature is over")
    if public_key is not None and document.public_key != public_key:
        found.append("the document is not signed by this platform")
    heads = {head.number: head for head in document.heads}
    for head in document.heads:
        try:
            genuine = signed(head) and head.public_key == document.public_key
        except _MALFORMED:
            genuine = False
        if not genuine:
            found.append(f"head {head.number} is not signed by this platform")
    for batch in document.batches:
        found += _batch_problems(batch, heads.get(batch.head))
    batches = {(batch.writer, batch.number): batch for batch in document.batches}
    balance, seq = document.opening, document.lines[0].seq if document.lines else 0
    for line in document.lines:
        found += _line_problems(document, line, batches)
        balance += line.amount
        if (line.seq, line.balance) != (seq, balance):
            found.append(f"line {line.seq} does not follow from the line before it")
        balance, seq = line.balance, line.seq + 1
    if document.closing != balance:
        found.append("the closing balance is not that of the last line")
    return found


def _verified(public_key: bytes, signature: bytes, signed_digest: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def _line_problems(document: Statement, line: Line, batches: dict[tuple[int, int], BatchProof]) -> list[str]:
    found = []
    entry = line.entry
    try:
        belongs = _belongs(document.user, line, batches.get((entry.writer, entry.batch)))
    except _MALFORMED:
        belongs = False
    if not belongs:
        found.append(f"line {line.seq} is not in the journal as it is shown")
    kind = entry.debit_kind if line.side == "debit" else entry.credit_kind
    if kind not in KINDS or KINDS[Kind(kind)].name != document.kind:
        found.append(f"line {line.seq} is of another account")
    elif line.amount != amount(entry, line.side):
        found.append(f"line {line.seq} shows another amount than its entry")
    if not document.since <= entry.booked_at < document.until:
        found.append(f"line {line.seq} lies outside the statement's time")
    return found


def amount(entry: Entry, side: Side) -> int:
    """What an entry adds to the account on one of its sides ("debit", "credit"); a debt grows by its debits."""
    kind, moved = (
        (entry.debit_kind, -entry.debit_amount) if side == "debit" else (entry.credit_kind, entry.credit_amount)
    )
    return -moved if kind == Kind.OWED else moved


def _batch_problems(batch: BatchProof, head: SignedHead | None) -> list[str]:
    name = f"batch {batch.writer}.{batch.number}"
    try:
        made = merkle.batch_hash(
            batch.writer, batch.number, batch.count, batch.entries, batch.booked_at, batch.root, batch.previous
        )
    except _MALFORMED:
        made = b""
    if made != batch.hash:
        return [f"{name} is not what its hash says"]
    if head is None or merkle.climb(batch.hash, batch.path) != head.root:
        return [f"{name} is under no head of this statement"]
    return []


def _belongs(user: int, line: Line, batch: BatchProof | None) -> bool:
    """Whether the line's leaf, made anew from what is shown, leads to its batch's root."""
    if batch is None or line.proof is None:
        return False
    figures = merkle.side(user, line.start, line.balance, line.seq)
    if figures != merkle.sides(line.entry)[0 if line.side == "debit" else 1]:
        return False
    own = merkle.side_digest(figures, line.proof.salt)
    debit, credit = (own, line.proof.other_side) if line.side == "debit" else (line.proof.other_side, own)
    leaf = merkle.leaf_of(merkle.common(line.entry), debit, credit)
    return merkle.climb(leaf, line.proof.path) == batch.root
