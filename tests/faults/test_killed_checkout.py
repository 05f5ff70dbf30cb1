"""A server is killed while people pay by card: what Stripe took is credited once, whether it told or was asked."""

import random
import time
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest
from scene import ask, ended, kill, serve

from house_bench import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, Account, standing, until
from riviere import clock
from riviere.access import keys
from riviere.economy import catalogue, people, policies
from riviere.ledger.law import Kind
from riviere.ledger.statement import balance_at
from riviere.services import Riviere
from riviere.settings import Settings

#: A moment for the rounds, which would wait for a minute before they ask.
HURRY = "UPDATE riviere.checkout SET ask_at = now() WHERE state = 'open' RETURNING id"
ORDERS = 8
COINS = 70


def order(app: httpx2.Client, number: int) -> dict[str, Any]:
    """One checkout of mira's, the same one however often it is asked for."""
    headers = {"Idempotency-Key": f"order {number}"}
    answer = app.post("/v1/users/mira/checkouts", json={"pack": f"pack-{COINS}"}, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    said: dict[str, Any] = answer.json()
    return said


def pays(account: Account, paid: list[str], checkout: dict[str, Any]) -> None:
    account.stripe.payment_intents.confirm(checkout["payment"], {"payment_method": "pm_card_visa"})
    paid.append(checkout["payment"])


@pytest.mark.parametrize(
    ("seed", "kills"), [pytest.param(1, 2, id="twice"), pytest.param(2, 8, id="eight", marks=pytest.mark.slow)]
)
def test_a_server_killed_while_people_pay_credits_each_payment_once(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, kills: int
) -> None:
    chance = random.Random(seed)
    with Riviere(Settings(data_folder, None)) as riviere, standing(tmp_path / "stripe") as (_, account):
        now = clock.now()
        catalogue.stock(riviere.connection, riviere.signer, now)
        policies.defaults(riviere.connection, riviere.signer, now)
        mira = people.register(riviere.connection, riviere.signer, "mira", level=0, region="", now=now).id
        scopes = ["purchases:write", "purchases:read"]
        _, key = keys.create(riviere.connection, "app", scopes, by="tests", now=now)
        said = {"URL": account.url, "SECRET_KEY": SECRET_KEY, "PUBLISHABLE_KEY": PUBLISHABLE_KEY}
        for name, value in (said | {"WEBHOOK_SECRETS": WEBHOOK_SECRET}).items():
            monkeypatch.setenv(f"RIVIERE_STRIPE_{name}", value)
        paid: list[str] = []
        for number in range(kills):
            process, url = serve(data_folder)
            endpoint = {"url": f"{url}/v1/stripe/events", "secret": WEBHOOK_SECRET, "events": ["*"]}
            account.steer("endpoints", **endpoint)
            with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as app:
                orders = [order(app, at) for at in range(number * ORDERS, (number + 1) * ORDERS)]
            buyers = [Thread(target=pays, args=(account, paid, checkout)) for checkout in orders]
            for buyer in buyers:
                buyer.start()
            time.sleep(chance.uniform(0, 0.15))
            assert kill(process)
            for buyer in buyers:
                buyer.join()
        assert len(set(paid)) == kills * ORDERS
        process, _ = serve(data_folder)
        ask(data_folder, HURRY)
        open_ones = "SELECT 1 FROM riviere.checkout WHERE state = 'open'"
        until(lambda: not ask(data_folder, open_ones), "every payment found")
        process.terminate()
        assert ended(process).status == 0
        assert balance_at(riviere.connection, mira, Kind.COINS) == kills * ORDERS * COINS
        credited = riviere.connection.execute("SELECT reference FROM charge ORDER BY reference").fetchall()
        assert [reference for (reference,) in credited] == sorted(paid)
        report = riviere.verify()
        assert report.ok, [check for check in report.checks if not check.ok]
