"""A statement says what was booked, an outsider can check it alone, and nobody else's balance is in it."""

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from small_ledger import (
    CREATOR,
    FACTS,
    LONG_AGO,
    MINA,
    OTHER,
    OTTO,
    SIGNER,
    buy,
    gift,
    hold,
    imported,
    reverse,
    settle,
    write,
)

from riviere import clock
from riviere.database.database import Database
from riviere.ledger import proof
from riviere.ledger.evidence import Signer
from riviere.ledger.law import KINDS, Kind, Route, is_users
from riviere.ledger.model import Entry
from riviere.ledger.proof import Statement
from riviere.ledger.statement import balance_at, prove, statement

TICK = timedelta(microseconds=1)
USERS = (MINA, OTTO, CREATOR, OTHER)
ACCOUNTS = [(user, kind) for user in USERS for kind in KINDS if is_users(kind)]

Balances = dict[tuple[int, int], int]


class Books:
    """What was booked, remembered apart from the database: the balances after each instant, in order."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.moments: list[tuple[datetime, Balances]] = []
        self.entries: list[Entry] = []

    def book(self, *orders: Any) -> None:
        now: Balances = defaultdict(int, self.moments[-1][1] if self.moments else {})
        for receipt in write(self.database, *orders):
            for entry in receipt.entries:
                for user, kind, moved in (
                    (entry.debit_user, entry.debit_kind, -entry.debit_amount),
                    (entry.credit_user, entry.credit_kind, entry.credit_amount),
                ):
                    if user is not None:
                        now[user, kind] += -moved if kind == Kind.OWED else moved
                self.entries.append(entry)
            self.moments.append((receipt.entries[0].booked_at, now.copy()))


@pytest.fixture
def books(database: Database) -> Books:
    """Two viewers, two creators, and everything that moves a user's account."""
    with database.connect_owner() as connection:
        connection.execute(FACTS)
    made = Books(database)
    made.book(buy(MINA, "b1"), buy(OTTO, "b2", 1), gift(MINA, "g1", 3), gift(OTTO, "g2", 2))
    made.book(gift(MINA, "g3", 7, creator=OTHER), gift(MINA, "g4", crown=True), reverse(MINA, "g1"))
    made.book(gift(MINA, "c1", 2, combo=True), gift(MINA, "c1", 5, combo=True), imported(OTTO, "i1", 4))
    made.book(hold(CREATOR, "h1", 1_000), hold(CREATOR, "h2", 500), settle(CREATOR, "h1", 40))
    return made


@pytest.fixture
def connection(books: Books) -> Iterator[Any]:
    with books.database.connect(autocommit=True) as opened:
        yield opened


def handed_over(connection: Any, user: int, kind: Kind) -> Statement:
    """A proven statement after a journey as JSON."""
    document = statement(connection, user, kind, LONG_AGO, clock.now())
    prove(connection, SIGNER, document, clock.now())
    return proof.read(msgspec.json.encode(document))


def test_a_balance_at_a_past_time_is_what_had_been_booked_by_then(books: Books, connection: Any) -> None:
    before: Balances = defaultdict(int)
    for instant, after in books.moments:
        for account in ACCOUNTS:
            assert balance_at(connection, *account, instant - TICK) == before[account]
            assert balance_at(connection, *account, instant) == after[account]
        before = after
    for account in ACCOUNTS:
        assert balance_at(connection, *account) == before[account]
        assert balance_at(connection, *account, LONG_AGO) == 0


def test_a_statement_lies_between_the_balances_at_its_two_ends(books: Books, connection: Any) -> None:
    edges: list[tuple[datetime, Balances]] = [(LONG_AGO, defaultdict(int)), *books.moments]
    ends = [(begin + TICK, start, end + TICK, stop) for begin, start in edges for end, stop in edges if begin < end]
    shown = 0
    for since, opening, until, closing in ends:
        for user, kind in ACCOUNTS:
            document = statement(connection, user, kind, since, until)
            assert (document.opening, document.closing) == (opening[user, kind], closing[user, kind])
            booked = [e for e in books.entries if since <= e.booked_at < until and _touches(e, user, kind)]
            assert [(line.entry.id, line.entry.leg) for line in document.lines] == [(e.id, e.leg) for e in booked]
            balance = document.opening
            for line in document.lines:
                balance += line.amount
                assert line.balance == balance
            shown += len(document.lines)
    assert shown > 100, "the windows showed next to nothing"


def _touches(entry: Entry, user: int, kind: int) -> bool:
    return (user, kind) in ((entry.debit_user, entry.debit_kind), (entry.credit_user, entry.credit_kind))


@pytest.mark.parametrize("user", USERS)
def test_every_account_of_everybody_can_be_proven(connection: Any, user: int) -> None:
    lines = 0
    for kind in KINDS:
        if is_users(kind):
            document = handed_over(connection, user, kind)
            assert proof.problems(document) == []
            assert proof.problems(document, SIGNER.public_key) == []
            lines += len(document.lines)
    assert lines


def test_a_statement_of_another_platform_is_not_ours(connection: Any) -> None:
    stranger = Signer(bytes(32))
    document = statement(connection, MINA, Kind.COINS, LONG_AGO, clock.now())
    prove(connection, SIGNER, document, clock.now())
    document.public_key = stranger.public_key
    document.signature = stranger.sign(proof.digest(document))
    assert proof.problems(document, SIGNER.public_key)
    assert proof.problems(document), "its heads carry another key than the document"


def test_what_was_booked_after_the_last_head_is_proven_too(books: Books, connection: Any) -> None:
    first = handed_over(connection, MINA, Kind.COINS)
    books.book(gift(MINA, "late", 2))
    second = handed_over(connection, MINA, Kind.COINS)
    assert len(second.lines) == len(first.lines) + 1
    assert proof.problems(second, SIGNER.public_key) == []


def test_an_account_that_never_moved_has_a_statement_that_can_be_checked(connection: Any) -> None:
    document = handed_over(connection, MINA, Kind.HELD)
    assert (document.lines, document.opening, document.closing) == ([], 0, 0)
    assert proof.problems(document, SIGNER.public_key) == []
    document.opening = document.closing = 5
    assert proof.problems(document, SIGNER.public_key)


Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every single value of a JSON document, and where it is."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from leaves(part, (*path, number))
    else:
        yield path, value


def changed(value: Any) -> list[Any]:
    """Values of the same form that say something else."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, -value - 1, 2**63]
    if value is None:
        return [1, "MQ=="]
    if value == "":
        return ["A"]
    if value in ("debit", "credit", "left", "right"):
        return [{"debit": "credit", "credit": "debit", "left": "right", "right": "left"}[value], "up"]
    if isinstance(value, list):
        return [[1]]
    digits = [place for place, character in enumerate(value) if character.isdigit()] or [0]
    place = digits[len(digits) // 2]
    other = "1" if value[place] != "1" else "2"
    return [value[:place] + other + value[place + 1 :], ""]


def spoiled(text: str, path: Path, value: Any) -> Statement | None:
    """The document with one value put in another's place; None where it is then no document at all."""
    document = json.loads(text)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    try:
        return proof.read(json.dumps(document).encode())
    except msgspec.MsgspecError:
        return None


@pytest.mark.parametrize(
    ("user", "kind"), [(CREATOR, Kind.DIAMONDS), (MINA, Kind.COINS), (CREATOR, Kind.OWED), (OTTO, Kind.IMPORTED)]
)
def test_no_value_of_a_statement_can_be_altered_unseen(connection: Any, user: int, kind: Kind) -> None:
    text = msgspec.json.encode(handed_over(connection, user, kind)).decode()
    tried = 0
    for path, value in leaves(json.loads(text)):
        for other in changed(value):
            document = spoiled(text, path, other)
            if document is not None and msgspec.json.encode(document).decode() != text:
                tried += 1
                assert proof.problems(document), f"{path}: {value!r} became {other!r}"
    assert tried > 100


@pytest.mark.parametrize("user", [MINA, CREATOR])
def test_not_even_the_platform_can_sign_a_line_that_its_journal_does_not_have(connection: Any, user: int) -> None:
    kind = Kind.COINS if user == MINA else Kind.DIAMONDS
    text = msgspec.json.encode(handed_over(connection, user, kind)).decode()
    tried = 0
    for path, value in leaves(json.loads(text)):
        # What is blank in an entry is the other side's; a mark of it says nothing.
        if path[0] in ("lines", "batches", "heads", "user", "kind", "opening", "closing") and value is not None:
            for other in changed(value):
                document = spoiled(text, path, other)
                if document is not None and msgspec.json.encode(document).decode() != text:
                    document.signature = SIGNER.sign(proof.digest(document))
                    tried += 1
                    assert proof.problems(document, SIGNER.public_key), f"{path}: {value!r} became {other!r}"
    assert tried > 100


def _drop_last(document: Statement) -> None:
    document.lines.pop()
    document.closing = document.lines[-1].balance


def _drop_first(document: Statement) -> None:
    first = document.lines.pop(0)
    document.opening = first.balance


def _drop_middle(document: Statement) -> None:
    document.lines.pop(1)


def _swap(document: Statement) -> None:
    document.lines[0], document.lines[1] = document.lines[1], document.lines[0]


def _unproven(document: Statement) -> None:
    document.lines[0].proof = None


def _flip_first(document: Statement) -> None:
    first = document.lines[0]
    first.amount = -first.amount
    document.opening = first.balance - first.amount


@pytest.mark.parametrize("spoil", [_drop_last, _drop_first, _drop_middle, _swap, _unproven, _flip_first])
def test_no_line_can_be_left_out_moved_or_turned_round(connection: Any, spoil: Callable[[Statement], None]) -> None:
    document = handed_over(connection, MINA, Kind.COINS)
    assert proof.problems(document) == []
    spoil(document)
    assert proof.problems(document)


def test_a_line_turned_round_is_seen_even_under_the_platforms_own_signature(connection: Any) -> None:
    document = handed_over(connection, MINA, Kind.COINS)
    _flip_first(document)
    document.signature = SIGNER.sign(proof.digest(document))
    assert proof.problems(document) == ["line 1 shows another amount than its entry"]


def test_the_other_sides_balance_is_nowhere_in_the_document(books: Books, connection: Any) -> None:
    document = handed_over(connection, CREATOR, Kind.DIAMONDS)
    text = msgspec.json.encode(document).decode()
    numbers = {value for _, value in leaves(json.loads(text)) if isinstance(value, int)}
    salts = [row[0] for row in connection.execute("SELECT salt FROM batch")]
    assert len(salts) == len(books.moments)
    assert not [salt for salt in salts if base64.b64encode(salt).decode() in text]
    gifts = [e for e in books.entries if e.route in (Route.GIFT, Route.GIFT_BONUS) and e.credit_user == CREATOR]
    assert len(gifts) >= 4
    balances = {e.debit_balance for e in gifts} | {e.debit_start for e in gifts if e.debit_start}
    own = {line.balance for line in document.lines} | {line.start for line in document.lines}
    amounts = {abs(line.amount) for line in document.lines} | {line.entry.debit_amount for line in document.lines}
    telling = {balance for balance in balances if balance and balance > 100} - own - amounts
    assert len(telling) >= 3
    assert not telling & numbers
    for line in document.lines:
        other = "debit" if line.side == "credit" else "credit"
        assert [getattr(line.entry, f"{other}_{name}") for name in ("user", "start", "balance", "seq")] == [None] * 4


def test_a_document_of_another_version_is_not_guessed_at(connection: Any) -> None:
    document = handed_over(connection, MINA, Kind.COINS)
    document.version = 2
    assert proof.problems(document) == ["this is version 2 of the document, and version 1 is known here"]
