"""The programs in examples/, run as they stand, against a Riviere that runs as it would anywhere."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from riviere.client import Client
from riviere.database.database import Database
from riviere.wire.gifts import SendGift
from riviere.wire.places import StartStream
from riviere.wire.policies import AnnouncePolicy
from riviere.wire.purchases import BuyPack
from riviere.wire.redemptions import AskQuote, AskRedemption, SetIdentity, SetPayoutMethod
from riviere.wire.users import RegisterUser
from riviere.wire.webhooks import AddEndpoint

EXAMPLES = Path(__file__).parents[1] / "examples"
PYTHON = [sys.executable, "-W", "error"]
SCOPES = (
    "users:write gifts:read gifts:write gifts:reverse places:write purchases:write wallets:read earnings:read "
    "purchases:read policies:write webhooks:read webhooks:write redemptions:read redemptions:write identity:write"
)


class Running(NamedTuple):
    """A Riviere that runs, and a client that may do everything a back end does."""

    environment: dict[str, str]
    client: Client

    def example(self, name: str, *words: str, given: str = "") -> str:
        """What one of the examples writes."""
        done = subprocess.run(
            [*PYTHON, EXAMPLES / name, *words],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


@contextmanager
def started(command: list[Any], environment: dict[str, str]) -> Iterator[str]:
    """A program that runs until the block ends, and the first line that it writes."""
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            yield program.stdout.readline()
        finally:
            program.terminate()


@pytest.fixture
def running(database: Database, tmp_path: Path) -> Iterator[Running]:
    """A Riviere with the starter catalogue. Mira and kim bought coins; aurora is live."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RIVIERE_")}
    settings = {"RIVIERE_DATA": str(tmp_path / "data"), "RIVIERE_DATABASE_URL": database.owner_dsn}
    environment |= settings | {"RIVIERE_LOCAL_WEBHOOKS": "1", "COLUMNS": "200"}
    command = [Path(sys.executable).with_name("riviere")]
    with started([*command, "up", "--port", "0", "--json"], environment) as first:
        url = json.loads(first)["url"]
        for words in (["admin", "defaults"], ["admin", "key", "add", "examples", "--scope", *SCOPES.split()]):
            done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=True)
        key = done.stdout.strip()
        for name in settings:
            del environment[name]
        with Client(url, key) as client:
            for name in ("mira", "kim", "aurora", "sol"):
                client.register_user(RegisterUser(id=name))
            client.start_stream(StartStream(creator="aurora", id="live"))
            for name in ("mira", "kim"):
                client.buy_pack(name, BuyPack(pack="pack-350", card="card-ok"), key=f"first-{name}")
            yield Running(environment | {"RIVIERE_URL": url, "RIVIERE_KEY": key}, client)


CHAT = """\
m1 mira !gift rose 3 aurora
m2 kim hello everybody
m3 kim !gift rose aurora
m4 kim !gift unicorn aurora
m5 mira !gift rose 1 sol
m6 mira !gift rose 99999 aurora
m7 nobody !gift rose aurora
"""


def test_the_chat_bot_sends_each_gift_once_however_often_it_reads_the_chat(running: Running) -> None:
    first = running.example("chat_bot.py", "live", given=CHAT).splitlines()
    assert first[0] == "mira sent aurora 3 × rose (♦ 3)"
    assert first[1] == "kim sent aurora rose (♦ 1)"
    assert [line.split()[0] for line in first[2:]] == ["@kim", "@mira", "@mira", "@nobody"]
    assert "unicorn" in first[2]
    assert "Not enough coins" in first[4]
    again = running.example("chat_bot.py", "live", given=CHAT).splitlines()
    assert again == first[2:]
    assert running.client.get_wallet("aurora").diamonds == "4"
    assert running.client.get_gift("mira", "chat-m1").count == 3


def soon(question: Callable[[], Any], wanted: Any) -> None:
    """Waits until the answer is what is wanted, for half a minute at the most."""
    end = time.monotonic() + 30
    while (got := question()) != wanted:
        assert time.monotonic() < end, got
        time.sleep(0.1)


def test_the_mirror_holds_what_riviere_holds(running: Running, tmp_path: Path) -> None:
    books, client = str(tmp_path / "balances.db"), running.client
    # The secret is known once there is an endpoint, and the endpoint's port once somebody listens.
    with started([*PYTHON, EXAMPLES / "mirror.py", books, "0"], running.environment | {"WEBHOOK_SECRET": ""}) as line:
        url = line.strip()
    port = url.rpartition(":")[2]
    made = client.add_webhook(AddEndpoint(url=url, kinds=["gift.*", "purchase.completed"]))
    secret = {"WEBHOOK_SECRET": made.secret}

    def held(user: str) -> Any:
        return httpx2.get(f"{url}/{user}", trust_env=False).json()

    with started([*PYTHON, EXAMPLES / "mirror.py", books, port], running.environment | secret) as line:
        assert line.strip() == url
        for number in range(5):
            client.send_gift(SendGift(sender="mira", creator="aurora", gift="rose", stream="live"), key=f"g{number}")
        client.buy_pack("mira", BuyPack(pack="pack-350", card="card-ok"), key="second")
        client.reverse_gift("mira", "g0")
        soon(lambda: held("mira"), {"coins": str(client.get_wallet("mira").coins)})
        soon(lambda: held("aurora"), {"diamonds": "5", "diamonds.owed": "1"})
        forged = httpx2.post(url, content=b"{}", headers={"webhook-id": "evt_1"}, trust_env=False)
        assert forged.status_code == 400
    # It was away for a while; whatever is sent again changes nothing.
    client.send_gift(SendGift(sender="kim", creator="aurora", gift="rose", stream="live"), key="later")
    with started([*PYTHON, EXAMPLES / "mirror.py", books, port], running.environment | secret):
        for delivery in client.list_deliveries(made.endpoint.id):
            client.replay_delivery(made.endpoint.id, delivery.event)
        soon(lambda: held("aurora"), {"diamonds": "6", "diamonds.owed": "1"})
        soon(lambda: {each.state for each in client.list_deliveries(made.endpoint.id)}, {"delivered"})
        assert held("mira") == {"coins": str(client.get_wallet("mira").coins)}


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_the_nightly_report_says_who_earned_what_and_whose_money_is_open(running: Running, tmp_path: Path) -> None:
    client = running.client
    sent = client.send_gift(SendGift(sender="mira", creator="aurora", gift="rose", count=300, stream="live"), key="k")
    today = sent.booked_at.astimezone(UTC).date()
    for name, scope, amount in [("maturity_days", "", "0"), ("minimum", "", "1"), ("review_over", "USD", "0.01")]:
        client.announce_policy(AnnouncePolicy(name=name, scope=scope, amount=amount))
    client.set_identity("aurora", SetIdentity(state="verified"))
    client.set_payout_method("aurora", SetPayoutMethod(method="paypal", currency="USD", receiver="aurora@example.com"))
    quote = client.quote_redemption("aurora", AskQuote(diamonds="300"))
    client.request_redemption("aurora", AskRedemption(quote=quote.id), key="redeem")
    said = running.example("nightly_report.py", str(tmp_path / "report"), str(today), given="aurora\nsol\n")
    assert said == f"{today}: 1 of 2 creators earned 300 diamonds\nopen redemptions: 1\n"
    (row,) = table(tmp_path / "report" / "earnings.csv")
    assert row == {"creator": "aurora", "gifts": "1", "coins": "300", "diamonds": "300", "reversed_diamonds": "0"}
    (row,) = table(tmp_path / "report" / "redemptions.csv")
    assert (row["creator"], row["state"], row["net"], row["currency"]) == ("aurora", "in_review", quote.net, "USD")
    before = datetime.now(UTC).date()
    said = running.example("nightly_report.py", str(tmp_path / "report"), given="aurora")
    nights = {before - timedelta(days=1), datetime.now(UTC).date() - timedelta(days=1)}  # midnight may pass meanwhile
    earned = {night: "1 of 1 creators earned 300" if night == today else "0 of 1 creators earned 0" for night in nights}
    assert said in {f"{night}: {words} diamonds\nopen redemptions: 1\n" for night, words in earned.items()}
