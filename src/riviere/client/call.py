"""One request as data: what is asked, under which key, and the shape of the answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, get_args
from urllib.parse import quote

import msgspec

from riviere import ids
from riviere.client.errors import UnsendableKey
from riviere.wire.common import Request

Answer = TypeVar("Answer")

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """A request. `key` is its idempotency key where it moves value; `reply` is the shape of the answer.

    A body that is a list is sent as lines, each with a key of its own, and answered in lines. `once` says that the
    second time it does nothing more, although it has no key.
    """

    method: str
    path: str
    reply: type[Answer]
    body: Request | list[Any] | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    once: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return self.once or self.key is not None or self.method != "POST" or isinstance(self.body, list)

    def headers(self) -> dict[str, str]:
        """The headers that belong to this request. Raises UnsendableKey."""
        headers = {} if self.key is None else {"Idempotency-Key": _sendable(self.key)}
        if self.body is not None:
            headers["Content-Type"] = NDJSON if isinstance(self.body, list) else JSON
        return headers

    def content(self) -> bytes | None:
        """The body as it is sent."""
        if self.body is None:
            return None
        return _ENCODER.encode_lines(self.body) if isinstance(self.body, list) else _ENCODER.encode(self.body)

    def decoded(self, content: bytes) -> Answer:
        """The answer. Raises ValueError where it has another shape."""
        if self.reply is type(None) or self.reply is str:
            return content.decode() if self.reply is str else None  # type: ignore[return-value]
        if isinstance(self.body, list):
            return _lines_of(self.reply).decode_lines(content)  # type: ignore[return-value]
        return msgspec.json.decode(content, type=self.reply)


def _sendable(key: str) -> str:
    if key.isascii() and key.isprintable() and key == key.strip() and 0 < len(key) <= ids.LONGEST_KEY:
        return key
    raise UnsendableKey(got=repr(key)[:60])


_ENCODER: Final = msgspec.json.Encoder()


def _lines_of(reply: Any) -> msgspec.json.Decoder[Any]:
    """What reads the lines of a list."""
    return msgspec.json.Decoder(get_args(reply)[0])


def path(template: str, **names: str) -> str:
    """The path with names in it; whatever a name has in it, it stays one part of the path."""
    return template.format(**{name: quote(text, safe="") for name, text in names.items()})


def fields(query: Request | None) -> dict[str, Any]:
    """A query as names and values, without what is not asked."""
    return (
        {}
        if query is None
        else {name: value for name, value in msgspec.to_builtins(query).items() if value is not None}
    )
