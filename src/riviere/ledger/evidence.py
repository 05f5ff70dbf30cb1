"""Signed heads: what an auditor keeps, and what makes a later alteration show.

A head covers the batches that came since the head before it, counts every entry of the ledger, vouches for the dated
rows (catalogue, packs, policies, imports) and is signed with the installation's Ed25519 key, which lies outside the
database. Rows that may change (users, places) carry a seal made with a key derived from it.
"""

import contextlib
import json
import tempfile
from datetime import datetime
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection
from psycopg.rows import class_row

from riviere.errors import RiviereError
from riviere.ledger import merkle
from riviere.ledger.proof import SignedHead as Head
from riviere.ledger.store import SQL

_FILE = "signing.key"


class BrokenKey(RiviereError):
    """The signing key {path} cannot be read; put back the file that was made with this data."""

    code = "broken_key"


class Signer:
    """The installation's key: signs heads, and seals rows that are allowed to change."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self._seal_key = blake2b(secret, person=b"riviere seal", digest_size=32).digest()
        self.public_key = self._key.public_key().public_bytes_raw()

    @classmethod
    def open(cls, keys: Path) -> "Signer":
        """The key in the folder `keys`, made on first use and readable by its owner alone. Raises BrokenKey."""
        path = keys / _FILE
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Written whole under another name first: a crash or a second process never sees half a key.
            draft = Path(tempfile.mkstemp(dir=keys)[1])
            draft.write_bytes(Ed25519PrivateKey.generate().private_bytes_raw())
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        secret = path.read_bytes()
        if len(secret) != 32:
            raise BrokenKey(path=path)
        return cls(secret)

    def sign(self, digest: bytes) -> bytes:
        """64 bytes over a head's hash."""
        return self._key.sign(digest)

    def seal(self, *parts: object) -> bytes:
        """16 bytes that only this installation can make of these values."""
        return blake2b(repr(parts).encode(), key=self._seal_key, digest_size=16).digest()


def facts_digest(connection: Connection[Any]) -> bytes:
    """One digest over every dated and reference row, as they are now."""
    rows = sorted((name, digest) for name, digest in connection.execute(SQL["digest_facts"]))
    return sha256(b"".join(name.encode() + b"\x00" + digest for name, digest in rows)).digest()


def last_head(connection: Connection[Any]) -> Head | None:
    """The newest head, if one was ever signed."""
    with connection.cursor(row_factory=class_row(Head)) as cursor:
        return cursor.execute(SQL["read_last_head"]).fetchone()


def head_over(connection: Connection[Any], writer: int, batch: int) -> Head | None:
    """The head that covers a batch; None until one was signed."""
    with connection.cursor(row_factory=class_row(Head)) as cursor:
        return cursor.execute(SQL["read_head_over"], {"writer": str(writer), "number": batch}).fetchone()


def sign_head(connection: Connection[Any], signer: Signer, now: datetime) -> Head:
    """Signs a head over all that is committed and all this transaction changed; if nothing came, answers the last one.

    Call it last in a transaction: it holds a lock on heads until the end of it.
    """
    connection.execute(SQL["lock_heads"])
    last = last_head(connection)
    tips = connection.execute(SQL["read_tips"]).fetchall()
    covered = covered_upto(connection)
    facts = facts_digest(connection)
    spans = {
        str(writer): [covered.get(writer, 0) + 1, number]
        for writer, number, _ in tips
        if number > covered.get(writer, 0)
    }
    if last is not None and not spans and facts == last.facts:
        return last
    text = json.dumps(spans, sort_keys=True, separators=(",", ":"))
    hashes = batch_hashes(connection, text)
    number = last.number + 1 if last else 1
    entries = sum(entries for *_, entries in tips)
    previous = last.hash if last else merkle.EMPTY
    tree = merkle.root(hashes)
    digest = merkle.head_hash(number, now, entries, text, tree, facts, previous)
    head = Head(number, now, entries, text, tree, facts, previous, digest, signer.public_key, signer.sign(digest))
    connection.execute(SQL["add_head"], msgspec.structs.asdict(head))
    return head


def covered_upto(connection: Connection[Any]) -> dict[int, int]:
    """The last batch of each writer that some head covers."""
    return dict(connection.execute(SQL["read_covered"]).fetchall())


def batch_hashes(connection: Connection[Any], spans: str) -> list[bytes]:
    """The hashes of the batches that a head covers, by writer and number: the leaves of its tree."""
    hashes: list[bytes] = []
    for writer, (first, last) in sorted((int(writer), span) for writer, span in json.loads(spans).items()):
        parameters = {"writer": writer, "after": first - 1, "upto": last}
        hashes += [row[0] for row in connection.execute(SQL["read_batch_hashes"], parameters)]
    return hashes
