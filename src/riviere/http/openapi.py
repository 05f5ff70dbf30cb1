"""The OpenAPI 3.1 document, made from the table of operations and the shapes of riviere.wire."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final, get_args, get_origin

import msgspec

from riviere import __version__
from riviere.access.errors import UNAUTHORIZED
from riviere.access.scopes import SCOPES
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.http.operation import ANY, Operation, Signed
from riviere.http.problems import PROBLEM
from riviere.ids import BadKey
from riviere.wire.common import Problem

_SCHEMAS: Final = "#/components/schemas/{name}"

#: What each group of operations is about.
TAGS: Final = {
    "Gifts": "Send gifts, see what paid for them, undo them.",
    "Users": "The people of the platform, viewers and creators alike, under the platform's own ids.",
    "Wallets": "Balances, the entries behind them, and statements that anyone can check.",
    "Purchases": "Coins bought in packs, by card through a checkout; and what the card processor tells.",
    "Streams and posts": "Where gifts land.",
    "Live": "What happens in streams and around creators, as it happens.",
    "Words": "What people write: word lists, reviews, reports and blocks.",
    "Questions": "What viewers ask in a stream.",
    "Announcements": "Coming streams, and who wants to be reminded of them.",
    "Boards": "Goals, top supporters, and contests between creators.",
    "Overlays": "Widgets for broadcasting software, each at a secret address of its own.",
    "Catalogue": "Gifts and coin packs, with dated prices.",
    "Policies": "Rates, fees, minimums and limits, dated and announced.",
    "Earnings": "What gifts brought a creator.",
    "Redemptions": "From diamonds to money, step by step.",
    "Webhooks": "Events sent to the platform's own servers.",
    "Access": "API keys, operators, and the keys that sign users' tokens.",
    "Server": "Health, readiness, figures, and whether the books hold.",
}

_ABOUT: Final = """\
The gifting economy of a live platform: viewers buy coins and send gifts, gifts become diamonds for creators, creators
redeem diamonds for money.

**Who asks.** `Authorization: Bearer` and an API key (a back end, or an operator with a role), or a user's own token: a
JWT that the platform signs, good for that user's own objects only. What belongs to somebody else is not there (404).

**Doing things once.** What moves value takes an `Idempotency-Key`. It belongs to the acting user and is kept for ever:
the same key with the same body answers the first result again, with another body it is 422. Only what was accepted is
kept: what was refused moved nothing, and may be tried again with the same key.

**Problems** are RFC 9457 documents with a stable `type`. **Lists** have a `next` cursor. **Quotas** are told in the
`RateLimit` headers. Every answer has an `X-Request-Id`.
"""

#: What an operation may be answered with whatever it does.
_ALWAYS: Final = (problems.Busy, problems.Internal)
_KNOWN: Final = (*UNAUTHORIZED, problems.TooManyRequests)
_WITH_BODY: Final = (
    problems.MalformedBody,
    problems.InvalidBody,
    problems.BodyTooLarge,
    problems.TooSlow,
    problems.WrongContentType,
)
#: What is answered where no operation is.
ELSEWHERE: Final[tuple[type[RiviereError], ...]] = (
    problems.NotFound,
    problems.NotAllowed,
    problems.MalformedRequest,
    problems.HeadTooLarge,
)
_WITH_KEY: Final = (problems.MissingKey, problems.StillRunning)


#: A body whose sender says what is in it.
_SIGNED: Final = {
    "type": "object",
    "description": "As its sender made and signed it: with the header Stripe-Signature.",
}


class _Shapes:
    """The JSON Schemas of every shape, named once for all of them."""

    def __init__(self, shapes: Iterable[Any]) -> None:
        wanted = list(dict.fromkeys(_line_of(shape) for shape in shapes if shape not in (None, Signed)))
        schemas, components = msgspec.json.schema_components([*wanted, Problem], ref_template=_SCHEMAS)
        self._schemas = dict(zip([*wanted, Problem], schemas, strict=True)) | {Signed: _SIGNED}
        self.components: Final = {name: _spelt_out(schema) for name, schema in components.items()}

    def of(self, shape: Any) -> dict[str, Any]:
        """The schema of a shape; for a body of lines that of one of them."""
        return self._schemas[_line_of(shape)]


def _line_of(shape: Any) -> Any:
    return get_args(shape)[0] if get_origin(shape) is AsyncIterator else shape


def _spelt_out(schema: Any) -> Any:
    """The schema without `"items": false`, which is right (nothing after these) but which few tools expect."""
    if isinstance(schema, dict):
        return {
            name: {"not": {}} if name == "items" and part is False else _spelt_out(part)
            for name, part in schema.items()
        }
    return [_spelt_out(part) for part in schema] if isinstance(schema, list) else schema


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document, ready to be encoded."""
    shapes = _Shapes([shape for operation in operations for shape in (operation.body, operation.reply)])
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in operations:
        paths[operation.path][operation.method.lower()] = _operation(operation, shapes)
    used = {operation.tag for operation in operations}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Riviere",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "contact": {"name": "The operator of this server"},
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items() if name in used],
        "paths": dict(paths),
        "components": {
            "schemas": dict(sorted(shapes.components.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a user's token (JWT)."}
            },
        },
    }


def conditions(operation: Operation) -> list[type[RiviereError]]:
    """Every error that an operation may answer with."""
    found = [*operation.raises, *_ALWAYS]
    if operation.scope is not None:
        found += _KNOWN
    if operation.scope not in (None, ANY):
        found.append(problems.ScopeTooSmall)
    if operation.body is not None:
        found += _WITH_BODY
    if operation.keyed:
        found += (*_WITH_KEY, BadKey)
    found.append(problems.InvalidQuery)
    if "{" in operation.path:
        found.append(problems.NotFound)
    return list(dict.fromkeys(found))


def _operation(operation: Operation, shapes: _Shapes) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": _description(operation),
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_headers(operation)],
        "responses": {**_successes(operation, shapes), **_problems(conditions(operation))},
        "security": [{"bearer": []}] if operation.scope else [],
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {operation.takes: _content(shapes.of(operation.body), operation.asked)},
        }
    return described


def _description(operation: Operation) -> str:
    about = operation.description
    if operation.scope is None:
        return about + "\n\nAnybody may ask."
    if operation.scope == ANY:
        return about + "\n\nAny credentials will do."
    return f"{about}\n\nScope `{operation.scope}`: {SCOPES[operation.scope]}"


def _content(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    shown = msgspec.to_builtins(example)
    return {"schema": schema, "examples": {"usual": {"summary": "As it usually is", "value": shown}}}


def _successes(operation: Operation, shapes: _Shapes) -> dict[str, Any]:
    done = "Done." if operation.reply is not None else "Done; there is no body."
    described: dict[str, Any] = {str(operation.status): {"description": done}}
    if operation.again is not None:
        described[str(operation.again)] = {"description": "It stood before; nothing has changed."}
    if operation.reply is not None:
        for response in described.values():
            response["content"] = {operation.gives: _content(shapes.of(operation.reply), operation.answer)}
    return described


def _problems(found: Iterable[type[RiviereError]]) -> dict[str, Any]:
    """The problems by status, each named in the description and one of them shown."""
    by_status: dict[int, list[type[RiviereError]]] = defaultdict(list)
    for condition in found:
        by_status[problems.status_of(condition)].append(condition)
    return {
        str(status): {
            "description": "\n".join(f"- `{one.code}`: {problems.explained(one)['detail']}" for one in same),
            "content": {PROBLEM: {"schema": {"$ref": _SCHEMAS.format(name="Problem")}, "examples": _shown(same)}},
        }
        for status, same in sorted(by_status.items())
    }


def _shown(conditions: Iterable[type[RiviereError]]) -> dict[str, Any]:
    return {
        condition.code: {
            "summary": problems.title_of(condition),
            "value": problems.explained(condition)
            | {"type": f"/problems/{condition.code}", "request_id": "r_0000000000000", "facts": {}},
        }
        for condition in conditions
    }


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_WORDS[name],
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "example": _PATH_EXAMPLES.get(name, name),
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]


_PATH_WORDS: Final = {
    "user": "The platform's own id of the user.",
    "key": "The idempotency key that it was sent under.",
    "id": "The id that Riviere gave it.",
    "code": "A code of the catalogue.",
    "stream": "The platform's own id of the stream.",
    "post": "The platform's own id of the post.",
    "creator": "The platform's own id of the creator.",
    "supporter": "The platform's own id of the supporter.",
    "name": "Its name.",
    "event": "The event's id.",
    "viewer": "The platform's own id of the viewer.",
    "kid": "The id of the key.",
    "account": "The kind of account, as the list of entries names it.",
    "seq": "The number of the line in that account.",
}
_PATH_EXAMPLES: Final = {
    "account": "diamonds",
    "seq": "12",
    "user": "mira",
    "creator": "aurora",
    "viewer": "mira",
    "supporter": "mira",
    "code": "rose",
    "stream": "live",
    "post": "welcome",
}


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    _, components = msgspec.json.schema_components([operation.query], ref_template=_SCHEMAS)
    shape = components[operation.query.__name__]
    required = shape.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": _words(schema) or name,
            "schema": {part: value for part, value in schema.items() if part != "description"},
        }
        for name, schema in shape["properties"].items()
    ]


def _words(schema: dict[str, Any]) -> str:
    inner = [part.get("description", "") for part in schema.get("anyOf", [])]
    return str(schema.get("description", "") or next(filter(None, inner), ""))


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if not operation.keyed:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "A text of the client's own, new for each new request; kept for ever.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "example": "8f14e45f-ea8b-4c1a-9d0e-6f3b2a1c7d55",
        }
    ]
