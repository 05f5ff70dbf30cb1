"""Riviere's HTTP API from Python, typed from end to end.

    with Client("https://gifts.example.com", key) as riviere:
        sent = riviere.send_gift(SendGift(sender="mira", creator="aurora", gift="rose", stream="live"), key=message_id)

Each operation of the API is a method, named after its operationId (`sendGift` is `send_gift`), that takes and answers
structs of `riviere.wire`. `AsyncClient` has the same methods as coroutines. What moves value is tried again with the
same idempotency key until it is answered, so that it is done once. Lists are read on as they are iterated over.

`webhooks.verify` checks an event that arrived; `tokens.sign` makes the token that a user's own app shows.
"""

from riviere.client import tokens, webhooks
from riviere.client.client import AsyncClient, Client
from riviere.client.errors import NoAnswer, ProblemError, StrangeAnswer

__all__ = ["AsyncClient", "Client", "NoAnswer", "ProblemError", "StrangeAnswer", "tokens", "webhooks"]
