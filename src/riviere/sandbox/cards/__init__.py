"""A stand-in for Stripe that moves no real money: localstripe as a process of its own, with ours in front of it.

What localstripe lacks is here: PaymentIntents that are confirmed with a card, idempotency keys, disputes, balance
transactions, events and webhooks of today's shape, and a state that a `kill -9` does not hurt. Objects, codes and
sentences follow Stripe's API as the `stripe` package 16.1 and docs.stripe.com describe it. It knows nothing of the rest
of Riviere, and the rest starts it (`StripeHouse`) and otherwise speaks to it as to Stripe.

What becomes of a payment is decided by the card's number, as at Stripe: riviere.sandbox.cards.numbers. Tests steer the
rest under `/_sandbox/`, with the secret key: riviere.sandbox.cards.control.
"""

from riviere.sandbox.cards.house import PUBLISHABLE_KEY, SECRET_KEY, NoStandIn, StripeHouse, available

__all__ = ["PUBLISHABLE_KEY", "SECRET_KEY", "NoStandIn", "StripeHouse", "available"]
