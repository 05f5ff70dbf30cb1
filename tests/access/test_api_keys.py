"""API keys and operators: made, shown once, changed, lost, revoked."""

import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from pass_office import PassOffice

from riviere.access import errors, keys, operators, scopes
from riviere.access.keys import BeyondRole, ExpiryPast, Key, NoScope, UnknownKey
from riviere.access.operators import OperatorDisabled, OperatorExists, UnknownOperator
from riviere.access.scopes import ROLES, SCOPES, UnknownRole, UnknownScope
from riviere.database.database import Database
from riviere.economy.checks import BadText


def made(office: PassOffice, name: str = "shop", *wanted: str, **how: Any) -> tuple[Key, str]:
    return keys.create(office.connection, name, wanted or ("gifts:write",), by="ops", now=office.now, **how)


def hire(office: PassOffice, name: str, role: str) -> None:
    operators.create(office.connection, name, role, "ops", office.now)


def test_a_back_end_comes_in_with_its_key_and_has_its_scopes(office: PassOffice) -> None:
    key, text = made(office, "shop", "gifts:write", "users:read")
    assert re.fullmatch(r"rvk_[0-9a-z]{13}_[a-z2-7]{52}", text)
    assert text.startswith(key.shown + "_")
    came = office.enter(text)
    assert (came.kind, came.name, came.key) == ("backend", "shop", key.id)
    assert came.scopes == {"gifts:write", "users:read"}


def test_the_scheme_is_read_as_the_web_writes_it(office: PassOffice) -> None:
    _, text = made(office)
    for header in (f"Bearer {text}", f"bearer {text}", f"BEARER   {text} "):
        assert office.gate.principal(header, office.now).name == "shop"
    for header in (None, "", "  "):
        with pytest.raises(errors.MissingCredentials):
            office.gate.principal(header, office.now)
    for header in (text, f"Basic {text}", "Bearer", f"Bearer {text} {text}", f"Bearer\t{text}", "Bearer é"):
        with pytest.raises(errors.BadCredentials):
            office.gate.principal(header, office.now)


def test_an_endless_header_is_not_even_read(office: PassOffice) -> None:
    with pytest.raises(errors.BadCredentials):
        office.enter("x" * 8193)
    with pytest.raises(errors.BadToken):
        office.enter("x" * 8192)
    assert office.asked == 0


def test_the_database_holds_no_secret(office: PassOffice) -> None:
    _, text = made(office)
    rows = office.connection.execute("SELECT api_key::text FROM api_key").fetchall()
    assert len(rows) == 1
    assert text.rpartition("_")[2] not in rows[0][0]


def test_a_guess_that_is_almost_right_is_as_wrong_as_any(office: PassOffice) -> None:
    _, text = made(office)
    _, other = made(office, "other")
    office.enter(text)  # the true key is remembered
    flipped = text[:-1] + ("a" if text[-1] != "a" else "b")
    mixed = text.rpartition("_")[0] + "_" + other.rpartition("_")[2]
    unknown = keys.ids.shown("rvk", 1) + "_" + text.rpartition("_")[2]
    beyond = "rvk_zzzzzzzzzzzzz_" + text.rpartition("_")[2]
    for guess in (flipped, mixed, unknown, beyond, "rvk_" + text[4:].upper(), text + "a", text[:-1], "rvk_", "rvk__"):
        with pytest.raises(errors.BadCredentials) as wrong:
            office.enter(guess)
        assert guess not in str(wrong.value)


def test_a_lost_key_is_revoked_and_opens_nothing_five_seconds_later(office: PassOffice) -> None:
    key, text = made(office)
    office.enter(text)
    ended = keys.revoke(office.connection, keys.number_of(key.shown), "mo", office.now)
    assert (ended.revoked_at, ended.revoked_by) == (office.now, "mo")
    office.later(seconds=5)
    with pytest.raises(errors.RevokedKey):
        office.enter(text)
    again = keys.revoke(office.connection, key.id, "else", office.later(days=1))
    assert again == ended, "revoked once, it stays as it was"


def test_whoever_finds_a_revoked_keys_id_learns_nothing_without_the_secret(office: PassOffice) -> None:
    key, text = made(office)
    keys.revoke(office.connection, key.id, "mo", office.now)
    with pytest.raises(errors.BadCredentials):
        office.enter(f"{key.shown}_{'a' * 52}")
    with pytest.raises(errors.RevokedKey):
        office.enter(text)


def test_a_back_end_changes_its_key_without_a_gap(office: PassOffice) -> None:
    old, old_text = made(office)
    _, new_text = made(office)
    assert office.enter(old_text).name == office.enter(new_text).name == "shop"
    keys.revoke(office.connection, old.id, "mo", office.now)
    office.later(seconds=5)
    assert office.enter(new_text).name == "shop"
    with pytest.raises(errors.RevokedKey):
        office.enter(old_text)


def test_a_key_for_a_week_works_for_a_week(office: PassOffice) -> None:
    key, text = made(office, expires_at=office.now + timedelta(days=7))
    office.later(days=7, seconds=-1)
    office.enter(text)
    office.later(seconds=1)
    with pytest.raises(errors.ExpiredKey):
        office.enter(text)
    assert key.state(office.now) == "expired"
    with pytest.raises(ExpiryPast):
        made(office, expires_at=office.now)


def test_a_key_is_remembered_for_as_long_as_it_is_not_asked_about_again(office: PassOffice) -> None:
    _, text = made(office)
    header = f"Bearer {text}"
    assert office.gate.remembered(header, office.now) is None
    came = office.enter(text)
    assert office.gate.remembered(header, office.now) == came
    with pytest.raises(errors.BadCredentials):
        office.gate.remembered(header[:-1] + ("a" if header[-1] != "a" else "b"), office.now)
    assert office.gate.remembered(header, office.later(seconds=5)) is None


def test_a_busy_key_asks_the_database_once_in_five_seconds(office: PassOffice) -> None:
    _, text = made(office)
    for _ in range(5):
        office.enter(text)
        office.later(seconds=1)
    assert office.asked == 1
    office.enter(text)
    assert office.asked == 2


def test_a_new_key_opens_at_once_though_it_was_tried_before(
    office: PassOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys.ids, "random_id", lambda: 7)
    monkeypatch.setattr(keys.ids, "salt", lambda size: bytes(size))
    text = keys.ids.shown("rvk", 7) + "_" + "a" * 52
    with pytest.raises(errors.BadCredentials):
        office.enter(text)
    assert made(office)[1] == text
    office.enter(text)


def test_an_operators_key_does_what_the_role_allows_and_no_more_than_it_was_made_for(office: PassOffice) -> None:
    hire(office, "ada", "finance")
    _, all_of_it = made_for(office, "ada")
    _, little = made_for(office, "ada", "redemptions:read")
    came = office.enter(all_of_it)
    assert (came.kind, came.name, came.scopes) == ("operator", "ada", ROLES["finance"])
    assert office.enter(little).scopes == {"redemptions:read"}
    with pytest.raises(BeyondRole) as wrong:
        made_for(office, "ada", "redemptions:read", "keys:write")
    assert "'ada' is finance and may not have keys:write" in str(wrong.value)


def made_for(office: PassOffice, operator: str, *wanted: str) -> tuple[Key, str]:
    return keys.create(office.connection, "desk", wanted, operator=operator, by="ops", now=office.now)


def test_a_role_that_changes_narrows_keys_within_five_seconds_and_widens_none(office: PassOffice) -> None:
    hire(office, "ada", "trust")
    _, text = made_for(office, "ada")
    assert "identity:write" in office.enter(text).scopes
    operators.set_role(office.connection, "ada", "auditor", "mo", office.now)
    office.later(seconds=5)
    assert office.enter(text).scopes == ROLES["trust"] & ROLES["auditor"]
    operators.set_role(office.connection, "ada", "admin", "mo", office.now)
    office.later(seconds=5)
    assert office.enter(text).scopes == ROLES["trust"]


def test_a_disabled_operators_keys_stop_within_five_seconds(office: PassOffice) -> None:
    hire(office, "ada", "admin")
    key, text = made_for(office, "ada")
    office.enter(text)
    operators.disable(office.connection, "ada", "mo", office.now)
    office.later(seconds=5)
    with pytest.raises(errors.KeyOfDisabledOperator):
        office.enter(text)
    (row,) = keys.listed(office.connection)
    assert (row.id, row.state(office.now)) == (key.id, "disabled")
    with pytest.raises(OperatorDisabled):
        made_for(office, "ada")


def test_every_decision_about_an_operator_is_a_row_that_stays(office: PassOffice, database: Database) -> None:
    hire(office, "ada", "trust")
    operators.set_role(office.connection, "ada", "finance", "mo", office.later(hours=1))
    operators.set_role(office.connection, "ada", "finance", "mo", office.later(hours=1))  # nothing new
    operators.disable(office.connection, "ada", "jo", office.later(hours=1))
    operators.disable(office.connection, "ada", "jo", office.later(hours=1))
    told = [(row.number, row.role, row.disabled, row.by) for row in operators.changes(office.connection, "ada")]
    assert told == [(1, "trust", False, "ops"), (2, "finance", False, "mo"), (3, "finance", True, "jo")]
    (row,) = operators.listed(office.connection)
    assert (row.role, row.disabled_at) == ("finance", office.now - timedelta(hours=1))
    with database.connect_owner() as owner, pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("DELETE FROM operator_change")
    with pytest.raises(OperatorDisabled):
        operators.set_role(office.connection, "ada", "admin", "mo", office.now)


def test_what_is_not_there_or_there_already_is_said(office: PassOffice) -> None:
    hire(office, "ada", "trust")
    with pytest.raises(OperatorExists):
        hire(office, "ada", "admin")
    for name in ("bo", "", "\x00", "x" * 101):
        with pytest.raises(UnknownOperator):
            made_for(office, name)
    with pytest.raises(UnknownRole):
        hire(office, "bo", "king")
    with pytest.raises(UnknownRole):
        operators.set_role(office.connection, "ada", "king", "mo", office.now)
    with pytest.raises(UnknownScope, match="gifts:steal"):
        made(office, "shop", "gifts:read", "gifts:steal")
    with pytest.raises(NoScope):
        keys.create(office.connection, "shop", (), by="ops", now=office.now)
    for name in ("", "\x00", "x" * 101):
        with pytest.raises(BadText):
            made(office, name)
    with pytest.raises(UnknownKey):
        keys.revoke(office.connection, 1, "mo", office.now)
    assert [row.name for row in operators.listed(office.connection)] == ["ada"]
    assert keys.listed(office.connection) == []


def test_a_whole_key_in_place_of_its_id_is_not_repeated(office: PassOffice) -> None:
    _, text = made(office)
    with pytest.raises(UnknownKey) as wrong:
        keys.number_of(text)
    assert text[18:] not in str(wrong.value)


def test_scopes_and_roles_hang_together() -> None:
    from typing import get_args

    assert set(get_args(scopes.Scope)) == set(SCOPES)
    assert all(line.endswith(".") and len(line) < 100 for line in SCOPES.values())
    assert ROLES["admin"] == scopes.EVERY
    assert {scope for scope in SCOPES if scope.endswith((":read", ":all"))} == ROLES["auditor"]
    assert not {"redemptions:write", "keys:write"} & ROLES["finance"], "who reviews does not ask for the money"
    assert not {"keys:read", "policies:write", "redemptions:review", "ledger:read", "earnings:all"} & scopes.USER_SCOPES


def test_the_database_knows_the_roles_of_the_program(office: PassOffice) -> None:
    for role in ROLES:
        hire(office, f"one {role}", role)
    with pytest.raises(psycopg.errors.CheckViolation):
        office.connection.execute("INSERT INTO operator VALUES ('x', 'king', now(), NULL)")
