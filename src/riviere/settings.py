"""What the surroundings decide: where the data lies and which database holds it."""

import os
import re
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from riviere.errors import RiviereError

#: Requests a minute: of an API key, of a user's token, and of an address that sends neither or a wrong one.
KEY_QUOTA: Final = 600_000
USER_QUOTA: Final = 600
STRANGER_QUOTA: Final = 300

_ADDRESS: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)


class BadSetting(RiviereError):
    """{name} must be a whole number above 0, not {got}."""

    code = "bad_setting"


class BadSwitch(RiviereError):
    """{name} must be 1 for yes or 0 for no, not {got}."""

    code = "bad_switch"


class HalfAnAccount(RiviereError):
    """{missing} is not set: RIVIERE_PAYPAL_URL, RIVIERE_PAYPAL_CLIENT_ID and RIVIERE_PAYPAL_SECRET go together."""

    code = "half_an_account"


class BadPublicUrl(RiviereError):
    """RIVIERE_PUBLIC_URL is where people find the pages, https://gifts.example.com with no path, not {got}."""

    code = "bad_public_url"


class PayPalAccount(msgspec.Struct, frozen=True):
    """Where PayPal answers (https://api-m.paypal.com, https://api-m.sandbox.paypal.com), and who we are there."""

    url: str
    client_id: str
    secret: str


class HalfAStripeAccount(RiviereError):
    """{missing} is not set: RIVIERE_STRIPE_SECRET_KEY, _PUBLISHABLE_KEY and _WEBHOOK_SECRETS go together."""

    code = "half_a_stripe_account"


class TooManyWebhookSecrets(RiviereError):
    """RIVIERE_STRIPE_WEBHOOK_SECRETS takes one secret, or two with a comma while one takes the other's place."""

    code = "too_many_webhook_secrets"


class StripeKeys(msgspec.Struct, frozen=True):
    """What Stripe knows us by, and what it signs with: two webhook secrets while one takes the other's place."""

    secret_key: str
    publishable_key: str
    webhook_secrets: tuple[str, ...]
    url: str = "https://api.stripe.com"

    def __repr__(self) -> str:
        """Without anything secret: settings end up in logs."""
        return f"StripeKeys({self.publishable_key}, {self.url})"


class Settings(msgspec.Struct, frozen=True):
    """Where Riviere keeps things.

    `data` is the folder of the embedded database, the signing key and the reject files. `database_url`, where it is
    not None, names a PostgreSQL server that takes the embedded one's place. Quotas are requests a minute: of an API
    key, of a user's token, and of an address that sends neither or a wrong one. Without a `paypal` account payouts go
    to a sandbox that moves no real money; without `stripe` keys nobody pays by card. `local_webhooks` lets webhooks go
    to this machine, for development. `public_url` is where people find the pages, if that is not the port that is
    answered on.
    """

    data: Path
    database_url: str | None
    key_quota: int = KEY_QUOTA
    user_quota: int = USER_QUOTA
    stranger_quota: int = STRANGER_QUOTA
    paypal: PayPalAccount | None = None
    stripe: StripeKeys | None = None
    local_webhooks: bool = False
    public_url: str | None = None


def from_environment(data: Path | None = None) -> Settings:
    """Settings out of `data` (else RIVIERE_DATA, else the user's own data folder) and the environment.

    That is RIVIERE_DATABASE_URL, RIVIERE_KEY_QUOTA, RIVIERE_USER_QUOTA, RIVIERE_STRANGER_QUOTA, the three of
    HalfAnAccount, those of HalfAStripeAccount and RIVIERE_STRIPE_URL, RIVIERE_LOCAL_WEBHOOKS (1 or 0) and
    RIVIERE_PUBLIC_URL. Raises BadSetting, BadSwitch, HalfAnAccount, HalfAStripeAccount, TooManyWebhookSecrets and
    BadPublicUrl.
    """
    chosen = data or os.environ.get("RIVIERE_DATA") or platformdirs.user_data_dir("riviere")
    return Settings(
        Path(chosen),
        os.environ.get("RIVIERE_DATABASE_URL") or None,
        _whole("RIVIERE_KEY_QUOTA", KEY_QUOTA),
        _whole("RIVIERE_USER_QUOTA", USER_QUOTA),
        _whole("RIVIERE_STRANGER_QUOTA", STRANGER_QUOTA),
        _paypal(),
        _stripe(),
        _switch("RIVIERE_LOCAL_WEBHOOKS"),
        _address(os.environ.get("RIVIERE_PUBLIC_URL")),
    )


def _whole(name: str, usual: int) -> int:
    said = os.environ.get(name)
    if not said:
        return usual
    if not (said.isascii() and said.isdigit() and len(said) <= 10 and 0 < int(said) < 2**31):
        raise BadSetting(name=name, got=repr(said)[:40])
    return int(said)


def _switch(name: str) -> bool:
    said = os.environ.get(name) or "0"
    if said not in ("0", "1"):
        raise BadSwitch(name=name, got=repr(said)[:40])
    return said == "1"


def _address(said: str | None) -> str | None:
    if said and not _ADDRESS.fullmatch(said):
        raise BadPublicUrl(got=repr(said)[:60])
    return said or None


def _paypal() -> PayPalAccount | None:
    said = {name: os.environ.get(f"RIVIERE_PAYPAL_{name.upper()}") for name in PayPalAccount.__struct_fields__}
    if not any(said.values()):
        return None
    given = {name: value for name, value in said.items() if value}
    if len(given) < len(said):
        raise HalfAnAccount(missing=", ".join(f"RIVIERE_PAYPAL_{name.upper()}" for name in said if name not in given))
    return PayPalAccount(**given)


def _stripe() -> StripeKeys | None:
    said = {
        name: os.environ.get(f"RIVIERE_STRIPE_{name}") for name in ("SECRET_KEY", "PUBLISHABLE_KEY", "WEBHOOK_SECRETS")
    }
    if not any(said.values()):
        return None
    missing = [f"RIVIERE_STRIPE_{name}" for name, value in said.items() if not value]
    if missing:
        raise HalfAStripeAccount(missing=", ".join(missing))
    secret, publishable, webhooks = (value or "" for value in said.values())
    secrets = tuple(one.strip() for one in webhooks.split(",") if one.strip())
    if not 1 <= len(secrets) <= 2:
        raise TooManyWebhookSecrets
    keys = StripeKeys(secret, publishable, secrets)
    url = os.environ.get("RIVIERE_STRIPE_URL")
    return msgspec.structs.replace(keys, url=url) if url else keys
