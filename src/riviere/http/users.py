"""Users over HTTP: registered, changed, forgotten; and who the caller is."""

from contextlib import suppress
from typing import Final

from msgspec import UNSET

from riviere import ids
from riviere.economy import checks, people
from riviere.http.operation import ANY, Call, operation
from riviere.wire.users import ChangeUser, Me, RegisterUser, User

_MIRA: Final = User(id="mira", level=7, region="NO", account="u_3f9k2m7q0x8wt")


@operation(
    "POST",
    "/v1/users",
    id="registerUser",
    tag="Users",
    scope="users:write",
    status=201,
    raises=(people.UserExists, checks.BadText),
    asked=RegisterUser(id="mira", level=7, region="NO"),
    answer=_MIRA,
)
def register_user(call: Call, body: RegisterUser) -> User:
    """Register somebody by the platform's own id.

    Viewers and creators are the same kind of user. A user who is there already is 409 and stays as they are.
    """
    with call.reading() as connection:
        added = people.register(
            connection, call.office.signer, body.id, level=body.level, region=body.region or "", now=call.now
        )
    return _user(added)


@operation(
    "GET",
    "/v1/users/{user}",
    id="getUser",
    tag="Users",
    scope="users:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=_MIRA,
)
def get_user(call: Call) -> User:
    """Get a user's level and region."""
    with call.reading() as connection:
        return _user(people.find(connection, call.path["user"]))


@operation(
    "PATCH",
    "/v1/users/{user}",
    id="changeUser",
    tag="Users",
    scope="users:write",
    owner="user",
    raises=(people.UnknownUser,),
    asked=ChangeUser(level=8),
    answer=User(id="mira", level=8, region="NO", account="u_3f9k2m7q0x8wt"),
)
def change_user(call: Call, body: ChangeUser) -> User:
    """Change a user's level, region or both.

    What is left out stays. It holds for the gifts that are sent from now on.
    """
    level = None if body.level is UNSET else body.level
    region = None if body.region is UNSET else body.region or ""
    with call.reading() as connection:
        changed = people.set_standing(
            connection, call.office.signer, call.path["user"], level=level, region=region, now=call.now
        )
    return _user(changed)


@operation(
    "DELETE",
    "/v1/users/{user}",
    id="forgetUser",
    tag="Users",
    scope="users:write",
    owner="user",
    status=204,
)
def forget_user(call: Call) -> None:
    """Forget who a user is, for good.

    Erased is the way from the platform's id to the account: nobody finds it any more, and what it did shows its
    random id (`account`) in place of a name. The entries stay, and so do its balances, for the books are never
    changed; what is left there can be spent and redeemed by nobody. The answer is the same whether or not there is
    such a user, so the request may be sent again. Who registers the same id later is somebody new.
    """
    with call.reading() as connection, suppress(people.UnknownUser):
        people.forget(connection, call.path["user"])


@operation(
    "GET",
    "/v1/me",
    id="getMe",
    tag="Access",
    scope=ANY,
    answer=Me(kind="backend", name="app", scopes=["gifts:write", "users:read"]),
)
async def get_me(call: Call) -> Me:
    """Get who these credentials are, and what they open."""
    caller = call.caller
    return Me(kind=caller.kind, name=caller.name, scopes=sorted(caller.scopes))


def _user(user: people.User) -> User:
    account = ids.shown("u", user.id)
    return User(id=user.external_id, level=user.level, region=user.region or None, account=account)
