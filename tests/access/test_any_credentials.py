"""Whatever is sent as Authorization, the gate answers with one of its own errors."""

import base64
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pass_office import PassOffice, a_key, signed

from riviere.access import errors, keys
from riviere.access.gate import Principal
from riviere.errors import RiviereError

ANYTHING = st.binary(max_size=300).map(lambda sent: sent.decode("latin-1"))
BASE64 = st.binary(max_size=60).map(lambda part: base64.urlsafe_b64encode(part).decode().rstrip("="))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
HEADER = st.fixed_dictionaries(
    {"alg": st.sampled_from(["EdDSA", "Ed25519", "none", "HS256", "ES256"]) | JSON, "kid": st.just("k1") | JSON},
    optional=dict.fromkeys(("typ", "cty", "crit", "b64", "jwk", "jku", "x5c", "x"), JSON),
)
CLAIMS = st.fixed_dictionaries(
    {"sub": st.text(max_size=5) | JSON, "aud": st.just("riviere") | JSON, "iat": JSON | st.integers(), "exp": JSON},
    optional=dict.fromkeys(("nbf", "iss", "scope"), JSON),
)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


SENT = (
    ANYTHING
    | ANYTHING.map("Bearer ".__add__)
    | ANYTHING.map("Bearer rvk_".__add__)
    | st.from_regex(r"Bearer rvk_[0-9a-z]{13}_[a-z2-7]{52}", fullmatch=True)
    | st.tuples(BASE64, BASE64, BASE64).map(lambda parts: "Bearer " + ".".join(parts))
    | st.tuples(HEADER, CLAIMS, BASE64).map(lambda made: f"Bearer {part(made[0])}.{part(made[1])}.{made[2]}")
)


def answer(office: PassOffice, sent: str) -> Principal | RiviereError:
    """What the gate says; anything that it raises and is not of its own errors fails the test."""
    try:
        return office.gate.principal(sent, office.now)
    except errors.UNAUTHORIZED as refused:
        return refused


def test_whatever_is_sent_the_gate_refuses_in_its_own_words(office: PassOffice) -> None:
    office.trust(a_key(), "k1")
    keys.create(office.connection, "shop", ["gifts:write"], by="ops", now=office.now)

    @settings(suppress_health_check=list(HealthCheck))
    @given(SENT)
    def at_the_gate(sent: str) -> None:
        assert isinstance(answer(office, sent), RiviereError)

    at_the_gate()


def test_whatever_the_platform_signs_comes_in_as_it_says_or_not_at_all(office: PassOffice) -> None:
    office.trust(a_key(), "k1")
    now = int(office.now.timestamp())
    near = st.integers(now - 40, now + 40)
    times = {"iat": near | JSON, "exp": near | st.integers(now, now + 4000) | JSON}

    @settings(suppress_health_check=list(HealthCheck))
    @given(
        CLAIMS.flatmap(lambda claims: st.fixed_dictionaries({k: times.get(k, st.just(v)) for k, v in claims.items()}))
    )
    def at_the_gate(claims: dict[str, object]) -> None:
        got = answer(office, "Bearer " + signed({"alg": "EdDSA", "kid": "k1"}, claims, a_key()))
        if isinstance(got, Principal):
            assert got.name == claims["sub"]

    at_the_gate()
