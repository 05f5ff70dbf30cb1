"""Keys, operators and token keys by command: what is shown once, what is listed, what is refused in one line."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey, RSAKey

from riviere import clock
from riviere.access.gate import Gate, Principal
from riviere.access.scopes import ROLES
from shell import Run
from world import World


def let_in(world: World, credentials: str) -> Principal:
    """Who a server on this database takes the holder for."""
    gate = Gate(lambda: world.database.connect(autocommit=True))
    return gate.principal(f"Bearer {credentials}", clock.now())


def test_a_back_ends_key_is_made_listed_and_revoked(world: World, run: Run) -> None:
    made = run("admin", "key", "add", "shop", "--scope", "gifts:write", "users:read", "--expires", "30", "--json").json
    assert made["id"] == made["key"][:17]
    assert (made["name"], made["scopes"], made["operator"]) == ("shop", ["gifts:write", "users:read"], None)
    assert made["expires_at"].endswith("Z")
    came = let_in(world, made["key"])
    assert (came.kind, came.name, came.scopes) == ("backend", "shop", {"gifts:write", "users:read"})
    listed = run("admin", "key", "list", "--json")
    assert made["key"] not in listed.out
    assert [(row["id"], row["state"]) for row in listed.json["keys"]] == [(made["id"], "works")]
    assert run("admin", "key", "revoke", made["id"], "--json").json["revoked_by"] == made["created_by"]
    assert "revoked" in run("admin", "key", "list").out


def test_a_key_goes_alone_to_standard_output_so_that_it_can_be_piped(world: World, run: Run) -> None:
    ran = run("admin", "key", "add", "shop", "--scope", "gifts:write", "--scope", "gifts:read")
    assert let_in(world, ran.out.strip()).scopes == {"gifts:read", "gifts:write"}
    assert "not shown again" in ran.err
    assert ran.out.strip() not in ran.err


def test_operators_come_change_and_go(world: World, run: Run) -> None:
    assert run("admin", "operator", "add", "ada", "--role", "finance", "--json").json["role"] == "finance"
    key = run("admin", "key", "add", "desk", "--operator", "ada", "--json").json
    assert let_in(world, key["key"]).scopes == ROLES["finance"]
    assert run("admin", "operator", "set", "ada", "--role", "auditor", "--json").json["role"] == "auditor"
    assert let_in(world, key["key"]).scopes == ROLES["finance"] & ROLES["auditor"]
    assert run("admin", "operator", "disable", "ada", "--json").json["disabled_at"]
    history = run("admin", "operator", "history", "ada", "--json").json["changes"]
    assert [(row["role"], row["disabled"]) for row in history] == [
        ("finance", False),
        ("auditor", False),
        ("auditor", True),
    ]
    (row,) = run("admin", "operator", "list", "--json").json["operators"]
    assert row["disabled_at"] is not None
    (row,) = run("admin", "key", "list", "--json").json["keys"]
    assert row["state"] == "disabled"


def token(private: dict[str, str], user: str) -> str:
    """As the platform's sign-in would sign it."""
    now = int(clock.now().timestamp())
    key = OKPKey.import_key({name: private[name] for name in ("kty", "crv", "x", "d")})
    claims = {"sub": user, "aud": "riviere", "iat": now, "exp": now + 600}
    return jwt.encode({"alg": "Ed25519", "kid": private["kid"]}, claims, key, algorithms=["Ed25519"])


def test_a_new_token_key_gives_its_private_half_once_and_signs_a_user_in(world: World, run: Run) -> None:
    added = run("admin", "token-key", "add", "--kid", "k1", "--json").json
    assert (added["kid"], added["algorithm"]) == ("k1", "EdDSA")
    assert "d" not in added["jwk"]
    assert let_in(world, token(added["private"], "mia")).name == "mia"
    assert added["private"]["d"] not in run("admin", "token-key", "list", "--json").out
    assert run("admin", "token-key", "retire", "k1", "--json").json["retires_at"]
    assert "k1" in run("admin", "token-key", "list").out


def test_a_new_private_key_is_written_where_only_its_owner_reads_it(world: World, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "private.jwk.json"
    before = os.umask(0)
    try:
        ran = run("admin", "token-key", "add", "--out", str(file))
    finally:
        os.umask(before)
    private = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert private["d"] not in ran.out + ran.err
    assert let_in(world, token(private, "mia")).name == "mia"


def test_a_private_key_that_cannot_be_written_registers_nothing(world: World, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "private.jwk.json"
    file.write_text("somebody's key")
    ran = run("admin", "token-key", "add", "--out", str(file))
    assert (ran.status, file.read_text()) == (2, "somebody's key")
    assert "cannot be written (File exists)" in ran.err
    assert run("admin", "token-key", "list", "--json").json["token_keys"] == []


def test_a_public_key_of_ones_own_is_registered_from_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "public.jwk.json"
    file.write_text(json.dumps(RSAKey.generate_key(2048).as_dict(private=False)))
    words = ("admin", "token-key", "add", "--file", str(file), "--issuer", "https://id.example", "--json")
    added = run(*words).json
    assert (added["algorithm"], added["issuer"], "private" in added) == ("RS256", "https://id.example", False)
    file.write_text(json.dumps(RSAKey.generate_key(2048).as_dict(private=True)))
    ran = run(*words)
    assert ran.status == 2
    assert "holds its private half" in ran.err


@pytest.mark.usefixtures("world")
def test_people_read_tables_and_hints(run: Run) -> None:
    for what in ("key", "operator", "token-key"):
        assert f"riviere admin {what} add" in run("admin", what, "list").out
    said = run("admin", "operator", "add", "ada", "--role", "trust")
    assert "riviere admin key add KEY_NAME --operator ada" in said.out
    assert "trust" in run("admin", "operator", "list").out
    assert "works" in run("admin", "operator", "history", "ada").out
    added = run("admin", "token-key", "add", "--kid", "k1")
    assert json.loads(added.out)["kid"] == "k1"
    assert "not shown again" in added.err


REFUSED = [
    ("admin key add shop", "A key without a scope opens nothing"),
    ("admin key add shop --scope gifts:steal", "There is no scope 'gifts:steal'"),
    ("admin key add shop --scope gifts:read --expires 0", "--expires must be a whole number from 1"),
    ("admin key add shop --scope gifts:read --expires 1.5", "takes a whole number"),
    ("admin key add shop --scope gifts:read --operator nobody", "There is no operator 'nobody'"),
    ("admin key add desk --operator ada --scope keys:write", "'ada' is trust and may not have keys:write"),
    ("admin key revoke 5", "There is no API key of that id"),
    ("admin key revoke rvk_0000000000001", "There is no API key rvk_0000000000001"),
    ("admin operator add bo", "requires an argument"),
    ("admin operator add bo --role king", 'Choose from: "admin", "finance", "trust", "auditor"'),
    ("admin operator add ada --role admin", "There is an operator 'ada' already"),
    ("admin operator set nobody --role admin", "There is no operator 'nobody'"),
    ("admin operator disable nobody", "There is no operator 'nobody'"),
    ("admin operator history nobody", "There is no operator 'nobody'"),
    ("admin token-key add --file pyproject.toml", "this is not JSON"),
    ("admin token-key add --file nowhere.json", "cannot be read"),
    ("admin token-key add --file x.json --out y.json", "--out is for the private half of a new key"),
    ("admin token-key add --out /nowhere/at/all.json", "cannot be written"),
    ("admin token-key retire k9", "There is no token key 'k9'"),
    ("admin token-key retire k9 --at yesterday", "--at must be ISO 8601 with a zone"),
]


def test_bad_words_are_refused_in_one_line_and_change_nothing(world: World, run: Run) -> None:
    run("admin", "operator", "add", "ada", "--role", "trust")
    tables = ("api_key", "token_key", "operator_change")
    state = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    wrong = []
    for line, said in REFUSED:
        ran = run(*line.split())
        if (ran.status, ran.out, ran.err.count("\n")) != (2, "", 1) or said not in ran.err:
            wrong.append(f"{line}\n  wanted: {said}\n  {ran}")
    assert not wrong, "\n".join(wrong)
    assert world.connection.execute(state).fetchone() == (0, 0, 1)


def test_a_link_that_signs_in_goes_alone_to_standard_output_so_that_it_can_be_sent(world: World, run: Run) -> None:
    world.viewer("mira")
    run("admin", "operator", "add", "kim", "--role", "trust")
    for arguments in (("kim",), ("mira", "--user")):
        made = run("admin", "sign-in", *arguments)
        assert re.fullmatch(r"http://127\.0\.0\.1:8750/claim/[0-9a-f]{64}\n", made.out)
    assert "/claim/" in run("admin", "sign-in", "kim", "--json").json["link"]


@pytest.mark.parametrize(("arguments", "said"), [(("nobody",), "no operator"), (("nobody", "--user"), "no user")])
def test_nobody_else_gets_a_link(world: World, run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run("admin", "sign-in", *arguments)
    assert (refused.status, refused.out) == (2, "")
    assert said in refused.err
