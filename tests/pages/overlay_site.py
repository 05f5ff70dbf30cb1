"""The pages in front of a small economy with a creator, her overlays and somebody who gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from front import Front

from riviere.access import sessions
from riviere.access.sessions import Someone
from riviere.http.app import create_app
from riviere.http.serve import Server
from riviere.pages.faces import pages

__all__ = ["Site", "opened_site"]


class Site:
    """A server with the pages, which feeds are to be followed at: a hub is for one event loop.

    `aurora` is signed in, `viewer` is nobody: what broadcasting software is.
    """

    def __init__(self, front: Front, url: str) -> None:
        self.front = front
        self.url = url
        front.creator("aurora")
        for name in ("mira", "sol"):
            front.viewer(name)
            front.buy(name, 10_000)
        self.api = front.as_user("aurora")
        self.session, _ = sessions.begin_as(front.connection, Someone(None, front.id("aurora")), front.now)
        cookies = {"riviere": self.session}
        self.aurora = httpx2.Client(base_url=url, cookies=cookies, timeout=30, trust_env=False, verify=False)
        self.viewer = httpx2.Client(base_url=url, timeout=30, trust_env=False, verify=False)

    def overlay(self, widget: str = "alerts", **settings: Any) -> tuple[str, str]:
        """A new overlay of Aurora's: what it is called, and the path of its page."""
        asked = {"name": f"My {widget}", "widget": widget, **settings}
        answer = self.api.post("/v1/users/aurora/overlays", json=asked)
        assert answer.status_code == 201, answer.text
        return answer.json()["overlay"]["id"], answer.json()["path"]

    def post(self, path: str, **fields: str) -> httpx2.Response:
        """Sends one of the studio's forms as Aurora."""
        form = {"token": sessions.form_token(self.session), **fields}
        return self.aurora.post(path, data=form, headers={"Sec-Fetch-Site": "same-origin"})

    def close(self) -> None:
        """Lets go of the connections."""
        self.aurora.close()
        self.viewer.close()


@contextmanager
def opened_site(front: Front) -> Iterator[Site]:
    """The pages on a port of their own, beside the API that `front` serves."""
    server = Server(create_app(front.office, pages=pages(demo=False, public_url=None)), "127.0.0.1", 0)
    server.start()
    site = Site(front, server.url)
    try:
        yield site
    finally:
        site.close()
        front.office.feed.close()
        server.stop()
