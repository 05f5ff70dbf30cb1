"""The client knows every operation of the API: the same name, method, path, shapes and key."""

import inspect
import re
from typing import Any, get_args

import msgspec
import pytest

from riviere.client import AsyncClient, Client
from riviere.client.calls.gifts import send_gifts
from riviere.client.methods import asked, followed, listed
from riviere.http import app
from riviere.http.operation import EXAMPLE_TIME, NDJSON, Operation, Signed
from riviere.http.operation import OPERATIONS as EVERY
from riviere.wire.common import Page
from riviere.wire.feed import EVENT_STREAM

assert app.AREAS, "importing the application fills the table"


def named(operation: Operation) -> str:
    """The method's name: sendGift is send_gift."""
    return re.sub("(?<!^)([A-Z])", r"_\1", operation.id).lower()


#: What a processor calls and signs is not for clients to ask.
OPERATIONS = [operation for operation in EVERY if operation.body is not Signed]
METHODS = {name: each for name, each in inspect.getmembers(Client) if isinstance(each, asked | listed | followed)}


def test_there_is_a_method_for_each_operation_and_no_other() -> None:
    operations = {named(operation) for operation in OPERATIONS if operation.takes != NDJSON}
    assert set(METHODS) == operations
    assert {named(operation) for operation in OPERATIONS if operation.takes == NDJSON} == {"send_gifts"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_a_method_asks_what_the_operation_takes(operation: Operation) -> None:
    if operation.takes == NDJSON:
        call: Any = send_gifts([operation.asked])
        assert get_args(call.reply) == get_args(operation.reply)
    else:
        call = described(operation)
        reply = type(None) if operation.reply is None else operation.reply
        assert call.reply == (get_args(reply)[0] if operation.gives == EVENT_STREAM else reply)
        assert (call.body is None) == (operation.body is None)
    places = dict.fromkeys(re.findall(r"{(\w+)}", operation.path), "a%2Fb%20%3F")
    assert (call.method, call.path) == (operation.method, operation.path.format(**places))
    assert (call.key is not None) == operation.keyed
    assert call.headers().get("Content-Type") == (operation.takes if operation.body else None)


def described(operation: Operation) -> Any:
    """The call of a method: every name of the path is "a/b ?", body and query are what the operation takes."""
    method = METHODS[named(operation)]
    assert isinstance(method, followed) == (operation.gives == EVENT_STREAM)
    assert isinstance(method, listed) == (getattr(operation.reply, "__origin__", None) is Page)
    parameters = list(inspect.signature(method.describe, eval_str=True).parameters.values())[1:]
    names = ["a/b ?" for _ in re.findall(r"{(\w+)}", operation.path)]
    assert all(parameter.annotation is str for parameter in parameters[: len(names)])
    rest = parameters[len(names) :]
    given: list[Any] = []
    if operation.body is not None:
        assert rest.pop(0).annotation is operation.body
        given.append(operation.asked)
    if operation.query is not None:
        query = rest.pop(0)
        needed = [field.name for field in msgspec.structs.fields(operation.query) if field.required]
        assert query.annotation == (operation.query if needed else operation.query | None)
        given.append(operation.query(**dict.fromkeys(needed, EXAMPLE_TIME)))
    assert [parameter.name for parameter in rest] == ["key"] * operation.keyed
    return method.describe(None, *names, *given)


def test_both_clients_have_the_same_methods() -> None:
    public = [{name for name in dir(client) if not name.startswith("_")} for client in (Client, AsyncClient)]
    assert public[0] == public[1]
