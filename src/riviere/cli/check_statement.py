"""`riviere check-statement`: what an outsider does with a statement that somebody handed over."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from riviere import money
from riviere.cli.common import NOTHING_SAID, Common
from riviere.cli.inputs import read_file
from riviere.cli.showing import counted
from riviere.errors import RiviereError
from riviere.ledger import proof
from riviere.ledger.law import KINDS


class NotAStatement(RiviereError):
    """{path} is no statement with proofs ({reason}); `riviere statement USER --proofs FILE` writes one."""

    code = "not_a_statement"


class BadPublicKey(RiviereError):
    """A public key is 64 hexadecimal digits, as `riviere statement --proofs` prints it, not {got}."""

    code = "bad_public_key"


def check_statement(
    file: Path,
    *,
    public_key: Annotated[str | None, Parameter(help="The platform's key, had from elsewhere than the file.")] = None,
    common: Common = NOTHING_SAID,
) -> int:
    """Check a statement with proofs by itself: no database, no data folder. Exit status 1 if it does not hold."""
    key = None if public_key is None else _key(public_key)
    try:
        document = proof.read(read_file(file))
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise NotAStatement(path=file, reason=error) from None
    problems = proof.problems(document, key)
    answer = {
        "ok": not problems,
        "problems": problems,
        "account": document.kind,
        "lines": len(document.lines),
        "public_key": document.public_key.hex(),
    }
    asset = next((law.asset for law in KINDS.values() if law.name == document.kind), money.COIN)
    closing = money.grouped(document.closing, asset)
    said = f"{counted(len(document.lines), 'line')} of {document.kind}, closing at {closing}"
    if problems:
        common.answer(answer, *(f"✗ {problem}" for problem in problems))
    elif key is None:
        common.answer(
            answer,
            f"✓ it holds together: {said}",
            f"Signed with {document.public_key.hex()}; whose key that is, --public-key KEY had from elsewhere shows.",
        )
    else:
        common.answer(answer, f"✓ proven: {said}, under this platform's key")
    return 1 if problems else 0


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadPublicKey(got=money.shown(text))
    return key
