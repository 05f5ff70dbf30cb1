"""People in front of the pages: a small economy with pages on it, and browsers without scripts that fill in forms."""

from collections.abc import Iterator
from html.parser import HTMLParser

import httpx2
import pytest
from front import Front, opened
from starlette.types import ASGIApp

from riviere.access import operators, sessions
from riviere.database.database import Database
from riviere.http.app import create_app
from riviere.pages.faces import pages

__all__ = ["Site", "site"]


class Page(HTMLParser):
    """A page as somebody reads it: its words, its links, and its forms as they would be sent."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__()
        self.status = response.status_code
        self.headers = response.headers
        self.address = response.url.raw_path.decode()
        self.source = response.text
        self.words = ""
        self.links: list[str] = []
        #: Fields of each form by its action; and every form in order.
        self.forms: dict[str, dict[str, str]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._form: dict[str, str] = {}
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "a":
            self.links.append(found.get("href") or "")
        if tag == "form":
            self._form = self.forms.setdefault(found.get("action") or self.address, {})
        name, kind = found.get("name"), found.get("type")
        is_sent = kind not in ("radio", "checkbox") or "checked" in found
        if tag in ("input", "textarea", "button") and name and is_sent:
            self._form[name] = found.get("value") or ""

    def handle_data(self, data: str) -> None:
        self.words += data

    def field(self, name: str) -> dict[str, str | None]:
        """The attributes of the field of a name."""
        return next(
            found for tag, found in self.tags if tag in ("input", "select", "textarea") and found.get("name") == name
        )

    def beside(self, name: str) -> str:
        """What is said beside a field."""
        return self.source.split(f'id="{name}-said"', 1)[1].split("</div>", 1)[0]


class Browser:
    """A browser without scripts: it keeps cookies, follows where it is sent, and fills in forms."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client
        client.follow_redirects = True

    def open(self, path: str) -> Page:
        """Opens an address."""
        return Page(self.client.get(path, headers={"Accept": "text/html"}))

    def send(self, page: Page, action: str, **typed: str) -> Page:
        """Sends a form of a page, with what was typed over what stood there."""
        return Page(self.client.post(action, data=page.forms[action] | typed, headers={"Accept": "text/html"}))

    def told(self, page: Page, action: str, **typed: str) -> httpx2.Response:
        """Sends a form as a script of ours does."""
        return self.client.post(action, data=page.forms[action] | typed, headers={"Accept": "application/json"})


class Site(Front):
    """A Front with the pages in front of it."""

    def _app(self) -> ASGIApp:
        return create_app(self.office, pages=pages(demo=True, public_url=None))

    def somebody(self) -> Browser:
        """A browser in which nobody is signed in."""
        return Browser(self.stranger())

    def link(self, name: str, *, operator: bool = False) -> str:
        """The address of a new link that signs somebody in."""
        make = sessions.link_for_operator if operator else sessions.link_for_user
        return f"/claim/{make(self.connection, name, by='tests', now=self.now)}"

    def user(self, name: str) -> Browser:
        """A browser in which a viewer or creator is signed in."""
        return self._claimed(self.link(name))

    def operator(self, role: str, name: str | None = None) -> Browser:
        """A browser in which a new operator of this role is signed in."""
        name = name or self._name(role)
        operators.create(self.connection, name, role, by="tests", now=self.now)
        return self._claimed(self.link(name, operator=True))

    def _claimed(self, link: str) -> Browser:
        browser = self.somebody()
        browser.client.follow_redirects = False
        answer = browser.client.post(link, data={"token": ""})
        assert answer.status_code == 303, answer.text
        browser.client.follow_redirects = True
        return browser


@pytest.fixture
def site(database: Database) -> Iterator[Site]:
    """The pages of an economy with nobody in it. That the books hold is for the tests of the operations they ask."""
    with opened(database, kind=Site, verified=False) as made:
        yield made
