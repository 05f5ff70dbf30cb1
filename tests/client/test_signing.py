"""What the client makes and checks without a server: addresses and keys, user tokens, webhooks."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey, RSAKey
from standardwebhooks import Webhook

from riviere import clock
from riviere.access import jwk, token_keys, tokens
from riviere.access.token_keys import TokenKey
from riviere.client import Client
from riviere.client.errors import BadAddress, BadClientKey, UnsendableKey
from riviere.client.tokens import BadSigningKey, BadTokenLife, sign
from riviere.client.webhooks import BadWebhook, verify
from riviere.wire.gifts import SendGift

NOW = datetime(2026, 1, 31, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize("url", ["gifts.example.com", "ftp://x", "http://", ""])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadAddress, match=r"is like https://gifts\.example\.com, not"):
        Client(url, "rvk_x")


@pytest.mark.parametrize("key", ["", "  ", "rvk x", "rvk_é", "rvk_\nx"])
def test_a_key_that_is_none_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(BadClientKey) as refused:
        Client("http://127.0.0.1", key)
    assert key.strip() == "" or key not in str(refused.value)


@pytest.mark.parametrize("key", ["", " k", "k ", "é", "k\n", "k" * 256])
def test_a_key_that_would_arrive_as_another_one_is_not_sent(key: str) -> None:
    with Client("http://127.0.0.1:9", "rvk_x") as riviere, pytest.raises(UnsendableKey, match="goes in a header"):
        riviere.send_gift(SendGift(creator="aurora", gift="rose"), key=key)


def registered(public: dict[str, Any], algorithm: str) -> TokenKey:
    return TokenKey(public["kid"], algorithm, jwk.read(public).jwk, None, NOW, "tests", None, None)


def test_a_token_is_what_the_server_takes() -> None:
    private, public = token_keys.new_pair("login-1")
    token = sign(msgspec.json.encode(private), "mira", scope=["gifts:write"], now=NOW)
    said = tokens.verify(token, lambda _: registered(public, "EdDSA"), NOW + timedelta(minutes=14))
    assert (said.user, said.scopes, said.kid) == ("mira", frozenset({"gifts:write"}), "login-1")
    assert said.expires_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(ECKey.generate_key("P-256", {"kid": "k"}), "ES256"), (RSAKey.generate_key(2048, {"kid": "k"}), "RS256")],
    ids=["EC", "RSA"],
)
def test_a_platform_may_sign_with_the_key_it_has(key: ECKey | RSAKey, algorithm: str) -> None:
    token = sign(key.as_dict(private=True), "mira", minutes=60, issuer="https://login.example.com")
    public = registered(key.as_dict(private=False), algorithm)
    said = tokens.verify(
        token, lambda _: msgspec.structs.replace(public, issuer="https://login.example.com"), clock.now()
    )
    assert said.user == "mira"


@pytest.mark.parametrize("minutes", [0, 61, -5])
def test_a_token_lives_an_hour_at_most(minutes: int) -> None:
    with pytest.raises(BadTokenLife, match=f"not {minutes}"):
        sign({}, "mira", minutes=minutes)


@pytest.mark.parametrize(
    "key",
    ["{", "[]", {}, {"kty": "oct", "k": "c2VjcmV0", "kid": "k"}, token_keys.new_pair()[1], {"kty": "OKP", "kid": "k"}],
    ids=["no JSON", "no object", "nothing", "shared secret", "public half", "no members"],
)
def test_what_cannot_sign_says_so(key: Any) -> None:
    with pytest.raises(BadSigningKey, match="token-key add"):
        sign(key, "mira")


OLD, NEW = (f"whsec_{base64.b64encode(bytes([number] * 24)).decode()}" for number in (1, 2))
BODY = b'{"type":"gift.sent","timestamp":"2026-01-31T20:15:00Z","data":{"gifts":[]}}'


def arrived(secret: str, body: bytes = BODY, at: datetime | None = None) -> dict[str, str]:
    at = at or clock.now()
    return {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("evt_1", at, body.decode()),
    }


def test_an_event_that_is_ours_is_read() -> None:
    event = verify(NEW, arrived(NEW), BODY)
    assert (event.id, event.type, event.timestamp, event.data) == ("evt_1", "gift.sent", NOW, {"gifts": []})


def test_while_a_secret_changes_both_are_good() -> None:
    for secret in (OLD, NEW):
        assert verify([OLD, NEW], arrived(secret), BODY).id == "evt_1"


def test_what_is_not_ours_is_refused() -> None:
    wrong = [
        (NEW, arrived(OLD), BODY),
        (NEW, arrived(NEW), BODY.replace(b"gift", b"gifs")),
        (NEW, arrived(NEW, at=clock.now() - timedelta(minutes=6)), BODY),
        (NEW, arrived(NEW) | {"Webhook-Signature": "v1"}, BODY),
        (NEW, arrived(NEW) | {"Webhook-Signature": "v1,!"}, BODY),
        (NEW, {}, BODY),
        (NEW, arrived(NEW, b"[]"), b"[]"),
        ([], arrived(NEW), BODY),
        (NEW, arrived(NEW), b"\xff"),
        ("whsec_", arrived(NEW), BODY),
    ]
    for secret, headers, body in wrong:
        with pytest.raises(BadWebhook, match="no webhook of ours"):
            verify(secret, headers, body)
