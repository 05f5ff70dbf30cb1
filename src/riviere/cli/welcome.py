"""What `riviere up` says when it is ready: where the faces are, and links that sign people in to them, once each."""

from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter

from riviere import clock
from riviere.access import operators, sessions
from riviere.cli.common import NOTHING_SAID, Common, out
from riviere.cli.common import operator as acting
from riviere.cli.demo import CREATORS
from riviere.services import Riviere

#: Where the pages are unless something else is said.
PORT: Final = 8750

#: The file in the data folder that keeps the links that were printed last; only its owner may read it.
KEPT: Final = "sign-in.txt"

#: The first operator, who can add others.
FIRST: Final = "owner"


class Links(msgspec.Struct, frozen=True):
    """Links that sign somebody in: the creator of the demo, and the first operator; None where there is no need."""

    studio: str | None
    console: str | None


def make_links(riviere: Riviere, url: str, *, demo: bool) -> Links:
    """Links for whoever needs one at a start, kept in a file too: always in a demo, else while there is no operator."""
    connection, now, by = riviere.connection, clock.now(), acting()
    names = {one.name for one in operators.listed(connection)}
    if not names:
        operators.create(connection, FIRST, "admin", by, now)
    console = studio = None
    if not names or (demo and FIRST in names):
        console = f"{url}/claim/{sessions.link_for_operator(connection, FIRST, by=by, now=now)}"
    if demo:
        studio = f"{url}/claim/{sessions.link_for_user(connection, CREATORS[0], by=by, now=now)}"
    links = Links(studio, console)
    _keep(riviere.settings.data / KEPT, links)
    return links


def say(economy: str | None, url: str, links: Links, data: Path | None) -> None:
    """What there is, where it is, and what to do next."""
    if economy:
        out.print(f"demo economy ready: {economy} (stop with Ctrl-C, --fresh starts over)")
    else:
        out.print("ready (stop with Ctrl-C; --demo fills it with an economy to look at)")
    there = f" --data {data}" if data else ""
    stream = [("stream", f"/s/{CREATORS[0]}", "gifts are arriving now")] if economy else []
    creator = f"sign in as {CREATORS[0]}: {links.studio}  (one time)" if links.studio else "for creators"
    operator = f"sign in: riviere admin sign-in NAME{there}"
    if links.console:
        operator = f"first operator: {links.console}  (one time)"
    out.print()
    for face, path, what in (
        ("start", "/", "what this is, and the four faces"),
        *stream,
        ("studio", "/studio", creator),
        ("console", "/console", operator),
        ("api", "/docs", "read it, try it"),
    ):
        out.print(f"  {face:<8} {url + path:<{len(url) + 14}} {what}")
    first = "riviere replay FILE" if economy else "riviere admin defaults"
    tries = (first, "riviere verify", "riviere law", "riviere earnings")
    out.print("\nnext: " + " · ".join(one + there for one in tries))


def sign_in(
    name: str,
    *,
    user: Annotated[bool, Parameter(name="--user", negative=(), help="NAME is a viewer or creator.")] = False,
    common: Common = NOTHING_SAID,
) -> None:
    """Make a link that signs an operator in to the pages, or a user: once, within a day."""
    with common.riviere() as riviere:
        make = sessions.link_for_user if user else sessions.link_for_operator
        secret = make(riviere.connection, name, by=acting(), now=clock.now())
        where = riviere.settings.public_url or f"http://127.0.0.1:{PORT}"
    link = f"{where}/claim/{secret}"
    common.answer({"link": link}, link)


def _keep(path: Path, links: Links) -> None:
    told: dict[str, Any] = {face: link for face, link in msgspec.structs.asdict(links).items() if link is not None}
    path.unlink(missing_ok=True)
    if told:
        path.touch(mode=0o600)
        path.write_text("".join(f"{face} {link}\n" for face, link in told.items()), "utf-8")
