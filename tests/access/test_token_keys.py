"""Which public keys are registered, and what is refused before it can do harm."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey
from pass_office import PassOffice, a_key

from riviere.access import jwk, token_keys
from riviere.access.jwk import BadTokenKey, SecretTokenKey
from riviere.access.token_keys import (
    NoTokenKey,
    RetiresInPast,
    TokenKeyExists,
    TokenKeyKnown,
    TokenKeyOver,
)
from riviere.economy.checks import BadText
from riviere.errors import RiviereError


def public(kind: str = "OKP", **more: Any) -> dict[str, Any]:
    return {**a_key(kind).as_dict(private=False), **more}


@pytest.mark.parametrize(("kind", "algorithm"), [("OKP", "EdDSA"), ("EC", "ES256"), ("RSA", "RS256")])
def test_a_public_key_is_taken_with_the_one_algorithm_of_its_kind(
    office: PassOffice, kind: str, algorithm: str
) -> None:
    added = office.trust(a_key(kind), "k1", issuer="https://id.example")
    assert (added.algorithm, added.issuer) == (algorithm, "https://id.example")
    assert token_keys.listed(office.connection) == [added]


def test_only_what_a_signature_needs_is_kept(office: PassOffice) -> None:
    decorated = public(alg="EdDSA", use="sig", key_ops=["verify"], x5c=["AAAA"], kid="k1", note="x" * 200)
    added = token_keys.register(office.connection, json.dumps(decorated), by="ops", now=office.now)
    assert added.kid == "k1"
    assert added.jwk == {"kty": "OKP", "crv": "Ed25519", "x": public()["x"]}


def test_a_key_without_a_name_is_called_by_its_thumbprint(office: PassOffice) -> None:
    added = token_keys.register(office.connection, public(), by="ops", now=office.now)
    assert added.kid == a_key().thumbprint()
    named = token_keys.register(office.connection, public("EC", kid="own"), kid="ours", by="ops", now=office.now)
    assert named.kid == "ours"


SECRETS = [
    ("its private half", a_key().as_dict(private=True)),
    ("its private half", a_key("EC").as_dict(private=True)),
    ("its private half", a_key("RSA").as_dict(private=True)),
    ("its private half", public("RSA", p="AQAB")),
    ("a shared secret", a_key("oct").as_dict(private=True)),
    ("a shared secret", {"kty": "oct"}),
    ("a shared secret", public(k="c2VjcmV0")),
]


@pytest.mark.parametrize(("what", "key"), SECRETS)
def test_what_is_secret_is_refused_and_not_repeated(office: PassOffice, what: str, key: dict[str, Any]) -> None:
    for given_as in (key, json.dumps(key)):
        with pytest.raises(SecretTokenKey, match=what) as wrong:
            token_keys.register(office.connection, given_as, by="ops", now=office.now)
        assert not [name for name in ("d", "k") if name in key and str(key[name]) in str(wrong.value)]
    assert token_keys.listed(office.connection) == []


P384 = ECKey.generate_key("P-384").as_dict(private=False)
X25519 = OKPKey.generate_key("X25519").as_dict(private=False)
BAD = [
    ("kty is", {}),
    ("kty is", {"kty": 5}),
    ("kty is", {"kty": "okp"}),
    ("not a JSON object", "[]"),
    ("not JSON", "-----BEGIN PUBLIC KEY-----"),
    ("not JSON", "[" * 9_000),
    ("bytes at most", "x" * 10_001),
    ("a set of keys", {"keys": [public()]}),
    ("crv of an OKP key", X25519),
    ("crv of an EC key", P384),
    ("alg of such a key is ES256", public("EC", alg="ES384")),
    ("alg of such a key is RS256", public("RSA", alg="HS256")),
    ("alg of such a key is RS256", public("RSA", alg="PS256")),
    ("use is sig", public(use="enc")),
    ("key_ops has verify", public(key_ops=["sign"])),
    ("key_ops has verify", public(key_ops="verify")),
    ("x is missing", {"kty": "OKP", "crv": "Ed25519"}),
    ("x is missing", public(x=5)),
    ("x is missing", public(x="a+b/")),
    ("make no key", public(x="AAAA")),
    ("make no key", public("EC", x=public("EC")["y"])),
    ("make no key", public("RSA", n="A")),
    ("2,048 to 4,096 bits", public("RSA", n="AQAB")),
    ("2,048 to 4,096 bits", public("RSA", n="f" * 800)),
    ("e of an RSA key", public("RSA", e="Aw")),
]


@pytest.mark.parametrize(("why", "key"), BAD)
def test_what_is_no_fit_key_is_refused_with_the_reason(office: PassOffice, why: str, key: object) -> None:
    with pytest.raises(BadTokenKey, match=why):
        token_keys.register(office.connection, key, by="ops", now=office.now)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
MEMBERS = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "kid"])
VALUES = JSON | st.sampled_from(["OKP", "EC", "RSA", "Ed25519", "P-256", "AQAB", public()["x"], public("RSA")["n"]])


@given(st.dictionaries(MEMBERS, VALUES) | JSON | st.binary() | st.text())
def test_whatever_is_sent_as_a_key_is_taken_or_refused_in_words(sent: object) -> None:
    try:
        jwk.read(sent)
    except RiviereError as refused:
        assert str(refused).endswith(".")  # noqa: PT017 - what else is raised fails the test


def test_names_and_keys_are_registered_once(office: PassOffice) -> None:
    office.trust(a_key(), "k1")
    with pytest.raises(TokenKeyExists, match="'k1'"):
        office.trust(a_key("EC"), "k1")
    with pytest.raises(TokenKeyKnown, match="'k1'"):
        office.trust(a_key(), "k2")
    for kid in ("\x00", "x" * 201, " "):
        with pytest.raises(BadText):
            office.trust(a_key("EC"), kid)
    with pytest.raises(BadText):
        token_keys.register(office.connection, public("EC", kid={"a": 1}), by="ops", now=office.now)


def test_a_retired_key_never_comes_back(office: PassOffice) -> None:
    office.trust(a_key(), "k1")
    ended = office.retire("k1")
    assert (ended.retires_at, ended.retired_by) == (office.now, "ops")
    with pytest.raises(TokenKeyKnown):
        office.trust(a_key(), "k2")
    with pytest.raises(TokenKeyOver):
        office.retire("k1", hours=1)


def test_a_key_is_retired_ahead_of_time_and_sooner_when_it_leaks(office: PassOffice) -> None:
    office.trust(a_key(), "k1")
    office.retire("k1", hours=1)
    assert office.retire("k1", minutes=1).retires_at == office.now + timedelta(minutes=1)
    with pytest.raises(RetiresInPast):
        office.retire("k1", seconds=-1)
    for kid in ("k2", "", "\x00"):
        with pytest.raises(NoTokenKey):
            office.retire(kid)


def test_a_new_pair_is_a_private_key_for_the_platform_and_a_public_one_for_us(office: PassOffice) -> None:
    private, opened = token_keys.new_pair("k1")
    assert "d" not in opened
    assert private["kid"] == opened["kid"] == "k1"
    token_keys.register(office.connection, opened, by="ops", now=office.now)
    assert private.pop("alg") == opened["alg"] == "EdDSA"
    token = office.token(OKPKey.import_key(private), "k1", "mia")
    assert office.enter(token).name == "mia"
    assert token_keys.new_pair()[0]["d"] != private["d"]
