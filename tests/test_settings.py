"""Settings out of the environment: what is left out, what is said, and what cannot be meant."""

from pathlib import Path

import pytest

from riviere.errors import RiviereError
from riviere.settings import (
    BadSetting,
    BadSwitch,
    HalfAnAccount,
    HalfAStripeAccount,
    PayPalAccount,
    Settings,
    StripeKeys,
    TooManyWebhookSecrets,
    from_environment,
)

NAMES = (
    *("DATA", "DATABASE_URL", "KEY_QUOTA", "USER_QUOTA", "STRANGER_QUOTA", "LOCAL_WEBHOOKS"),
    *("PAYPAL_URL", "PAYPAL_CLIENT_ID", "PAYPAL_SECRET"),
    *("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRETS", "STRIPE_URL"),
)
PAYPAL = {"PAYPAL_URL": "https://api-m.paypal.com", "PAYPAL_CLIENT_ID": "us", "PAYPAL_SECRET": "shh"}


STRIPE = {"STRIPE_SECRET_KEY": "sk_shh", "STRIPE_PUBLISHABLE_KEY": "pk_us", "STRIPE_WEBHOOK_SECRETS": "whsec_shh"}


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"RIVIERE_{name}", raising=False)


def said(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"RIVIERE_{name}", value)
    return from_environment(Path("/data"))


def test_who_says_nothing_has_the_usual_settings() -> None:
    assert from_environment(Path("/data")) == Settings(Path("/data"), None)
    assert from_environment().data.is_absolute()


def test_what_is_said_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    quotas = {"KEY_QUOTA": "1", "USER_QUOTA": "22", "STRANGER_QUOTA": "2147483647"}
    found = said(monkeypatch, DATABASE_URL="postgresql://there/x", LOCAL_WEBHOOKS="1", **quotas, **PAYPAL)
    account = PayPalAccount("https://api-m.paypal.com", "us", "shh")
    assert found == Settings(Path("/data"), "postgresql://there/x", 1, 22, 2**31 - 1, account, local_webhooks=True)


def test_an_empty_value_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, **dict.fromkeys(NAMES, "")) == Settings(Path("/data"), None)


@pytest.mark.parametrize("quota", ["KEY_QUOTA", "USER_QUOTA", "STRANGER_QUOTA"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", " 1", "1e3", "2147483648", "9" * 5_000, "٣", "1_000"])
def test_a_quota_is_a_whole_number_above_0(monkeypatch: pytest.MonkeyPatch, quota: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"RIVIERE_{quota} must be a whole number above 0") as refused:
        said(monkeypatch, **{quota: value})
    assert_one_line(refused.value)


@pytest.mark.parametrize("value", ["yes", "true", "2", " 1", "on"])
def test_a_switch_is_1_or_0(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    with pytest.raises(BadSwitch, match="RIVIERE_LOCAL_WEBHOOKS must be 1 for yes or 0 for no") as refused:
        said(monkeypatch, LOCAL_WEBHOOKS=value)
    assert_one_line(refused.value)
    assert not said(monkeypatch, LOCAL_WEBHOOKS="0").local_webhooks


@pytest.mark.parametrize("missing", PAYPAL)
def test_a_paypal_account_is_said_whole(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(HalfAnAccount, match=f"^RIVIERE_{missing} is not set") as refused:
        said(monkeypatch, **{name: value for name, value in PAYPAL.items() if name != missing})
    assert_one_line(refused.value)
    assert "shh" not in str(refused.value)


def test_stripe_is_known_by_its_keys_and_two_webhook_secrets_while_one_takes_the_others_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert said(monkeypatch, **STRIPE).stripe == StripeKeys("sk_shh", "pk_us", ("whsec_shh",))
    both = said(monkeypatch, STRIPE_WEBHOOK_SECRETS="whsec_old, whsec_shh", STRIPE_URL="http://127.0.0.1:9").stripe
    assert both == StripeKeys("sk_shh", "pk_us", ("whsec_old", "whsec_shh"), "http://127.0.0.1:9")
    assert "shh" not in repr(both)
    with pytest.raises(TooManyWebhookSecrets) as refused:
        said(monkeypatch, STRIPE_WEBHOOK_SECRETS="a,b,c")
    assert_one_line(refused.value)


@pytest.mark.parametrize("missing", STRIPE)
def test_a_stripe_account_is_said_whole(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(HalfAStripeAccount, match=f"^RIVIERE_{missing} is not set") as refused:
        said(monkeypatch, **{name: value for name, value in STRIPE.items() if name != missing})
    assert_one_line(refused.value)
    assert "shh" not in str(refused.value)


def assert_one_line(wrong: RiviereError) -> None:
    text = str(wrong)
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 200
