"""A back end that keeps its own copy of balances, told by webhooks, in an SQLite file.

    export WEBHOOK_SECRET=whsec_…
    python mirror.py balances.db 8751       # GET /mira answers mira's balances

What a receiver has to do, and why:
- Verify first. Anybody can send a POST; only Riviere has the secret.
- Answer 2xx only once the event is kept. Until then Riviere sends it again, under the same `webhook-id`.
- Events of one subject come in order, those of different subjects do not: a balance carries the `seq` of its account,
  and the one with the highest is the latest, whenever it came.
"""

import json
import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import unquote

from riviere.client.webhooks import BadWebhook, Event, verify

TABLES = """
CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS balance (user TEXT, account TEXT, amount TEXT, seq INT, PRIMARY KEY (user, account));
"""
LATEST = """
INSERT INTO balance VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET amount = excluded.amount, seq = excluded.seq WHERE excluded.seq > balance.seq
"""


def balances(event: Event) -> list[tuple[str, dict[str, Any]]]:
    """Who holds what after an event. Kinds that we do not know are no mistake: others may be added."""
    data = event.data
    if event.type == "gift.sent":
        told = [(gift["sender"], account) for gift in data["gifts"] for account in gift["wallet"]]
        return [*told, (data["place"]["creator"], data["earned"])]
    if event.type == "gift.reversed":
        told = [(data["sender"], account) for account in data["wallet"]]
        return [*told, (data["place"]["creator"], data["owed"])]
    if event.type == "purchase.completed":
        return [(data["user"], account) for account in data["wallet"]]
    return []


def keep(books: sqlite3.Connection, event: Event) -> None:
    """Keeps an event, once: all of it or nothing."""
    with books:
        if books.execute("INSERT OR IGNORE INTO event VALUES (?)", [event.id]).rowcount:
            rows = [(user, held["account"], str(held["balance"]), held["seq"]) for user, held in balances(event)]
            books.executemany(LATEST, rows)


class Receiver(BaseHTTPRequestHandler):
    """POST takes a webhook, GET /USER answers balances."""

    books: sqlite3.Connection

    def do_POST(self) -> None:
        """Takes an event."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            keep(self.books, verify(os.environ["WEBHOOK_SECRET"].split(), dict(self.headers), body))
        except BadWebhook as refused:
            self.send_error(400, str(refused))
        else:
            self.send_response(204)
            self.end_headers()

    def do_GET(self) -> None:
        """Answers what a user holds."""
        rows = self.books.execute("SELECT account, amount FROM balance WHERE user = ?", [unquote(self.path[1:])])
        body = json.dumps(dict(rows.fetchall())).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serves until it is stopped."""
    Receiver.books = sqlite3.connect(sys.argv[1])
    Receiver.books.executescript(TABLES)
    server = HTTPServer(("127.0.0.1", int(sys.argv[2])), Receiver)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
