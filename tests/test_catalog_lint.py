"""What the tables must be so that the same SQL runs on a cluster, and so that the journal stays as written.

The rules read the catalog of a migrated database; each is also shown a table that breaks it. A comment "distributed by
COLUMN: ..." names the column a cluster would shard by; "reference: ..." a small table that every node holds whole.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from riviere.database.database import Database
from riviere.ledger.verify import law

Connection = psycopg.Connection[tuple[Any, ...]]

#: The tables that each migration makes. A new one is listed here, and so held to the rules below.
MADE = {
    "0001_ledger": {
        "kind", "route", "account", "entry", "message", "hole", "origin", "claw", "earning", "writer", "batch", "head",
    },
    "0002_economy": {
        "users", "person", "place", "gift", "gift_version", "pack", "policy", "charge", "import", "backing",
    },
    "0003_redeem": set(),  # kinds and routes, and wider checks of the journal
    "0004_outbox": {"subject", "outbox"},
    "0005_payouts": {
        "payout_method", "identity", "standing", "quote", "redemption", "redemption_step", "payout",
    },
    "0007_webhooks": {
        "endpoint", "endpoint_secret", "delivery", "lane", "attempt", "journal_cursor", "running_combo",
    },
    "0006_access": {"operator", "operator_change", "api_key", "token_key"},
    "0009_tally": {"tally", "tally_mark", "tally_cursor"},
    "0010_revision": {"revision"},
    "0011_notice": {"notice_board", "notice", "combo_mark"},
    "0012_session": {"sign_in_link", "session"},
    "0013_poster": {"poster"},
    "0014_words": {"word_rule", "words", "words_report", "blocked", "anonymous_gift"},
    "0015_viewers": {
        "question", "question_voice", "question_turn", "announcement", "reminder", "spending_limit", "spending_hold",
    },
    "0016_goal": {"goal"},
    "0017_boards": {"support", "support_mark", "leaderboard", "contest", "contest_side"},
    "0018_console": {"undoing"},
    "0019_overlay": {"overlay", "overlay_code", "overlay_secret"},
    "0020_refund": set(),
    "0021_checkout": {"checkout", "provider_event"},
    "0022_refunds": {"refund"},
}  # fmt: skip

#: Written once: the server's role may add rows, and nobody may change or remove one.
WRITTEN_ONCE = {
    "entry",
    "hole",
    "origin",
    "claw",
    "batch",
    "head",
    "charge",
    "gift",
    "import",
    "backing",
    "operator_change",
    "identity",
    "standing",
    "quote",
    "redemption_step",
    "undoing",
}

#: The dated tables, and what may have one value at a time.
DATED = {"gift_version": {"gift"}, "pack": {"code"}, "policy": {"name", "scope"}}

SERVER = "riviere_server"

TABLES = """
    SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), a.attnum IS NOT NULL
    FROM pg_class AS c
    LEFT JOIN pg_attribute AS a
        ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attname = substring(obj_description(c.oid, 'pg_class') FROM '^distributed by (\\w+): .')
    WHERE c.relnamespace = 'riviere'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY c.relname
"""

# Each of the following finds (table, finding); `key` is the attribute number of the distribution column.
DISTRIBUTED = """
    WITH distributed AS (
        SELECT c.oid, c.relname, c.relkind, a.attnum AS key
        FROM pg_class AS c
        INNER JOIN pg_attribute AS a
            ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attname = substring(obj_description(c.oid, 'pg_class') FROM '^distributed by (\\w+): .')
        WHERE c.relnamespace = 'riviere'::regnamespace AND c.relkind IN ('r', 'p')
    )
"""

NO_PRIMARY_KEY = """
    SELECT d.relname, 'has no primary key' FROM distributed AS d
    WHERE NOT EXISTS (SELECT 1 FROM pg_index AS i WHERE i.indrelid = d.oid AND i.indisprimary)
"""
UNIQUE_WITHOUT_KEY = """
    SELECT d.relname, i.indexrelid::regclass || ' is unique without the distribution column'
    FROM distributed AS d
    INNER JOIN pg_index AS i ON i.indrelid = d.oid AND (i.indisunique OR i.indisexclusion)
    WHERE d.key <> ALL ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
"""
FOREIGN_KEYS = """
    SELECT DISTINCT c.relname, 'foreign key ' || k.conname || ' crosses shards'
    FROM distributed AS d
    INNER JOIN pg_constraint AS k ON k.contype = 'f' AND d.oid IN (k.conrelid, k.confrelid)
    INNER JOIN pg_class AS c ON c.oid = k.conrelid
"""
PARTITIONS = """
    SELECT c.relname, 'is partitioned by something else than the hash of its distribution column'
    FROM pg_partitioned_table AS p
    INNER JOIN pg_class AS c ON c.oid = p.partrelid AND c.relnamespace = 'riviere'::regnamespace
    LEFT JOIN distributed AS d ON d.oid = p.partrelid
    WHERE p.partstrat <> 'h' OR p.partnatts <> 1 OR d.key IS DISTINCT FROM p.partattrs[0]
"""
TRIGGERS = """
    SELECT d.relname, 'trigger ' || t.tgname || ' does more than refuse a change'
    FROM distributed AS d
    INNER JOIN pg_trigger AS t ON t.tgrelid = d.oid AND NOT t.tgisinternal
    INNER JOIN pg_proc AS f ON f.oid = t.tgfoid
    WHERE (t.tgtype & 1) = 1 OR f.proname <> 'refuse_change'
"""
SEQUENCES = """
    SELECT d.relname, 'column ' || a.attname || ' counts by a sequence'
    FROM distributed AS d
    INNER JOIN pg_attribute AS a ON a.attrelid = d.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS f ON f.adrelid = d.oid AND f.adnum = a.attnum
    WHERE a.attidentity <> '' OR pg_get_expr(f.adbin, f.adrelid) LIKE '%nextval(%'
"""
RULES = (NO_PRIMARY_KEY, UNIQUE_WITHOUT_KEY, FOREIGN_KEYS, PARTITIONS, TRIGGERS, SEQUENCES)

# A guard is enabled, fires once a statement, before it, on UPDATE, DELETE and TRUNCATE (2 + 8 + 16 + 32).
GUARDED = """
    SELECT c.relname
    FROM pg_trigger AS t
    INNER JOIN pg_class AS c ON c.oid = t.tgrelid AND c.relnamespace = 'riviere'::regnamespace
    INNER JOIN pg_proc AS f ON f.oid = t.tgfoid AND f.proname = 'refuse_change'
    WHERE t.tgname = 'append_only' AND t.tgtype = 58 AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL
"""
CHANGEABLE = """
    SELECT c.relname
    FROM pg_class AS c
    WHERE c.relnamespace = 'riviere'::regnamespace AND c.relkind IN ('r', 'p')
    AND (
        has_table_privilege(%(role)s, c.oid, 'UPDATE, DELETE, TRUNCATE')
        OR has_any_column_privilege(%(role)s, c.oid, 'UPDATE')
    )
"""
EXCLUSIONS = """
    SELECT
        c.relname,
        array_agg(a.attname::text) FILTER (WHERE o.oprname = '='),
        array_agg(a.attname::text) FILTER (WHERE o.oprname = '&&')
    FROM pg_constraint AS k
    INNER JOIN pg_class AS c ON c.oid = k.conrelid AND c.relnamespace = 'riviere'::regnamespace
    CROSS JOIN LATERAL unnest(k.conkey, k.conexclop) AS part (attnum, operator)
    INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = part.attnum
    INNER JOIN pg_operator AS o ON o.oid = part.operator
    WHERE k.contype = 'x'
    GROUP BY c.relname, k.oid
"""
OWNERS = """
    SELECT r.rolsuper OR EXISTS (SELECT 1 FROM pg_class AS c WHERE c.relowner = r.oid)
    FROM pg_roles AS r WHERE r.rolname = %(role)s
"""


def lint(connection: Connection) -> list[str]:
    """Every rule that a table breaks, as `table: finding`."""
    findings = []
    for table, comment, has_column in connection.execute(TABLES):
        if not (has_column or comment.startswith("reference: ")):
            findings.append(f"{table}: the comment must begin `distributed by COLUMN: ` or `reference: `")
    for rule in RULES:
        findings += [f"{table}: {finding}" for table, finding in connection.execute(DISTRIBUTED + rule)]
    return findings


def tables(connection: Connection, query: str) -> set[str]:
    """The first column of a query's rows."""
    return {row[0] for row in connection.execute(query, {"role": SERVER})}


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    """The owner's connection, in a transaction that is rolled back."""
    connection = database.connect_owner()
    try:
        yield connection
    finally:
        connection.rollback()
        connection.close()


def test_every_table_keeps_the_rules_of_a_cluster(owner: Connection) -> None:
    assert lint(owner) == []


def test_every_table_is_one_that_a_migration_here_makes(owner: Connection) -> None:
    made = set().union(*MADE.values())
    assert {row[0] for row in owner.execute(TABLES)} == made | {"migration"}


BROKEN = [
    ("CREATE TABLE bad (a bigint PRIMARY KEY)", None, "the comment must begin"),
    ("CREATE TABLE bad (a bigint PRIMARY KEY)", "distributed by b: no such column", "the comment must begin"),
    ("CREATE TABLE bad (a bigint PRIMARY KEY)", "distributed by a", "the comment must begin"),
    ("CREATE TABLE bad (a bigint)", "distributed by a: x", "has no primary key"),
    ("CREATE TABLE bad (a bigint, b bigint PRIMARY KEY)", "distributed by a: x", "bad_pkey is unique without"),
    (
        "CREATE TABLE bad (a bigint PRIMARY KEY, b bigint); CREATE UNIQUE INDEX bad_b ON bad (b) INCLUDE (a)",
        "distributed by a: x",
        "bad_b is unique without",
    ),
    (
        "CREATE TABLE bad (a bigint PRIMARY KEY, b int, EXCLUDE USING gist (b WITH =))",
        "distributed by a: x",
        "bad_b_excl is unique without",
    ),
    ("CREATE TABLE bad (a bigint PRIMARY KEY REFERENCES users)", "distributed by a: x", "crosses shards"),
    ("CREATE TABLE bad (a bigint PRIMARY KEY REFERENCES users)", "reference: x", "crosses shards"),
    ("CREATE TABLE bad (a int PRIMARY KEY REFERENCES gift)", "distributed by a: x", "crosses shards"),
    ("CREATE TABLE bad (a int PRIMARY KEY) PARTITION BY RANGE (a)", "distributed by a: x", "is partitioned by"),
    (
        "CREATE TABLE bad (a int, b int, PRIMARY KEY (a, b)) PARTITION BY HASH (b)",
        "distributed by a: x",
        "is partitioned by",
    ),
    ("CREATE TABLE bad (a int PRIMARY KEY) PARTITION BY HASH (a)", "reference: x", "is partitioned by"),
    (
        "CREATE TABLE bad (a int PRIMARY KEY);"
        "CREATE TRIGGER t BEFORE UPDATE ON bad FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "distributed by a: x",
        "trigger t does more",
    ),
    (
        "CREATE TABLE bad (a int PRIMARY KEY);"
        "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER t BEFORE UPDATE ON bad FOR EACH STATEMENT EXECUTE FUNCTION other()",
        "distributed by a: x",
        "trigger t does more",
    ),
    ("CREATE TABLE bad (a bigserial PRIMARY KEY)", "distributed by a: x", "counts by a sequence"),
    (
        "CREATE TABLE bad (a int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)",
        "distributed by a: x",
        "counts by a sequence",
    ),
]


def test_a_table_that_breaks_a_rule_is_found(owner: Connection) -> None:
    for statements, comment, finding in BROKEN:
        with owner.transaction(force_rollback=True):
            owner.execute(statements.encode())
            if comment:
                owner.execute(sql.SQL("COMMENT ON TABLE bad IS {}").format(comment))
            found = lint(owner)
            assert len(found) == 1, (statements, comment, found)
            assert found[0].startswith("bad: "), (statements, comment, found)
            assert finding in found[0], (statements, comment, found)


GOOD = [
    ("CREATE TABLE good (a int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b int REFERENCES gift)", "reference: x"),
    ("CREATE TABLE good (a bigint, b int, PRIMARY KEY (b, a)) PARTITION BY HASH (a)", "distributed by a: x"),
    (
        "CREATE TABLE good (a int PRIMARY KEY);"
        "CREATE TRIGGER append_only BEFORE UPDATE ON good FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        "distributed by a: x",
    ),
]


def test_a_table_that_keeps_the_rules_is_not_found(owner: Connection) -> None:
    for statements, comment in GOOD:
        with owner.transaction(force_rollback=True):
            owner.execute(statements.encode())
            owner.execute(sql.SQL("COMMENT ON TABLE good IS {}").format(comment))
            assert lint(owner) == [], statements


def test_the_servers_role_owns_nothing(owner: Connection) -> None:
    assert owner.execute(OWNERS, {"role": SERVER}).fetchone() == (False,)


def test_rows_written_once_are_beyond_the_server_and_guarded(owner: Connection) -> None:
    assert tables(owner, GUARDED) == WRITTEN_ONCE
    assert tables(owner, CHANGEABLE) & WRITTEN_ONCE == set()


def test_verify_knows_every_table_and_what_holds_it(owner: Connection) -> None:
    assert {*law.WRITTEN_ONCE} == WRITTEN_ONCE
    there = {f"{table} {name}" for table, name, _ in owner.execute(law.SQL["list_constraints"])}
    assert there == {f"{table} {table}_{name}" for table, names in law.CONSTRAINTS.items() for name in names.split()}


def test_a_right_given_by_mistake_is_found(owner: Connection) -> None:
    for right in ("UPDATE", "UPDATE (owner)", "DELETE", "TRUNCATE"):
        with owner.transaction(force_rollback=True):
            owner.execute(f"GRANT {right} ON entry TO {SERVER}".encode())
            assert "entry" in tables(owner, CHANGEABLE), right


def test_a_guard_that_sleeps_or_sees_half_is_found(owner: Connection) -> None:
    half = "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE ON hole EXECUTE FUNCTION refuse_change()"
    for change in ("ALTER TABLE hole DISABLE TRIGGER append_only", "ALTER TABLE hole DISABLE TRIGGER ALL", half):
        with owner.transaction(force_rollback=True):
            owner.execute(change.encode())
            assert tables(owner, GUARDED) == WRITTEN_ONCE - {"hole"}, change


def test_neither_the_server_nor_the_owner_removes_what_is_written(database: Database, owner: Connection) -> None:
    refused = psycopg.errors.InsufficientPrivilege
    with database.connect() as server:
        for table in sorted(WRITTEN_ONCE):
            for change in ("DELETE FROM {}", "TRUNCATE {} CASCADE"):
                statement = sql.SQL(change).format(sql.Identifier(table))
                with pytest.raises(refused, match=f"permission denied for table {table}"), server.transaction():
                    server.execute(statement)
                with pytest.raises(refused, match="never changed or removed"), owner.transaction():
                    owner.execute(statement)


def test_dated_rows_never_overlap(owner: Connection) -> None:
    there = {table: (set(same), over) for table, same, over in owner.execute(EXCLUSIONS)}
    assert there == {table: (same, ["during"]) for table, same in DATED.items()}


def test_a_second_price_at_the_same_time_is_refused(owner: Connection) -> None:
    add = """
        INSERT INTO pack (code, coins, bonus, bonus_days, price, currency, during)
        VALUES ('lint', 1, 0, 1, 1, 'USD', tstzrange(%s, %s))
    """
    owner.execute(add, ("2026-01-01Z", "2026-02-01Z"))
    owner.execute(add, ("2026-02-01Z", None))
    with pytest.raises(psycopg.errors.ExclusionViolation, match="pack_overlap"):
        owner.execute(add, ("2026-01-31Z", "2026-02-02Z"))
