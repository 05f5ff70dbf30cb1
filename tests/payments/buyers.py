"""People who pay by card: a world, the stand-in for Stripe beside it, and what passes between the two."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import stripe

from house_bench import WEBHOOK_SECRET, Account, Hook, until
from riviere.economy.catalogue import Catalogue
from riviere.payments.checkout import checkouts, inbox
from riviere.payments.checkout.checking import check_checkouts
from riviere.payments.checkout.inbox import Told
from riviere.payments.checkout.model import Checkout, Event
from riviere.payments.checkout.stripe_account import StripeAccount
from riviere.payments.refunds.model import Row
from riviere.sandbox.cards import PUBLISHABLE_KEY, SECRET_KEY
from riviere.settings import StripeKeys
from world import World


class Till:
    """Where people buy. `hook` hears Stripe's webhooks; a test decides which of them arrive."""

    def __init__(self, world: World, account: Account, hook: Hook) -> None:
        self.world, self.account, self.hook = world, account, hook
        self.cards: Any = StripeAccount(StripeKeys(SECRET_KEY, PUBLISHABLE_KEY, (WEBHOOK_SECRET,), account.url))
        self.connection: Any = world.connection
        self.writer: Any = world.writer

    def start(self, viewer: str = "mia", coins: int = 700, bonus: int = 0, key: str = "k") -> tuple[Checkout, str]:
        """Orders a pack, at a cent a coin."""
        pack = self.world.pack(coins, bonus)
        return checkouts.start(
            self.connection,
            self.writer,
            self.cards,
            Catalogue.load(self.world.connection),
            user=viewer,
            pack=pack,
            key=key,
            now=self.world.now,
        )

    def found(self, viewer: str = "mia", key: str = "k") -> Checkout:
        """The checkout as it is now."""
        return checkouts.find(self.world.connection, self.world.id(viewer), key)

    def pay(self, checkout: Checkout, card: str = "pm_card_visa") -> None:
        """The buyer's browser pays."""
        assert checkout.reference is not None
        self.account.stripe.payment_intents.confirm(checkout.reference, {"payment_method": card})

    def told(self, about: Checkout | Row, kind: str = "payment_intent.succeeded") -> tuple[bytes, str]:
        """The webhook of that type about a checkout or a refund, as it came over the wire: body and signature."""

        def arrived() -> list[tuple[bytes, str]]:
            return [
                (body, signature or "")
                for signature, body in [*self.hook.heard]
                if (said := json.loads(body))["type"] == kind and said["data"]["object"]["id"] == about.reference
            ]

        until(arrived, f"{kind} of {about.reference}")
        return arrived()[0]

    def hear(self, body: bytes, signature: str) -> Event:
        """A webhook arrives: it is kept, and applied."""
        event: Event = self.cards.heard(body, signature)
        inbox.keep(self.connection, event, self.world.now)
        inbox.apply(self.connection, self.writer, self.cards, event, self.world.now)
        return event

    def round(self, **passed: int) -> int:
        """Time passes, and the server looks after its checkouts."""
        return inbox.advance(self.connection, self.writer, self.cards, self.world.later(**passed))

    def attention(self) -> list[Told]:
        """What waits for a person."""
        return [*inbox.listed(self.world.connection, None, 100, attention=True)]

    def intents(self, checkout: Checkout) -> list[stripe.PaymentIntent]:
        """The payments that Stripe has for a checkout."""
        listed = self.account.stripe.payment_intents.list({"limit": 100}).data
        return [one for one in listed if one.metadata["riviere"] == checkouts.tag_of(checkout)]

    def sound(self) -> None:
        """What was ordered, paid and credited fits together."""
        check = check_checkouts(self.world.connection)
        assert check.ok, check.detail


def signed(said: dict[str, Any], secret: str = WEBHOOK_SECRET, at: datetime | None = None) -> tuple[bytes, str]:
    """An event with a true signature, of now or of `at`."""
    body = json.dumps(said)
    when = int(at.timestamp()) if at else None
    return body.encode(), stripe.WebhookSignature.generate_signature_header(body, secret, when)


def altered(body: bytes, **fields: Any) -> tuple[bytes, str]:
    """The event with another object in it, under an id of its own, signed anew."""
    said = json.loads(body)
    said["id"] = f"{said['id']}_{'_'.join(fields)}"
    said["data"]["object"] |= fields
    return signed(said)


def opened(world: World, account: Account, hook: Hook) -> Iterator[Till]:
    """A till for mia, who has no limit."""
    world.viewer("mia")
    till = Till(world, account, hook)
    yield till
    account.steer("faults/end")
    till.sound()
