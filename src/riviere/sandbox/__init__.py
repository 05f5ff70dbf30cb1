"""A payout provider that moves no real money: PayPal Payouts v1 as a server of ours, its state in one SQLite file.

It speaks PayPal's wire format, so the code that runs in the demo is the code that runs for real. It knows nothing of
the rest of Riviere. Operations, names, lengths and error bodies follow PayPal's OpenAPI document 1.9 (GitHub,
paypal/paypal-rest-api-specifications); where people measured PayPal's own sandbox in 2026, it does what they saw:
a `sender_batch_id` is refused for 30 days with a link to the first batch, unless that batch was DENIED; a
`PayPal-Request-Id` replays nothing; one invalid item spoils its batch; item words and batch words differ.

What becomes of an item, by the receiver's name before any `+` (`fails+ana@example.com` is `fails`), a step each time
the item is looked at:

| receiver | statuses |
| --- | --- |
| anyone else | PENDING, SUCCESS |
| `pending` | PENDING for ever |
| `fails` | PENDING, FAILED; a batch of nothing else ends as DENIED |
| `unclaimed` | PENDING, UNCLAIMED; RETURNED when cancelled, or 30 days later |
| `held`, `blocked` | PENDING, ONHOLD or BLOCKED |
| `returned`, `refunded`, `reversed` | PENDING, RETURNED, REFUNDED or REVERSED |
| `returned-later`, `refunded-later`, `reversed-later` | PENDING, SUCCESS, then the same |

What becomes of a whole request, by the note of its first item (PayPal's own negative tests): ERRPYO001
SENDER_RESTRICTED, 002 SENDER_EMAIL_UNCONFIRMED, 003 AUTHORIZATION_ERROR, 005 INSUFFICIENT_FUNDS, 006 INTERNAL_ERROR,
010 VALIDATION_ERROR, 035 RATE_LIMIT_VALIDATION, 039 PREVIOUS_REQUEST_IN_PROGRESS.

Tests steer the rest under `/_sandbox/`, with the client's id and secret: see riviere.sandbox.control.
"""
