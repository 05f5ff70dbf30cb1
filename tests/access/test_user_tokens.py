"""User tokens at the gate: what gets a viewer in, and every way in which a token is not good enough."""

import json
import math
import threading
from typing import Any

import pytest
from joserfc.jwk import Key
from pass_office import PassOffice, a_key, confused, sealed, signed, truly_signed

from riviere.access import errors
from riviere.access.scopes import USER_SCOPES
from riviere.errors import RiviereError


@pytest.fixture
def signer(office: PassOffice) -> Key:
    """The platform's key, registered here as k1."""
    office.trust(a_key(), "k1")
    return a_key()


@pytest.mark.parametrize("kind", ["OKP", "EC", "RSA"])
def test_a_viewer_comes_in_with_a_token_of_the_platform(office: PassOffice, kind: str) -> None:
    office.trust(a_key(kind), "k1")
    came = office.enter(office.token(a_key(kind), "k1", "mia@example ✿"))
    assert (came.kind, came.name, came.scopes, came.key) == ("user", "mia@example ✿", USER_SCOPES, None)


def test_the_curves_new_name_for_the_algorithm_is_the_same_algorithm(office: PassOffice, signer: Key) -> None:
    assert office.enter(office.token(signer, "k1", alg="Ed25519")).name == "mia"


def test_keys_change_without_a_gap(office: PassOffice, signer: Key) -> None:
    old = office.token(signer, "k1", minutes=60)
    office.enter(old)
    office.trust(a_key("EC"), "k2")
    office.retire("k1", hours=1)
    new = office.token(a_key("EC"), "k2", minutes=60)
    for _ in range(6):
        assert office.enter(old).name == office.enter(new).name == "mia"
        office.later(minutes=9)
    office.later(minutes=6)
    new = office.token(a_key("EC"), "k2")
    assert office.enter(new).name == "mia"
    with pytest.raises(errors.RetiredTokenKey):
        office.enter(office.token(signer, "k1"))


def test_a_leaked_key_is_retired_and_its_tokens_end_within_five_seconds(office: PassOffice, signer: Key) -> None:
    seen, unseen = office.token(signer, "k1", "mia"), office.token(signer, "k1", "eve")
    office.enter(seen)
    office.retire("k1")
    office.later(seconds=5)
    for token in (seen, unseen):
        with pytest.raises(errors.RetiredTokenKey):
            office.enter(token)


def test_a_key_that_nobody_registered_signs_nothing(office: PassOffice, signer: Key) -> None:
    with pytest.raises(errors.UnknownTokenKey):
        office.enter(office.token(a_key("OKP", 2), "k2"))
    with pytest.raises(errors.BadToken):
        office.enter(office.token(a_key("OKP", 2), "k1"))
    office.trust(a_key("OKP", 2), "k2")
    assert office.enter(office.token(a_key("OKP", 2), "k2")).name == "mia", "registered, it works at once"


@pytest.mark.parametrize("kind", ["OKP", "EC", "RSA"])
def test_a_downgraded_token_is_refused(office: PassOffice, kind: str) -> None:
    key = a_key(kind)
    office.trust(key, "k1")
    claims = office.claims("eve")
    forged = [
        sealed({"alg": "none", "kid": "k1"}, claims),
        sealed({"alg": "None", "kid": "k1"}, claims),
        sealed({"alg": "", "kid": "k1"}, claims),
        confused(claims, "k1", key.as_pem(private=False)),
        confused(claims, "k1", json.dumps(key.as_dict(private=False)).encode()),
    ]
    others = {"OKP": ["ES256", "RS256"], "EC": ["ES384", "EdDSA"], "RSA": ["RS384", "PS256", "ES256"]}[kind]
    forged += [sealed({"alg": alg, "kid": "k1"}, claims, b"x" * 64) for alg in others]
    for token in forged:
        with pytest.raises(errors.DowngradedToken):
            office.enter(token)


def test_an_rsa_key_signs_by_its_one_algorithm_only(office: PassOffice) -> None:
    office.trust(a_key("RSA"), "k1")
    for alg in ("RS384", "PS256"):
        with pytest.raises(errors.DowngradedToken):
            office.enter(office.token(a_key("RSA"), "k1", alg=alg))


def test_a_key_that_a_token_brings_itself_is_not_used(office: PassOffice, signer: Key) -> None:
    eve = a_key("OKP", 2)
    brought = {
        "jwk": dict(eve.as_dict(private=False)),
        "jku": "https://eve.example/keys",
        "x5u": "https://eve.example/x",
    }
    for header in ({name: value} for name, value in brought.items()):
        with pytest.raises(errors.BadToken):
            office.enter(signed({"alg": "EdDSA", "kid": "k1"} | header, office.claims("mia"), eve))


def test_what_a_header_calls_critical_is_not_passed_over(office: PassOffice, signer: Key) -> None:
    assert office.enter(signed({"alg": "EdDSA", "kid": "k1", "x": 1}, office.claims("mia"), signer)).name == "mia"
    plain = json.dumps({"alg": "EdDSA", "kid": "k1", "b64": True}).encode()
    assert office.enter(truly_signed(plain, office.claims("mia"))).name == "mia"
    for crit in (["x"], [], ["b64"], None, "alg"):
        header = {"alg": "EdDSA", "kid": "k1", "x": 1, "b64": True, "crit": crit}
        with pytest.raises(errors.BadToken):
            office.enter(truly_signed(json.dumps(header).encode(), office.claims("mia")))


def test_a_tampered_token_is_refused_wherever_it_was_changed(office: PassOffice, signer: Key) -> None:
    token = office.token(signer, "k1", "mia")
    office.enter(token)
    header, payload, signature = token.split(".")
    other = office.token(signer, "k1", "eve").split(".")
    changed = [
        f"{header}.{other[1]}.{signature}",
        f"{header}.{payload}.{other[2]}",
        f"{header}.{payload}.",
        f"{header}..{signature}",
        f"{header}.{payload}.{signature[:-2]}",
        f"{header}.{payload}.{signature}=",
        f"{header}.{payload}",
        f"{token}.{signature}",
        f".{payload}.{signature}",
    ]
    for token in changed:
        with pytest.raises(errors.BadToken):
            office.enter(token)


def test_a_token_of_another_platform_is_foreign(office: PassOffice, signer: Key) -> None:
    for audience in ("tik", "Riviere", "riviere ", [], ["tik"]):
        with pytest.raises(errors.ForeignToken):
            office.enter(office.token(signer, "k1", aud=audience))
    assert office.enter(office.token(signer, "k1", aud=["tik", "riviere"])).name == "mia"


def test_a_key_with_an_issuer_signs_for_that_issuer_only(office: PassOffice, signer: Key) -> None:
    office.trust(a_key("EC"), "k2", issuer="https://id.example")
    assert office.enter(office.token(a_key("EC"), "k2", iss="https://id.example")).name == "mia"
    for issuer in (None, "https://id.example/", 5):
        with pytest.raises(errors.ForeignToken):
            office.enter(office.token(a_key("EC"), "k2", iss=issuer))
    assert office.enter(office.token(signer, "k1", iss="anybody")).name == "mia"


def test_a_token_expires_with_half_a_minute_for_clocks(office: PassOffice, signer: Key) -> None:
    token = office.token(signer, "k1", minutes=10)
    office.later(minutes=10, seconds=29)
    office.enter(token)
    office.later(seconds=1)
    with pytest.raises(errors.ExpiredToken):
        office.enter(token)


def test_a_remembered_token_expires_like_any_other(office: PassOffice, signer: Key) -> None:
    token = office.token(signer, "k1", minutes=10)
    office.enter(token)
    office.later(minutes=10, seconds=30)
    with pytest.raises(errors.ExpiredToken):
        office.enter(token)


def test_a_token_is_not_valid_before_its_time(office: PassOffice, signer: Key) -> None:
    now = int(office.now.timestamp())
    for early in ({"nbf": now + 31}, {"iat": now + 31}):
        token = office.token(signer, "k1", **early)
        with pytest.raises(errors.EarlyToken):
            office.enter(token)
    for close in ({"nbf": now + 30}, {"iat": now + 30}, {"nbf": now - 600}):
        office.enter(office.token(signer, "k1", **close))


def test_a_token_lives_for_an_hour_at_most(office: PassOffice, signer: Key) -> None:
    now = int(office.now.timestamp())
    office.enter(office.token(signer, "k1", exp=now + 3600))
    with pytest.raises(errors.LongLivedToken):
        office.enter(office.token(signer, "k1", exp=now + 3601))
    with pytest.raises(errors.LongLivedToken):  # made to look old, so that it may last
        office.enter(office.token(signer, "k1", iat=now - 3590, exp=now + 11))


BAD_CLAIMS: list[dict[str, Any]] = [
    *({name: None} for name in ("sub", "aud", "iat", "exp")),
    *({"sub": wrong} for wrong in ("", " ", "x" * 201, "a\x00b", "a\nb", 5, ["mia"], {"id": "mia"})),
    *({name: wrong} for name in ("iat", "exp", "nbf") for wrong in ("soon", True, [], -1, 10**12, 10**400)),
    {"aud": 5},
    {"aud": ["riviere", 5]},
    {"scope": 5},
    {"scope": ["gifts:read"]},
]


@pytest.mark.parametrize("wrong", BAD_CLAIMS, ids=str)
def test_claims_that_are_missing_or_malformed_are_refused(
    office: PassOffice, signer: Key, wrong: dict[str, Any]
) -> None:
    with pytest.raises(errors.BadClaims):
        office.enter(office.token(signer, "k1", **wrong))


NO_CLAIMS = [b"", b"[]", b"5", b"not json", b"\xff", b'{"exp": NaN}', b"[" * 4_000, b'{"x":' + b"[" * 4_000]


@pytest.mark.parametrize("payload", NO_CLAIMS)
def test_a_payload_that_is_no_set_of_claims_is_refused(office: PassOffice, signer: Key, payload: bytes) -> None:
    with pytest.raises((errors.BadClaims, errors.BadToken)):
        office.enter(signed({"alg": "EdDSA", "kid": "k1"}, payload, signer))


@pytest.mark.parametrize("header", [b"", b"[]", b'"alg"', b"\xff", b'{"x":' + b"[" * 4_000, b'{"kid": "k1"}'], ids=str)
def test_a_header_that_says_too_little_or_nothing_is_refused(office: PassOffice, signer: Key, header: bytes) -> None:
    with pytest.raises(errors.BadToken):
        office.enter(truly_signed(header, office.claims("mia")))


@pytest.mark.parametrize("kid", ["", "k\x00", "x" * 201, "\ud800"])
def test_a_kid_that_no_key_can_have_is_unknown(office: PassOffice, signer: Key, kid: str) -> None:
    with pytest.raises((errors.UnknownTokenKey, errors.BadToken)):
        office.enter(sealed({"alg": "EdDSA", "kid": kid}, office.claims("mia"), b"x" * 64))


def test_times_with_parts_of_a_second_are_times(office: PassOffice, signer: Key) -> None:
    now = math.floor(office.now.timestamp())
    assert office.enter(office.token(signer, "k1", iat=now + 0.25, exp=now + 600.5)).name == "mia"


def test_a_scope_claim_narrows_and_never_widens(office: PassOffice, signer: Key) -> None:
    asked = {
        "gifts:read gifts:write": {"gifts:read", "gifts:write"},
        "gifts:write ledger:read keys:write redemptions:review *": {"gifts:write"},
        "keys:write": set(),
        "": set(),
    }
    for scope, given in asked.items():
        assert office.enter(office.token(signer, "k1", scope=scope)).scopes == given


def test_a_busy_viewer_is_verified_once_and_the_key_read_every_five_seconds(office: PassOffice, signer: Key) -> None:
    token = office.token(signer, "k1")
    for _ in range(10):
        office.enter(token)
        office.later(seconds=1)
    assert office.asked == 2


def test_a_token_is_remembered_until_its_key_is_to_be_read_again(office: PassOffice, signer: Key) -> None:
    header = f"Bearer {office.token(signer, 'k1')}"
    assert office.gate.remembered(header, office.now) is None
    came = office.gate.principal(header, office.now)
    assert office.gate.remembered(header, office.now) == came
    assert office.gate.remembered(header, office.later(seconds=5)) is None


def test_what_is_remembered_is_bounded(office: PassOffice, signer: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    from riviere.access import gate

    monkeypatch.setattr(gate, "MOST_KEPT", 3)
    small = gate.Gate(office._lend)
    tokens = [office.token(signer, "k1", f"viewer {number}") for number in range(10)]
    for token in [*tokens, *tokens]:
        small.principal(f"Bearer {token}", office.now)
    assert len(small._tokens._kept) == 3


def test_many_threads_come_through_one_gate(office: PassOffice, signer: Key) -> None:
    tokens = {f"viewer {number}": office.token(signer, "k1", f"viewer {number}") for number in range(20)}
    wrong: list[object] = []

    def come() -> None:
        for name, token in tokens.items():
            try:
                if office.enter(token).name != name:
                    wrong.append(name)
            except RiviereError as refused:
                wrong.append(refused)

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_no_refusal_repeats_what_was_sent(office: PassOffice, signer: Key) -> None:
    for token in (
        sealed({"alg": "none", "kid": "hush"}, {"sub": "hush"}),
        office.token(signer, "k1", "hush", aud="hush"),
    ):
        with pytest.raises(RiviereError) as refused:
            office.enter(token)
        assert "hush" not in str(refused.value) + json.dumps(refused.value.facts)
