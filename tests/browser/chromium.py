"""People with real browsers: each has a window of their own, and none of them may reach beyond this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cashier import Cashier, cashier
from front import opened
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from visitors import Site

from riviere.database.database import Database
from riviere.live import combos, goals, supporters
from riviere.rounds import Duty, Rounds

#: What lets it run as root in a container, and what keeps it from asking anybody anything.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


# Not once for all: as long as it is open, its library holds an event loop in this thread, and asyncio.run refuses to
# start another in whatever test comes next.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, started once a module."""
    program = os.environ.get("RIVIERE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on the PATH; apt install chromium brings it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


class People:
    """Who sits in front of a browser. Whatever a page asks of another machine is refused, and fails the test."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser = browser
        self._site = site
        self._contexts: list[BrowserContext] = []
        #: Addresses beyond this machine, errors of scripts, and what the content policy refused.
        self.wrong: list[str] = []

    def somebody(self, *, dark: bool = False, phone: bool = False, **more: Any) -> Page:
        """A new window in which nobody is signed in."""
        context = self._browser.new_context(
            base_url=self._site.url,
            color_scheme="dark" if dark else "light",
            viewport=PHONE if phone else DESK,
            locale="en-US",
            timezone_id="Europe/Oslo",
            reduced_motion="reduce",
            **more,
        )
        context.set_default_timeout(10_000)
        context.route("**/*", self._watched)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("console", lambda said: self.wrong.append(f"said: {said.text}") if _is_refused(said) else None)
        return page

    def user(self, name: str, **window: Any) -> Page:
        """A window in which a viewer or creator signs in by a link."""
        return self._signed_in(self._site.link(name), window)

    def operator(self, name: str, **window: Any) -> Page:
        """A window in which an operator signs in by a link."""
        return self._signed_in(self._site.link(name, operator=True), window)

    def close(self) -> None:
        """Closes every window; each page's own scripts had no errors, and asked nobody else."""
        for context in self._contexts:
            context.close()
        assert not self.wrong, self.wrong

    def _signed_in(self, link: str, window: dict[str, Any]) -> Page:
        page = self.somebody(**window)
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        return page

    def _watched(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.hostname == "127.0.0.1" or address.scheme in ("data", "blob"):
            route.continue_()
        else:
            self.wrong.append(f"asked {route.request.url}")
            route.abort()


def _is_refused(said: Any) -> bool:
    return said.type == "error" and "Content Security Policy" in said.text


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[tuple[Site, Cashier]]:
    """The pages of an economy with nobody in it, doing its rounds, and a cashier who pays by the sandbox."""
    with opened(database, kind=Site) as site, cashier(site, tmp_path) as payouts, _rounds(site):
        yield site, payouts


@pytest.fixture
def people(chromium: Browser, house: tuple[Site, Cashier]) -> Iterator[People]:
    """Whoever opens a browser in front of the house."""
    crowd = People(chromium, house[0])
    yield crowd
    crowd.close()


@contextmanager
def _rounds(site: Site) -> Iterator[None]:
    def look() -> None:
        with site.office.pool.connection() as connection:
            combos.finish(connection, site.now)
            goals.count(connection, site.now)
            supporters.count(connection, site.now)

    rounds = Rounds([Duty("live", 1, look)])
    rounds.start()
    try:
        yield
    finally:
        rounds.stop()
