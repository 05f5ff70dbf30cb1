"""Every table is altered behind the ledger's back, column by column and row by row, and `verify` names what was hit.

Columns come from the catalogue: one that is added tomorrow is altered too.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import small_ledger as small
from alterations import CUNNING
from psycopg import Connection, errors, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import class_row, dict_row
from small_ledger import SIGNER

from riviere.clock import now
from riviere.database import embedded
from riviere.database.connection import connect
from riviere.database.database import Database
from riviere.database.folder import DataFolder
from riviere.database.migrate import shipped
from riviere.ids import shown
from riviere.ledger import merkle
from riviere.ledger.evidence import Signer, sign_head
from riviere.ledger.model import Entry
from riviere.ledger.verify import Check, verify

Row = dict[str, Any]

REDEEMING = "riviere.payouts.checking holds it against the journal"
ADMITTING = "who may ask for what: no amount rests on it"
ADDING_UP = "riviere.economy.tally holds it against the journal"
COUNTING = "riviere.live holds it against the journal: tests/live/test_boards_checked.py alters it"
SHOWING = "what viewers are shown beside a gift, and under whose name: no amount rests on it"
ASKING = "what goes between a creator and viewers beside gifts: no amount rests on it"
ALLOWING = "what a viewer allows themselves: it refuses purchases and moves nothing"
TELLING = "what is told to others: no amount rests on it"
#: Tables that layers above the ledger keep, and why it is not for the ledger's own checks to see what is altered there.
ELSEWHERE = {
    **dict.fromkeys(("quote", "redemption", "redemption_step", "payout"), REDEEMING),
    **dict.fromkeys(("tally", "tally_mark", "tally_cursor"), ADDING_UP),
    **dict.fromkeys(("identity", "payout_method", "standing"), ADMITTING),
    **dict.fromkeys(("api_key", "operator", "operator_change", "token_key", "sign_in_link", "session"), ADMITTING),
    **dict.fromkeys(("outbox", "subject", "endpoint", "endpoint_secret", "delivery", "lane", "attempt"), TELLING),
    **dict.fromkeys(("journal_cursor", "running_combo", "notice", "notice_board", "combo_mark"), TELLING),
    **dict.fromkeys(
        ("overlay", "overlay_code", "overlay_secret"), "pages for broadcasting software, which book nothing"
    ),
    "poster": "words for people to read",
    **dict.fromkeys(("word_rule", "words", "words_report", "blocked", "anonymous_gift"), SHOWING),
    **dict.fromkeys(("question", "question_voice", "question_turn", "announcement", "reminder"), ASKING),
    **dict.fromkeys(("spending_limit", "spending_hold"), ALLOWING),
    **dict.fromkeys(("goal", "support", "support_mark", "contest", "contest_side"), COUNTING),
    "checkout": "riviere.payments.checkout.checking holds it against the journal",
    "provider_event": "what a card processor told, until it is done: what is credited is held against what was ordered",
    "refund": "riviere.payments.refunds.checking holds it against the journal",
    "leaderboard": TELLING,
    "undoing": "words for people to read",
    "revision": "it says only when a server reads again what it keeps in memory",
}
MADE = re.findall(r"CREATE TABLE (\w+)", "".join(file.sql for file in shipped()))
TABLES = [*(table for table in MADE if table not in ELSEWHERE), "migration"]

SEALED = "its seal shows it: the check of seals comes from the layer that makes them"
ERASABLE = "people may have it erased"
#: What may change or go without `verify` minding, or is not for it to see; each with its reason.
EXCEPTIONS = {
    "users.created_at": SEALED,
    "users.level": SEALED,
    "users.region": SEALED,
    "users.seal": SEALED,
    "users twice": SEALED,
    "person.external_id": SEALED,
    "person.user_id": SEALED,
    "person.seal": SEALED,
    "person twice": SEALED,
    "person gone": ERASABLE,
    "place.kind": SEALED,
    "place.external_id": SEALED,
    "place.opened_at": SEALED,
    "place.ended_at": SEALED,
    "place.imported": SEALED,
    "place.seal": SEALED,
    "place twice": SEALED,
    "message gone": ERASABLE,
    "migration.applied_at": "when a migration ran says nothing about any amount",
}
#: Nothing writes these yet; test_each_check_finds_its_own has a row of it.
EMPTY = {"claw"}


def facts(_: Row) -> list[str]:
    return ["vouches for them"]


Finds = tuple[str, Callable[[Row], list[str]]]

#: Rows that say something: an account that nothing ever moved is the same as none.
MATTERS = {"account": "seq > 0"}

#: The check that must break for each table (for a column, where another one sees it), and what it says of the row.
FINDS: dict[str, Finds] = {
    "kind": ("law", lambda row: [f"({row['code']}, '{row['name']}'"]),
    "route": ("law", lambda row: [f"({row['code']}, '{row['name']}'"]),
    "account": ("accounts", lambda row: [shown("u", row["user_id"])]),
    "entry": ("batches", lambda row: [f"batch {row['batch']} of writer {row['writer']}", str(row["id"])[:8]]),
    # Three letters of it are hashed, so a fourth is for the law to see.
    "entry.currency": ("law", lambda row: [str(row["id"])[:8]]),
    "message": ("messages", lambda row: [str(row["id"])[:8]]),
    "hole": ("provenance", lambda row: [shown("u", row["owner"])]),
    "origin": ("provenance", lambda row: [shown("u", row["owner"])]),
    "earning": ("earnings", lambda row: [shown("u", row["creator"])]),
    "writer": ("batches", lambda row: [f"writer {row['id']} stands at"]),
    "batch": ("batches", lambda row: [f"of writer {row['writer']}"]),
    "head": ("heads", lambda row: [f"head {row['number']}"]),
    "users": ("references", lambda row: [shown("u", row["id"])]),
    "place": ("references", lambda row: [f"place {row['id']}"]),
    "charge": ("charges", lambda row: [row["reference"], str(row["purchase"])[:8]]),
    "gift": ("heads", facts),
    "gift_version": ("heads", facts),
    "pack": ("heads", facts),
    "policy": ("heads", facts),
    "import": ("heads", facts),
    "backing": ("heads", facts),
    "migration": ("migrations", lambda row: [f"{row['number']:04}"]),
}

ALTERED = {
    "integer": "{column} + {by}",
    "bigint": "{column} + {by}",
    "smallint": "{column} + {by}",
    "uuid": "md5({column}::text)::uuid",
    "text": "{column} || 'x'",
    "bytea": "set_byte({column}, 1, get_byte({column}, 1) # 1)",
    "boolean": "NOT {column}",
    "timestamp with time zone": "{column} + interval '1 hour'",
    "tstzrange": "tstzrange(lower({column}) + interval '1 hour', upper({column}))",
    "text[]": "{column} || 'XX'::text",
    "jsonb": "{column} || '{{\"9\": [1, 1]}}'",
}


@pytest.fixture(scope="module")
def owner(_server: Any) -> Iterator[Connection[Any]]:
    """The owner of a populated ledger, past triggers and references. Tests alter it in a transaction, and roll back."""
    path, dsn = _server
    name = f"tamper_{uuid4().hex}"
    with connect(make_conninfo(dsn, dbname="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {embedded.NAME} STRATEGY wal_log")
        with Database(DataFolder.open(path), make_conninfo(dsn, dbname=name), is_embedded=True) as database:
            small.build(database)
            with database.connect_owner(autocommit=True) as owner:
                owner.execute("SET session_replication_role = replica")
                yield owner
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def columns(owner: Connection[Any], table: str) -> dict[str, str]:
    return dict(
        owner.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (f"riviere.{table}",),
        ).fetchall()
    )


def keys(owner: Connection[Any], table: str) -> list[str]:
    query = (
        "SELECT a.attname FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid "
        "WHERE a.attnum = ANY(i.indkey) AND i.indrelid = %s::regclass AND i.indisprimary"
    )
    return [name for (name,) in owner.execute(query, (f"riviere.{table}",))]


def loosen(owner: Connection[Any], table: str) -> None:
    """Drops what would refuse an altered row: checks, and the identity that may not be set."""
    query = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'x')"
    for (name,) in owner.execute(query, (f"riviere.{table}",)).fetchall():
        owner.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name)))
    if "id" in columns(owner, table):
        owner.execute(sql.SQL("ALTER TABLE {} ALTER id DROP IDENTITY IF EXISTS").format(sql.Identifier(table)))


def first_row(owner: Connection[Any], table: str, where: str, order: str) -> Row | None:
    with owner.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(f'SELECT ctid, * FROM "{table}" WHERE {where} ORDER BY ctid {order} LIMIT 1').fetchone()


def alter(owner: Connection[Any], table: str, column: str, form: str, row: Row) -> Row:
    """Moves one field of one row to a neighbouring value, or to a far one where a neighbour has it."""
    for by in (1, 7_777):
        value = ALTERED[form].format(column=f'"{column}"', by=by)
        query = f'UPDATE "{table}" SET "{column}" = {value} WHERE ctid = %s RETURNING ctid, *'
        try:
            with owner.transaction(), owner.cursor(row_factory=dict_row) as cursor:
                after = cursor.execute(query, (row["ctid"],)).fetchone()
                assert after
                return after
        except errors.UniqueViolation:
            continue
    raise AssertionError


def broken(owner: Connection[Any]) -> dict[str, Check]:
    report = verify(owner, SIGNER)
    found = {check.name: check for check in report.checks if not check.ok}
    assert report.ok == (not found)
    return found


def must_be_found(owner: Connection[Any], finds: Finds, *rows: Row) -> None:
    check, names = finds
    found = broken(owner)
    assert check in found, {name: each.detail for name, each in found.items()}
    said = [name for row in rows for name in names(row)]
    assert any(name in found[check].detail for name in said), (found[check].detail, said)


def test_every_table_is_altered(owner: Connection[Any]) -> None:
    there = {name for (name,) in owner.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND "
                                               "relnamespace = 'riviere'::regnamespace")}  # fmt: skip
    assert there == {*TABLES, *ELSEWHERE}, "a new table is altered too, or named with its reason"
    assert {*TABLES} - EMPTY - {"person"} == {table for table in FINDS if "." not in table}
    empty = {name for name in TABLES if first_row(owner, name, "true", "") is None}
    assert empty == EMPTY
    fields = {f"{table}.{column}" for table in TABLES for column in columns(owner, table)}
    rows = {f"{table} {what}" for table in TABLES for what in ("gone", "twice")}
    assert set(EXCEPTIONS) <= fields | rows


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize("table", sorted(set(TABLES) - EMPTY))
def test_an_altered_field_is_found(owner: Connection[Any], table: str, order: str, subtests: Any) -> None:
    for column, form in columns(owner, table).items():
        if f"{table}.{column}" in EXCEPTIONS:
            continue
        with subtests.test(column), owner.transaction(force_rollback=True):
            before = first_row(owner, table, f'"{column}" IS NOT NULL AND {MATTERS.get(table, True)}', order)
            assert before, "no row has a value here: let something happen in small_ledger that gives it one"
            loosen(owner, table)
            after = alter(owner, table, column, form, before)
            must_be_found(owner, FINDS.get(f"{table}.{column}") or FINDS[table], before, after)


@pytest.mark.parametrize("table", sorted(set(TABLES) - EMPTY))
def test_a_row_that_is_gone_is_found(owner: Connection[Any], table: str) -> None:
    if f"{table} gone" in EXCEPTIONS:
        return
    with owner.transaction(force_rollback=True):
        row = first_row(owner, table, MATTERS.get(table, "true"), "ASC")
        assert row
        owner.execute(f'DELETE FROM "{table}" WHERE ctid = %s', (row["ctid"],))
        must_be_found(owner, FINDS[table], row)


@pytest.mark.parametrize("table", sorted(set(TABLES) - EMPTY))
def test_a_row_twice_under_another_id_is_found(owner: Connection[Any], table: str) -> None:
    if f"{table} twice" in EXCEPTIONS:
        return
    with owner.transaction(force_rollback=True):
        row = first_row(owner, table, MATTERS.get(table, "true"), "ASC")
        assert row
        loosen(owner, table)
        forms, primary = columns(owner, table), keys(owner, table)
        key = next((name for name in primary if forms[name] == "uuid"), primary[-1])
        others = [name for name in forms if name != key]
        listed, value = ", ".join(f'"{name}"' for name in [key, *others]), ALTERED[forms[key]]
        for (name,) in owner.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'", (f"riviere.{table}",)
        ).fetchall():
            owner.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT {name}')
        query = (
            f'INSERT INTO "{table}" ({listed}) SELECT {value.format(column=key, by=1_000)}, '
            + ", ".join(f'"{name}"' for name in others)
            + f' FROM "{table}" WHERE ctid = %s RETURNING *'
        )
        with owner.cursor(row_factory=dict_row) as cursor:
            twin = cursor.execute(query, (row["ctid"],)).fetchone()
        assert twin
        must_be_found(owner, FINDS[table], row, twin)


@pytest.mark.parametrize(("statement", "name", "said"), CUNNING)
def test_each_check_finds_its_own(owner: Connection[Any], statement: str, name: str, said: str) -> None:
    with owner.transaction(force_rollback=True):
        if statement.startswith(("UPDATE", "DELETE")):
            loosen(owner, statement.split()[1 if statement.startswith("UPDATE") else 2])
        owner.execute(statement)
        found = broken(owner)
        assert name in found, {check.name: check.detail for check in found.values()}
        assert said in found[name].detail


def forge(owner: Connection[Any]) -> None:
    """Moves a gift a year back and makes every batch from there fit again, as one could who has the database alone."""
    owner.execute(
        "UPDATE entry SET at = at - interval '1 year' WHERE id = (SELECT id FROM entry WHERE route = 11 LIMIT 1)"
    )
    previous = merkle.EMPTY
    with owner.cursor(row_factory=dict_row) as cursor:
        chain = cursor.execute("SELECT * FROM batch ORDER BY number").fetchall()
    for batch in chain:
        with owner.cursor(row_factory=class_row(Entry)) as cursor:
            query = "SELECT * FROM entry WHERE writer = %s AND batch = %s ORDER BY position"
            entries = cursor.execute(query, (batch["writer"], batch["number"])).fetchall()
        root = merkle.root([merkle.leaf(entry, batch["salt"]) for entry in entries])
        ours = merkle.batch_hash(
            batch["writer"], batch["number"], batch["count"], batch["entries"], batch["booked_at"], root, previous
        )
        query = "UPDATE batch SET root = %s, previous = %s, hash = %s WHERE writer = %s AND number = %s"
        owner.execute(query, (root, previous, ours, batch["writer"], batch["number"]))
        previous = ours
    owner.execute("UPDATE writer SET hash = %s WHERE number > 0", (previous,))


def test_a_chain_written_anew_is_not_the_one_that_was_signed(owner: Connection[Any]) -> None:
    with owner.transaction(force_rollback=True):
        forge(owner)
        found = broken(owner)
        assert "batches" not in found
        assert "another root than the batches it covers" in found["heads"].detail


def test_heads_signed_with_a_strangers_key_are_not_ours(owner: Connection[Any]) -> None:
    with owner.transaction(force_rollback=True):
        forge(owner)
        owner.execute("DELETE FROM head")
        sign_head(owner, Signer(bytes(32)), now())
        assert "heads" in broken(owner)
        unasked = {check.name: check for check in verify(owner, None).checks}
        assert unasked["heads"].ok, "without our key nobody can tell"
