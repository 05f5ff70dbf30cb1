"""A page takes a card with the double of Stripe.js as with Stripe's own, under the strictest content policy."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from house_bench import Account, standing
from riviere.sandbox.cards import PUBLISHABLE_KEY

PAGE = """<!doctype html><html lang="en"><title>Pay</title><main data-key="{key}" data-secret="{secret}">
<form><div id="card"></div><button>Pay</button></form><p id="said">Not paid</p></main>
<script src="{house}/js.stripe.com/v3/"></script><script src="/page.js"></script></html>"""

SCRIPT = """"use strict";
const { key, secret } = document.querySelector("main").dataset;
const stripe = Stripe(key);
const elements = stripe.elements({ clientSecret: secret });
elements.create("payment").mount("#card");
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = document.querySelector("#said");
  const confirmParams = { return_url: location.href };
  const { error, paymentIntent } = await stripe.confirmPayment({ elements, confirmParams, redirect: "if_required" });
  const found = await stripe.retrievePaymentIntent(secret);
  said.textContent = `${error ? error.message : paymentIntent.status} (${found.paymentIntent.status})`;
});
"""


class Shop:
    """Serves the page for one payment after the other."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.intent = account.stripe.payment_intents.create({"amount": 499, "currency": "usd"})
        shop = self

        class Serving(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                script = self.path == "/page.js"
                self.send_response(200)
                self.send_header("content-type", "text/javascript" if script else "text/html; charset=utf-8")
                policy = f"default-src 'none'; script-src 'self' {account.url}; connect-src {account.url}"
                self.send_header("content-security-policy", policy)
                self.end_headers()
                secret = shop.intent.client_secret
                page = PAGE.format(key=PUBLISHABLE_KEY, secret=secret, house=account.url)
                self.wfile.write((SCRIPT if script else page).encode())

            def log_message(self, *_: Any) -> None:
                """Nothing: the browser says what it saw."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with standing(tmp_path_factory.mktemp("stripe")) as (_, account):
        made = Shop(account)
        yield made
        made.close()


@pytest.fixture
def page(shop: Shop, chromium: Browser) -> Iterator[Page]:
    """The page of a new payment; its scripts have no errors, and nothing is refused them."""
    shop.intent = shop.account.stripe.payment_intents.create({"amount": 499, "currency": "usd"})
    context = chromium.new_context(locale="en-US")
    made, wrong = context.new_page(), list[str]()
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    made.goto(f"http://127.0.0.1:{shop.server.server_port}/")
    yield made
    context.close()
    assert wrong == []


def pay(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiration date").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay").click()


def test_a_declined_card_is_told_and_another_pays(page: Page, shop: Shop) -> None:
    said = page.locator("#said")
    page.get_by_role("button", name="Pay").click()
    expect(said).to_have_text("Your card number is incomplete. (requires_payment_method)")
    pay(page, "4000 0000 0000 9995")
    expect(said).to_have_text("Your card has insufficient funds. (requires_payment_method)")
    pay(page, "4242 4242 4242 4242")
    expect(said).to_have_text("succeeded (succeeded)")
    assert shop.account.stripe.payment_intents.retrieve(shop.intent.id).amount_received == 499


@pytest.mark.parametrize(
    ("answer", "told"),
    [("Complete authentication", "succeeded (succeeded)"), ("Fail authentication", "requires_payment_method")],
)
def test_the_cards_bank_asks_first(page: Page, answer: str, told: str) -> None:
    pay(page, "4000 0000 0000 3220")
    page.get_by_role("dialog").get_by_role("button", name=answer).click()
    expect(page.locator("#said")).to_contain_text(told)
