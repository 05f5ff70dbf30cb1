"""Users over HTTP: registered, changed, forgotten; and who the caller is."""

from contextlib import suppress
from typing import Final

from msgspec import UNSET

from riviere import ids
from riviere.access import scopes, sessions
from riviere.audience.forgetting import forget
from riviere.economy import checks, people
from riviere.http.operation import ANY, EXAMPLE_TIME, Call, operation
from riviere.wire.users import ChangeUser, Me, RegisterUser, SignInLink, User

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
    random id (`account`) in place of a name; what it wrote and wished is erased. The entries stay, and so do its
    balances, for the books are never changed; what is left there can be spent and redeemed by nobody. The answer is
    the same whether or not there is such a user, so the request may be sent again. Who registers the same id later is
    somebody new.
    """
    with call.reading() as connection, suppress(people.UnknownUser):
        forget(connection, call.path["user"], call.now)


@operation(
    "POST",
    "/v1/users/{user}/sign-in-links",
    id="makeSignInLink",
    tag="Users",
    scope="sessions:write",
    status=201,
    raises=(people.UnknownUser, scopes.BeyondGiver),
    answer=SignInLink(path="/claim/" + "3f" * 32, expires_at=EXAMPLE_TIME),
)
def make_sign_in_link(call: Call) -> SignInLink:
    """Make a link that signs a user in to the pages, once: send their browser there.

    Earlier links of theirs that nobody used stop working. Whoever makes one can be that user, so this needs every scope
    of a user's token besides.
    """
    scopes.given(scopes.USER_SCOPES, call.caller.scopes)
    with call.reading() as connection:
        secret = sessions.link_for_user(connection, call.path["user"], by=call.actor, now=call.now)
    return SignInLink(path=f"/claim/{secret}", expires_at=call.now + sessions.LINK_LASTS)


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
