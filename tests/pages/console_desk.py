"""Operators at the console: each in a browser of their own, over a real socket, sending the forms of the pages."""

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from typing import Final

import httpx2
import pytest
from visitors import Site

from riviere.access import operators, sessions
from riviere.access.scopes import ROLES

_TOKEN: Final = re.compile(r'name="token" value="([0-9a-f]+)"')
_FORM: Final = re.compile(r"<form\b.*?</form>", re.DOTALL)
_HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Browser:
    """Somebody signed in: reads pages, sends forms with the token that the page has."""

    def __init__(self, url: str, session: str) -> None:
        self.client = httpx2.Client(
            base_url=url, cookies={"riviere": session}, timeout=30, trust_env=False, verify=False
        )

    def get(self, path: str, status: int = 200) -> str:
        """A page."""
        answer = self.client.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text}"
        return unescape(answer.text)

    def sends(self, path: str, page: str = "/console", **form: str) -> httpx2.Response:
        """A form, as a page of this browser would send it."""
        found = _TOKEN.search(self.client.get(page).text)
        assert found, "the page has no form"
        fields = {name.replace("__", "."): value for name, value in form.items()}
        return self.client.post(path, data={"token": found[1], **fields})

    def does(self, path: str, **form: str) -> str:
        """Sends a form and what is asked next; where that leads."""
        asked = self.sends(path, **form)
        assert asked.status_code == 200, asked.text
        assert 'name="sure" value="1"' in asked.text, asked.text
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(asked.text) if name != "back"}
        done = self.client.post(path, data=hidden)
        assert done.status_code == 303, done.text
        return str(done.headers["location"])

    def refused(self, path: str, status: int, **form: str) -> str:
        """The page that a form which is refused comes back with."""
        answer = self.sends(path, **form)
        assert answer.status_code == status, answer.text
        return unescape(answer.text)


class Desk:
    """The pages of an economy, and a browser for each role."""

    def __init__(self, front: Site) -> None:
        self.front = front
        self._browsers: list[Browser] = []
        for role in ROLES:
            operators.create(front.connection, f"the {role}", role, by="tests", now=front.now)

    def as_role(self, role: str) -> Browser:
        """An operator of this role."""
        someone = sessions.Someone(f"the {role}", None)
        secret, _ = sessions.begin_as(self.front.connection, someone, self.front.now)
        return self._browser(secret)

    def as_user(self, name: str) -> Browser:
        """A user, who has no business at the console."""
        someone = sessions.Someone(None, self.front.id(name))
        secret, _ = sessions.begin_as(self.front.connection, someone, self.front.now)
        return self._browser(secret)

    def _browser(self, secret: str) -> Browser:
        browser = Browser(self.front.url, secret)
        self._browsers.append(browser)
        return browser

    def close(self) -> None:
        for browser in self._browsers:
            browser.client.close()


def forms_of(page: str) -> list[str]:
    """The forms of a page that change something of the economy: not those of the frame, not searches."""
    return [form for form in _FORM.findall(page) if 'method="post"' in form and 'action="/console' in form]


@pytest.fixture
def front(site: Site) -> Site:
    """The same, for what people do over the API."""
    return site


@pytest.fixture
def desk(front: Site) -> Iterator[Desk]:
    """The console of an economy that nobody has used yet."""
    with closing(Desk(front)) as made:
        yield made
