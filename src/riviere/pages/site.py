"""How every page is answered: who is there, may they see it, did the form come from here, then its own handler."""

import inspect
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Final

import anyio.to_thread
import msgspec
import structlog
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from riviere import clock
from riviere.access import sessions
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.http.dispatch import id_of, path_of, refusal, whole, worked
from riviere.http.front import Front
from riviere.http.response import Headers, Response, raw, response, send_out
from riviere.pages import figures, looks
from riviere.pages.asked import Asked
from riviere.pages.page import (
    PAGES,
    SESSION,
    VEIL,
    Answer,
    File,
    Framed,
    Live,
    Page,
    Picture,
    See,
    Shown,
    Told,
)
from riviere.pages.static import FOR_EVER, Files
from riviere.pages.visit import House, Visit
from riviere.wire.feed import EVENT_STREAM

#: What a page may load and do: what we serve, and nothing inline. Frames are added where a page has one.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

#: Live pages that one visitor may have open at once, and one address from which nobody is signed in.
_LIVE_PAGES: Final = 20
_LIVE_PAGES_OF_STRANGERS: Final = 200

_KINDS: Final = {"user": "viewers and creators", "operator": "operators"}

_LOG = structlog.get_logger("riviere.pages")


class Site:
    """The pages in front of an office. Where its public address is https, cookies go nowhere else."""

    def __init__(self, front: Front, house: House) -> None:
        self._front = front
        self._house = house
        self._names = {SESSION: "__Host-riviere" if house.secure else "riviere", VEIL: VEIL}
        #: Live pages by who follows them.
        self._live: Counter[str] = Counter()
        self._files = Files()
        self._looks = looks.Looks(self._files.address)

    def routes(self) -> list[BaseRoute]:
        """A route for each address of a page, and for the files that they load."""
        by_path: dict[str, dict[str, Page]] = defaultdict(dict)
        for page in PAGES:
            by_path[page.path][page.method] = page
        routes: list[BaseRoute] = [Route(path, _Endpoint(self, pages)) for path, pages in by_path.items()]
        return [*routes, self._files.route(), Route("/{address:path}", _Elsewhere(self))]

    def nothing(self, scope: Scope) -> Response:
        """What is said where there is no page: to a person as a page, to a program as a problem."""
        wrong, asked = problems.NotFound(), Asked(scope)
        if not asked.wants_html:
            return refusal(wrong, id_of(scope), [])
        return self._page(Shown("nothing.html", {}, 404), self._stranger(asked, scope), _every(id_of(scope)))

    async def answer(self, page: Page, scope: Scope, receive: Receive) -> Response:
        """The answer to a request, whatever comes of it."""
        headers = _every(id_of(scope)) if not page.secret else _every(id_of(scope), "no-referrer") + _UNFOUND
        asked: Visit | None = None
        try:
            asked = await self._visit(page, scope, receive, headers)
            self._let_in(page, asked, scope)
            return self._sent(await self._handled(page, asked), asked, headers)
        except ClientDisconnect:
            return Response(499, [], b"")
        except Exception as broken:
            wrong = problems.known(broken)
            if wrong is None:
                _LOG.exception("broken", page=page.path, request_id=id_of(scope))
            return self._refused(wrong or problems.Internal(), page, asked, scope, headers)

    async def _visit(self, page: Page, scope: Scope, receive: Receive, headers: Headers) -> Visit:
        asked, now = Asked(scope), clock.now()
        secret = None if page.secret else asked.cookies.get(self._names[SESSION])
        visitor = None
        if secret is not None:
            known = self._front.office.sessions
            visitor = known.remembered(secret, now) or await anyio.to_thread.run_sync(known.visitor, secret, now)
        left = self._front.count_stranger(asked.address) if visitor is None else self._front.count(visitor.principal)
        headers += left.headers
        if left.wait:
            raise problems.too_many(left)
        form = asked.form(await whole(receive)) if scope["method"] == "POST" else {}
        return replace(self._stranger(asked, scope), now=now, visitor=visitor, secret=secret or "", form=form)

    def _stranger(self, asked: Asked, scope: Scope) -> Visit:
        """A visit as it is before it is known whose."""
        return Visit(
            house=self._house,
            front=self._front,
            now=clock.now(),
            visitor=None,
            secret="",
            path=path_of(scope),
            query=asked.query,
            form={},
            url=asked.url,
            wants_json=asked.wants_json,
            veiled=asked.cookies.get(self._names[VEIL]) == "1",
            locale=figures.locale(asked.languages),
            address=asked.address,
            request_id=id_of(scope),
        )

    def _let_in(self, page: Page, visit: Visit, scope: Scope) -> None:
        """Raises NotSignedIn, NotForYou, NotYourRole or ForeignForm."""
        if page.method == "POST" and not (Asked(scope).came_from_here and _says_token(visit)):
            raise problems.ForeignForm
        if page.who == "anyone":
            return
        if visit.visitor is None:
            raise problems.NotSignedIn
        if visit.principal.kind != page.who:
            raise problems.NotForYou(who=_KINDS[page.who], name=visit.principal.name)
        if page.scope is not None and not visit.may(page.scope):
            raise problems.NotYourRole(scope=page.scope)

    async def _handled(self, page: Page, visit: Visit) -> Answer:
        if inspect.iscoroutinefunction(page.handler):
            answer: Answer = await page.handler(visit)
            return answer
        return await worked(self._front, lambda: page.handler(visit))

    def _sent(self, answer: Answer, visit: Visit, headers: Headers) -> Response:
        match answer:
            case Shown():
                return self._page(answer, visit, headers)
            case See():
                cookies = [self._cookie(name, *value) for name, value in answer.cookies.items()]
                return response(303, [*headers, *cookies, *raw({"Location": answer.address})], b"", looks.HTML)
            case Told():
                return response(answer.status, headers, msgspec.json.encode(answer.facts), "application/json")
            case File():
                named = raw({"Content-Disposition": f'attachment; filename="{answer.name}"'})
                return response(200, headers + named, answer.body, answer.kind)
            case Picture():
                kept = [(name, value) for name, value in headers if name != b"cache-control"]
                return response(200, kept + raw(FOR_EVER), answer.body, "image/svg+xml")
            case Framed():
                text = self._looks.page(answer.template, visit, answer.facts)
                policy = raw({"Content-Security-Policy": answer.policy})
                return response(200, headers + policy, text.encode(), looks.HTML)
            case Live():
                self._may_follow(visit)
                kind = raw({"Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no"})
                return Response(200, headers + kind, self._followed(visit, answer.messages))

    async def _followed(self, visit: Visit, messages: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Messages as they come, counted with those of the visitor's other live pages."""
        who = self._follower(visit)
        self._live[who] += 1
        try:
            async for message in messages:
                yield message
        finally:
            self._live[who] -= 1
            if not self._live[who]:
                del self._live[who]

    def _may_follow(self, visit: Visit) -> None:
        """Raises TooManyLive where a visitor has as many live pages open as one may have."""
        most = _LIVE_PAGES_OF_STRANGERS if visit.visitor is None else _LIVE_PAGES
        if self._live[self._follower(visit)] >= most:
            raise problems.TooManyLive(most=most)

    @staticmethod
    def _follower(visit: Visit) -> str:
        who = visit.visitor
        return f"stranger {visit.address}" if who is None else f"{who.principal.kind} {who.principal.name}"

    def _page(self, shown: Shown, visit: Visit, headers: Headers) -> Response:
        text = self._looks.page(shown.template, visit, shown.facts)
        frames = f"; frame-src {shown.frames}" if shown.frames else ""
        policy = raw({"Content-Security-Policy": _POLICY + frames})
        return response(shown.status, headers + policy, text.encode(), looks.HTML)

    def _refused(
        self, wrong: RiviereError, page: Page, visit: Visit | None, scope: Scope, headers: Headers
    ) -> Response:
        if visit is None or visit.wants_json:
            return refusal(wrong, id_of(scope), [])
        problem = problems.problem(wrong, visit.request_id)
        if page.secret:
            return self._page(Shown("overlay_lost.html", {"problem": problem}, problem.status), visit, headers)
        return self._page(Shown("refused.html", {"problem": problem}, problem.status), visit, headers)

    def _cookie(self, name: str, value: str, seconds: int) -> tuple[bytes, bytes]:
        """A cookie as it is set: not for scripts, and not for other sites' requests that change anything."""
        kept = f"{self._names[name]}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
        return b"set-cookie", (kept + ("; Secure" if self._house.secure else "")).encode("latin-1")


class _Elsewhere:
    """Any address that nothing else answers."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_out(self._site.nothing(scope), scope, receive, send)


class _Endpoint:
    """One address, whatever the method."""

    def __init__(self, site: Site, pages: Mapping[str, Page]) -> None:
        self._site = site
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        page = self._pages.get(method)
        if page is None:
            wrong = problems.NotAllowed(allowed=", ".join(sorted(self._pages)), method=method)
            await send_out(refusal(wrong, id_of(scope), []), scope, receive, send)
        else:
            await send_out(await self._site.answer(page, scope, receive), scope, receive, send)


def _says_token(visit: Visit) -> bool:
    """Whether a form says what this session's forms say. Without a session there is nothing to take advantage of."""
    return visit.visitor is None or sessions.same(visit.form.get("token", ""), visit.visitor.form_token)


#: For addresses that are secrets: nothing finds them, and no other site loads what is there.
_UNFOUND: Final = raw({"X-Robots-Tag": "noindex", "Cross-Origin-Resource-Policy": "same-origin"})


def _every(request_id: str, referrer: str = "same-origin") -> Headers:
    """The headers that every answer of a page has."""
    return raw(
        {
            "X-Request-Id": request_id,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": referrer,
            "Cross-Origin-Opener-Policy": "same-origin",
        }
    )
