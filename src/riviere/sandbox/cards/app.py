"""The stand-in as an aiohttp application: ours in front of localstripe's.

Reads a call, finds out who asks, answers it from what is kept, from our routes or from localstripe's, keeps the answer,
and only then writes it, or fails to as a test wants it.
"""

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from riviere import clock
from riviere.sandbox.cards import control, intents, keys
from riviere.sandbox.cards.answers import Answer, Wrong, nowhere, stranger
from riviere.sandbox.cards.behind import Behind
from riviere.sandbox.cards.call import API_VERSION, Call, new_id
from riviere.sandbox.cards.form import Form, pairs, tree
from riviere.sandbox.cards.routes import Route, expanded, route
from riviere.sandbox.cards.store import Asked, Fault, Store
from riviere.sandbox.cards.webhooks import Webhooks

Said = list[tuple[str, str]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: What a page loads in place of https://js.stripe.com/v3/.
_SCRIPT: Final = resources.files("riviere.sandbox.cards").joinpath("stripe.js").read_text("utf-8")
_PAGE: Final = "<!doctype html><title>Upstream</title><p>This is no JSON."
#: What localstripe is not asked about.
_OURS: Final = frozenset(["payment_intents", "charges", "refunds", "disputes", "balance", "payouts", "events"])
#: Faults that leave undone what was asked, and those whose caller hears nothing.
_UNDONE: Final = ("error", "dropped", "nonsense")
_UNHEARD: Final = ("dropped", "lost")
#: Faults of an endpoint, which an answer that is kept does not reach.
_OF_ENDPOINTS: Final = ("error", "failed")


class Keys(msgspec.Struct, frozen=True):
    """The account's two keys: the secret one of its servers, the publishable one of its pages."""

    secret: str
    publishable: str


class Front:
    """What stands in front: the account with its keys, its store and its webhooks."""

    def __init__(self, store: Store, account: Keys) -> None:
        self.store = store
        self.webhooks = Webhooks(store)
        self.behind = Behind(store)
        self._account = account
        self._running: set[str | None] = set()
        self._no_longer_late = asyncio.Event()

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """One request."""
        if request.path == "/js.stripe.com/v3/":
            return web.Response(text=_SCRIPT, content_type="text/javascript")
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        call = Call(self.store, self._now(), new_id("req"), key or None)
        try:
            body = (await request.read()).decode()
            if request.path.startswith("/_sandbox/"):
                self._is_ours(request, [], None)
                what = msgspec.json.decode(body) if body else {}
                steps = request.path.removeprefix("/_sandbox/").split("/")
                answer = await control.steer(call, self.webhooks, request.method, steps, what)
                if steps == ["faults", "end"]:
                    self._no_longer_late.set()
                    self._no_longer_late = asyncio.Event()
                return _written(call, answer, request)
            said = pairs(request.query_string) + (pairs(body) if request.method == "POST" else [])
            return await self._asked(call, request, handler, said)
        except (UnicodeDecodeError, msgspec.DecodeError):
            return _written(call, Wrong(400, "invalid_request_error", "The body cannot be read.").answer, request)
        except Wrong as wrong:
            return _written(call, wrong.answer, request)

    async def _asked(self, call: Call, request: web.Request, handler: Handler, said: Said) -> web.StreamResponse:
        """A call of Stripe's API: noted, guarded by its key, answered, or not, as a test wants it."""
        found = route(request.method, request.path)
        operation = found.name if found else f"{request.method} {request.path}"
        asked = Asked(str(call.request), operation, request.method, request.path, call.key, False, None)
        with self.store.transaction():
            self.store.put(asked)
        self._is_ours(request, said, found)
        if call.key in self._running:
            raise keys.Conflict(str(call.key))
        digest = keys.digest(request.method, request.path, said)
        kept = keys.kept(call, digest)
        with self.store.transaction():
            fault = control.fault_of(self.store, operation, _OF_ENDPOINTS if kept else ())
        with self._running_alone(call.key):
            try:
                if kept:
                    answer = Answer(kept.status, kept.body)
                elif fault and fault.kind in _UNDONE:
                    answer = self._undone(call, digest, fault)
                elif found:
                    answer = self._worked(call, request, said, found, digest, fault)
                else:
                    answer = await self._passed_on(call, request, handler, digest)
            except Wrong as wrong:
                answer = wrong.answer
            asked.status = None if fault and fault.kind in _UNHEARD else answer.status
            asked.replayed = kept is not None
            with self.store.transaction():
                self.store.put(asked)
            self.webhooks.wake()
            if fault and fault.kind == "late":
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._no_longer_late.wait(), fault.milliseconds / 1000)
        if fault and fault.kind in _UNHEARD and request.transport is not None:
            request.transport.close()
        if fault and fault.kind == "nonsense":
            return web.Response(text=_PAGE, content_type="text/html")
        return _written(call, answer, request, kept.request if kept else None)

    def _worked(
        self, call: Call, request: web.Request, said: Said, found: Route, digest: str, fault: Fault | None
    ) -> Answer:
        """Does what is asked, and keeps the answer with it, all or nothing."""
        form = Form(tree([(name, value) for name, value in said if name != "key"]))
        by_page = self._key(request, said) == self._account.publishable
        try:
            with self.store.transaction():
                expand = form.texts("expand") or []
                answer = found.handler(call, self.behind, found.id, form)
                answer = Answer(answer.status, expanded(call, answer.body, expand))
                if by_page:
                    answer = intents.seen_by_page(answer)
                if fault and fault.kind == "failed":
                    answer = _broken(fault)
                self.behind.keep()
                keys.keep(call, digest, answer)
        except Wrong as wrong:
            if wrong.began:
                with self.store.transaction():
                    keys.keep(call, digest, wrong.answer)
            raise
        return answer

    async def _passed_on(self, call: Call, request: web.Request, handler: Handler, digest: str) -> Answer:
        """What localstripe answers, but of things that are ours: it would have others of that name."""
        if not _OURS.isdisjoint(request.path.split("/")[2:3]):
            raise nowhere(request.method, request.path)
        try:
            told = await handler(request)
        except web.HTTPException:
            raise nowhere(request.method, request.path) from None
        assert isinstance(told, web.Response), "localstripe answers with whole bodies"
        answer = Answer(told.status, msgspec.json.decode(told.text or "{}"))
        with self.store.transaction():
            self.behind.keep()
            keys.keep(call, digest, answer)
        return answer

    def _undone(self, call: Call, digest: str, fault: Fault) -> Answer:
        """An answer that says nothing of what was asked; a server's own error is kept as any other."""
        answer = _broken(fault)
        if fault.kind == "error" and fault.status >= 500:
            with self.store.transaction():
                keys.keep(call, digest, answer)
        return answer

    @contextmanager
    def _running_alone(self, key: str | None) -> Iterator[None]:
        self._running |= {key} - {None}
        try:
            yield
        finally:
            self._running.discard(key)

    def _is_ours(self, request: web.Request, said: Said, found: Route | None) -> None:
        key = self._key(request, said)
        if key is not None and hmac.compare_digest(key.encode(), self._account.secret.encode()):
            return
        if key != self._account.publishable or found is None or not found.open:
            raise stranger(key)
        made = self.store.object("payment_intent", found.id)
        if made is None or dict(said).get("client_secret") != made["client_secret"]:
            raise stranger(key)

    def _key(self, request: web.Request, said: Said) -> str | None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return given
        if kind.lower() == "basic":
            with suppress(ValueError):
                return base64.b64decode(given, validate=True).decode().partition(":")[0]
        return dict(said).get("key")

    def _now(self) -> int:
        return int(clock.now().timestamp()) + self.store.steered().ahead


def create(path: Path, account: Keys, endpoints: list[tuple[str, str]]) -> web.Application:
    """The application whose state is the SQLite file at `path`. `endpoints` are addresses and secrets for webhooks."""
    store = Store(path)
    with store.transaction():
        for url, secret in endpoints:
            control.put_endpoint(store, url, secret, ["*"])
    front = Front(store, account)

    @web.middleware
    async def in_front(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await front.answer(request, handler)

    async def sending(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(front.webhooks.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        store.close()

    made = front.behind.application()
    made.middlewares.insert(0, in_front)
    made.cleanup_ctx.append(sending)
    return made


def _broken(fault: Fault) -> Answer:
    said: dict[str, Any] = {"type": "api_error", "message": "An error occurred while processing your request."}
    if fault.status == 429:
        message = "Request rate limit exceeded."
        said = {"type": "invalid_request_error", "code": "rate_limit", "message": message}
    return Answer(fault.status, {"error": said})


def _written(call: Call, answer: Answer, request: web.Request, first: str | None = None) -> web.Response:
    headers = {
        "request-id": str(call.request),
        "stripe-version": request.headers.get("stripe-version", API_VERSION),
        "access-control-allow-origin": "*",
    }
    if call.key is not None:
        headers["idempotency-key"] = call.key
    if first is not None:
        headers |= {"idempotent-replayed": "true", "original-request": first}
    body = msgspec.json.encode(answer.body)
    return web.Response(status=answer.status, body=body, content_type="application/json", headers=headers)
