"""Who does something in their own name, where a back end may speak for anybody and a user for themselves alone."""

from riviere.economy import people
from riviere.errors import RiviereError
from riviere.http.operation import Call


class NoActor(RiviereError):
    """Say who does this: `{field}` is missing, and only a user's own token may leave it out."""

    code = "no_actor"


def acting(call: Call, named: str | None, field: str) -> str:
    """The user who acts: named by a back end in `field`, or whose token it is: to them all others are not there.

    Raises NoActor and UnknownUser.
    """
    caller = call.caller
    name = caller.name if caller.kind == "user" and named is None else named
    if name is None:
        raise NoActor(field=field)
    if caller.kind == "user" and name != caller.name:
        raise people.UnknownUser(user=name)
    return name
