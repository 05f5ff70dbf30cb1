import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from riviere.database.connection import BadDatabaseUrl, DatabaseUnreachable
from riviere.database.database import FolderBusy, open_database, set_aside
from riviere.settings import Settings

#: What the running server may do to each table, beyond reading it. A column in brackets is all it may update.
RIGHTS = {
    "account": "insert update",
    "announcement": "insert delete update(body,cancelled_at,reminded_at,starts_at,title)",
    "anonymous_gift": "insert",
    "api_key": "insert update(revoked_at,revoked_by)",
    "attempt": "insert delete",
    "backing": "insert",
    "batch": "insert",
    "blocked": "insert delete",
    "charge": "insert",
    "checkout": "insert update(ask_at,ended_at,reference,state,tries)",
    "claw": "insert",
    "combo_mark": "update(looked_until)",
    "contest": "insert update(counted_at,state)",
    "contest_side": "insert update(given,score,undone)",
    "delivery": "insert delete update(done_at,state,tries)",
    "earning": "insert update",
    "endpoint": "insert delete update(failing_since,state,state_at)",
    "endpoint_secret": "insert delete update(until)",
    "entry": "insert",
    "gift": "insert",
    "gift_version": "insert update(during)",
    "goal": "insert update(closed_at,counted_at,given,progress,reached_at,undone)",
    "head": "insert",
    "hole": "insert",
    "identity": "insert",
    "import": "insert",
    "journal_cursor": "insert update delete",
    "kind": "",
    "leaderboard": "insert update",
    "lane": "insert update delete",
    "message": "insert delete",
    "migration": "",
    "notice": "insert",
    "notice_board": "insert update",
    "operator": "insert update(disabled_at,role)",
    "operator_change": "insert",
    "origin": "insert",
    "outbox": "insert delete",
    "overlay": ("insert delete update(changed_at,least,name,seconds,shown_ahead,shown_entry,shown_notice,sound)"),
    "overlay_code": "insert delete update(css,fields,html,js)",
    "overlay_secret": "insert delete",
    "pack": "insert update(during)",
    "payout": "insert update(item,reference,status)",
    "payout_method": "insert",
    "person": "insert delete",
    "place": "insert update(ended_at,seal)",
    "policy": "insert update(during)",
    "poster": "insert update",
    "provider_event": "insert update(reason,state)",
    "question": "insert delete update(answered_at)",
    "question_turn": "insert delete update(asked_at)",
    "question_voice": "insert delete",
    "quote": "insert",
    "redemption": (
        "insert update(actor,attempt,attention,booking,due_at,payments,payout_method,quote,reason,requested_at,"
        "state,step,tries)"
    ),
    "redemption_step": "insert",
    "refund": "insert update(amount,asked_at,bonus,coins,due_at,ended_at,reason,reference,state,tries)",
    "reminder": "insert delete update(told_at)",
    "revision": "update(number)",
    "route": "",
    "running_combo": "insert update delete",
    "session": "insert delete update(ended_at)",
    "sign_in_link": "insert delete update(used_at)",
    "spending_hold": "insert delete",
    "spending_limit": "insert",
    "standing": "insert",
    "subject": "insert update delete",
    "support": "insert update delete",
    "support_mark": "insert update",
    "tally": "insert update",
    "tally_cursor": "insert update",
    "tally_mark": "insert update",
    "token_key": "insert update(retired_by,retires_at)",
    "undoing": "insert",
    "users": "insert update(level,region,seal)",
    "word_rule": "insert delete update(changed_at,changed_by,entries,review)",
    "words": "insert delete update(decided_by,reason,since,standing)",
    "words_report": "insert delete update(decided_at,decided_by,outcome)",
    "writer": "insert update",
}
#: By right or trigger; or sooner, since an identity is never updated and what is referred to never truncated.
REFUSALS = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.GeneratedAlways,
    psycopg.errors.FeatureNotSupported,
)
APPEND_ONLY = [
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
]


def rights(connection, table):
    def may(right):
        return connection.execute("SELECT has_table_privilege(%s, %s)", [f'"{table}"', right]).fetchone()[0]

    found = [right for right in ("insert", "update", "delete", "truncate", "references", "trigger") if may(right)]
    if "update" not in found:
        columns = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " AND has_column_privilege(attrelid, attnum, 'update') ORDER BY attname",
            [f'"{table}"'],
        ).fetchall()
        if columns:
            found.append(f"update({','.join(name for (name,) in columns)})")
    assert may("select")
    return " ".join(found)


def test_the_server_may_do_to_each_table_what_is_listed_and_no_more(database):
    with database.connect() as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'riviere'::regnamespace"
        ).fetchall()
        assert {name: rights(connection, name) for (name,) in names} == RIGHTS


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("who", ["connect", "connect_owner"])
def test_neither_the_server_nor_the_owner_changes_what_is_written_once(database, table, statement, who):
    with getattr(database, who)() as connection:
        column = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", [f'"{table}"']
        ).fetchone()[0]
        parts = [sql.Identifier(name) for name in (table, column, column)]
        with pytest.raises(psycopg.Error) as raised:
            connection.execute(sql.SQL(statement).format(*parts[: statement.count("{}")]))
    assert isinstance(raised.value, REFUSALS)


def test_the_server_makes_no_tables_and_is_nobody_special(database):
    with database.connect() as connection:
        assert connection.execute("SELECT current_user, session_user").fetchone() == ("riviere_server",) * 2
        flags = (
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert connection.execute(flags).fetchone() == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE riviere.mine (x int)")


def test_a_server_of_ones_own_takes_the_embedded_ones_place(database, data_folder):
    with open_database(Settings(data_folder, database.owner_dsn)) as ours:
        with ours.connect() as connection:
            found = connection.execute(
                "SELECT current_user, session_user, current_schema(), current_setting('TimeZone'),"
                " current_setting('jit')"
            )
            assert found.fetchone() == ("riviere_server", "riviere_owner", "riviere", "UTC", "off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM entry")
        with ours.connect_owner() as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("riviere_owner",)
        assert not ours.folder.postgres.exists()
        assert ours.folder.keys.is_dir()


def test_options_that_the_address_brings_are_kept(database, data_folder):
    address = make_conninfo(database.owner_dsn, options="-c statement_timeout=4321")
    with open_database(Settings(data_folder, address)) as ours, ours.connect() as connection:
        found = connection.execute("SELECT current_setting('statement_timeout'), current_user").fetchone()
        assert found == ("4321ms", "riviere_server")


def test_an_owner_without_superuser_rights_is_enough(database, data_folder):
    """Managed PostgreSQL gives no superuser: CREATEROLE and a database of one's own must do."""
    with database.connect_owner(autocommit=True) as owner:
        owner.execute("CREATE ROLE modest LOGIN CREATEROLE")
        owner.execute("GRANT riviere_server TO modest WITH ADMIN TRUE, SET FALSE, INHERIT FALSE")
        owner.execute("CREATE DATABASE modest_books TEMPLATE template0 OWNER modest")
        try:
            address = make_conninfo(database.owner_dsn, user="modest", dbname="modest_books")
            with open_database(Settings(data_folder, address)) as ours, ours.connect() as connection:
                assert connection.execute("SELECT current_user").fetchone() == ("riviere_server",)
        finally:
            owner.execute("DROP DATABASE modest_books WITH (FORCE)")
            owner.execute("DROP OWNED BY modest")
            owner.execute("DROP ROLE modest")


def test_a_server_that_is_not_there_is_named_in_one_line(data_folder):
    with pytest.raises(DatabaseUnreachable) as raised:
        open_database(Settings(data_folder, "postgresql://me:secret@127.0.0.1:1/none"))
    message = str(raised.value)
    assert "Connection refused" in message
    assert "RIVIERE_DATABASE_URL" in message
    assert "\n" not in message
    assert "secret" not in message


@pytest.mark.parametrize("address", ["secret", "postgresql://me:secret@host:not_a_port/x?y", "mysql://secret@host/x"])
def test_an_address_that_is_none_is_refused_without_repeating_it(data_folder, address):
    with pytest.raises((BadDatabaseUrl, DatabaseUnreachable)) as raised:
        open_database(Settings(data_folder, address))
    assert "secret" not in str(raised.value)


def test_a_folder_set_aside_leaves_room_for_a_fresh_one_and_keeps_the_old(data_folder):
    path = data_folder / "data"
    with open_database(Settings(path, None)) as database, database.connect_owner() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    aside = set_aside(path)
    assert not path.exists()
    with open_database(Settings(path, None)) as fresh, fresh.connect_owner() as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
    with open_database(Settings(aside, None)) as old, old.connect_owner() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_folder_that_somebody_uses_is_not_set_aside(data_folder):
    path = data_folder / "data"
    with open_database(Settings(path, None)) as database:
        with pytest.raises(FolderBusy):
            set_aside(path)
        assert database.kind() == "PostgreSQL 18.6 embedded"


def test_there_is_nothing_to_set_aside(data_folder):
    assert set_aside(data_folder / "nowhere") is None
