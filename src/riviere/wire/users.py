"""Users on the wire, and who somebody's credentials say they are."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from riviere.wire.common import Instant, Name, Reply, Request

Level = Annotated[int, Meta(ge=0, le=1000, description="What gifts are unlocked by.", examples=[7])]
Region = Annotated[
    str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2; decides which gifts are sold.", examples=["NO"])
]


class RegisterUser(Request, frozen=True, kw_only=True):
    """Somebody new, viewer or creator or both."""

    id: Name
    level: Level = 0
    region: Annotated[Region | None, Meta(description="Null where it is not known.")] = None


class ChangeUser(Request, frozen=True, kw_only=True):
    """What changes; what is left out stays."""

    level: Level | UnsetType = UNSET
    region: Annotated[Region | None, Meta(description="Null where it is not known any more.")] | UnsetType = UNSET


class User(Reply, frozen=True, kw_only=True):
    """A viewer or creator."""

    id: Name
    level: Level
    region: Annotated[Region | None, Meta(description="Null where it is not known.")]
    account: Annotated[
        str,
        Meta(
            description="The random id that the books know them by; all that is left of them once they are forgotten.",
            examples=["u_3f9k2m7q0x8wt"],
        ),
    ]


class Me(Reply, frozen=True, kw_only=True):
    """Who is asking, as these credentials say."""

    kind: Annotated[Literal["backend", "operator", "user"], Meta(description="Whose credentials they are.")]
    name: Annotated[str, Meta(description="The API key's name, the operator's, or the user's id.", examples=["app"])]
    scopes: Annotated[list[str], Meta(description="What they open, in alphabetical order.", examples=[["gifts:write"]])]


class SignInLink(Reply, frozen=True, kw_only=True):
    """What signs a user in to the pages, once."""

    path: Annotated[str, Meta(description="Where to send their browser, on the server that has the pages.")]
    expires_at: Annotated[Instant, Meta(description="Until when it works.")]
