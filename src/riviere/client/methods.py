"""Operations as methods: each is written once, as what it asks, and is a method of both clients.

    @asked
    def send_gift(self, gift: SendGift, *, key: str | None = None) -> Call[Gift]: ...

`Client().send_gift(gift)` is then a Gift, `AsyncClient().send_gift(gift)` a coroutine that answers one. Where a page is
asked for, `listed` makes both iterable; `followed` does so where a feed is.
"""

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from riviere.client.call import Answer, Call
from riviere.client.following import AsyncFeed, Feed
from riviere.client.sending import AsyncPages, AsyncSender, Pages, Sender
from riviere.wire.common import Page
from riviere.wire.feed import Frame

Asked = ParamSpec("Asked")
Item = TypeVar("Item")


class asked(Generic[Asked, Answer]):  # noqa: N801 - it is used as a decorator
    """Makes a method that describes a Call one that is answered."""

    def __init__(self, describe: Callable[Concatenate[Any, Asked], Call[Answer]]) -> None:
        self.describe = describe
        update_wrapper(self, describe)  # type: ignore[arg-type]

    @overload
    def __get__(self, client: None, of: type) -> Self: ...
    @overload
    def __get__(self, client: Sender, of: type) -> Callable[Asked, Answer]: ...
    @overload
    def __get__(self, client: AsyncSender, of: type) -> Callable[Asked, Coroutine[Any, Any, Answer]]: ...

    def __get__(self, client: Sender | AsyncSender | None, of: type) -> Any:
        if client is None:
            return self

        def ask(*given: Asked.args, **named: Asked.kwargs) -> Any:
            return client.do(self.describe(client, *given, **named))

        return update_wrapper(ask, self.describe)


class followed(Generic[Asked]):  # noqa: N801 - it is used as a decorator
    """Makes a method that describes the Call of a feed one that answers the feed."""

    def __init__(self, describe: Callable[Concatenate[Any, Asked], Call[Frame]]) -> None:
        self.describe = describe
        update_wrapper(self, describe)  # type: ignore[arg-type]

    @overload
    def __get__(self, client: None, of: type) -> Self: ...
    @overload
    def __get__(self, client: Sender, of: type) -> Callable[Asked, Feed]: ...
    @overload
    def __get__(self, client: AsyncSender, of: type) -> Callable[Asked, AsyncFeed]: ...

    def __get__(self, client: Sender | AsyncSender | None, of: type) -> Any:
        if client is None:
            return self

        def ask(*given: Asked.args, **named: Asked.kwargs) -> Any:
            call = self.describe(client, *given, **named)
            return Feed(client, call) if isinstance(client, Sender) else AsyncFeed(client, call)

        return update_wrapper(ask, self.describe)


class listed(Generic[Asked, Item]):  # noqa: N801 - it is used as a decorator
    """Makes a method that describes the Call of a page one that answers the whole list."""

    def __init__(self, describe: Callable[Concatenate[Any, Asked], Call[Page[Item]]]) -> None:
        self.describe = describe
        update_wrapper(self, describe)  # type: ignore[arg-type]

    @overload
    def __get__(self, client: None, of: type) -> Self: ...
    @overload
    def __get__(self, client: Sender, of: type) -> Callable[Asked, Pages[Item]]: ...
    @overload
    def __get__(self, client: AsyncSender, of: type) -> Callable[Asked, AsyncPages[Item]]: ...

    def __get__(self, client: Sender | AsyncSender | None, of: type) -> Any:
        if client is None:
            return self

        def ask(*given: Asked.args, **named: Asked.kwargs) -> Any:
            call = self.describe(client, *given, **named)
            return Pages(client, call) if isinstance(client, Sender) else AsyncPages(client, call)

        return update_wrapper(ask, self.describe)
