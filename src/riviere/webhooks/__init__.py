"""Webhooks out, after Standard Webhooks 1.0: what happened in the economy, told to the platform's own servers.

    what the ledger books ──gather──▶ outbox ──fan_out──▶ delivery ──deliver_due──▶ an endpoint
    what others tell ───outbox.put──▶

`gather` reads the journal itself, chain by chain, so that nothing durable is missed, nothing else is told, and the
gift's own transaction pays nothing. `fan_out` makes a delivery for each endpoint that wants the event. `deliver_due`
sends. `Courier` does all three in a running server; any number of servers may run one.

What a receiver can rely on: every event arrives at least once, each under one `webhook-id` however often it is tried;
the events of one subject come in the order of their `number`, the next only after the one before was taken (2xx) or
given up; different subjects do not wait for each other.
"""
