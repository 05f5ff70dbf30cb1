"""What a caller may do: scopes, the operators' roles, and what a user's token is good for. Pure.

This table is the only list of scopes: keys are checked against it, and the API's documents are made from it.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, cast

from riviere.errors import RiviereError
from riviere.money import shown

Scope = Literal[
    "users:read",
    "users:write",
    "identity:write",
    "wallets:read",
    "purchases:read",
    "purchases:write",
    "catalogue:read",
    "catalogue:write",
    "policies:read",
    "policies:write",
    "places:read",
    "places:write",
    "posters:write",
    "feed:read",
    "words:read",
    "words:write",
    "words:moderate",
    "questions:read",
    "questions:write",
    "announcements:read",
    "announcements:write",
    "boards:read",
    "boards:write",
    "overlays:read",
    "overlays:write",
    "gifts:read",
    "gifts:write",
    "gifts:reverse",
    "earnings:read",
    "earnings:all",
    "redemptions:read",
    "redemptions:write",
    "redemptions:review",
    "redemptions:all",
    "statements:read",
    "ledger:read",
    "webhooks:read",
    "webhooks:write",
    "keys:read",
    "keys:write",
    "sessions:write",
]

#: Every scope and what it allows, in one line.
SCOPES: Final[Mapping[Scope, str]] = MappingProxyType(
    {
        "users:read": "See users: level, region and standing.",
        "users:write": "Register users, change their level or region, and forget who they are.",
        "identity:write": "Say whether a user's identity is verified, and suspend or reinstate a user.",
        "wallets:read": "See balances of coins and diamonds, and the entries behind them.",
        "purchases:read": "See purchases of coins.",
        "purchases:write": "Buy coins for a user.",
        "catalogue:read": "See gifts and coin packs.",
        "catalogue:write": "Add, price and retire gifts and coin packs.",
        "policies:read": "See rates, fees, minimums and limits: past, in force and announced.",
        "policies:write": "Announce rates, fees, minimums and limits.",
        "places:read": "See streams and posts.",
        "places:write": "Start and end streams, and put up posts.",
        "posters:write": "Say what streams and posts are called, and which player shows them.",
        "feed:read": "Follow streams and creators live: who gives what, and what begins and ends.",
        "words:read": "See what was written and waits for review, word lists, and who is blocked.",
        "words:write": "Change word lists, approve, hide and report what was written, block and unblock viewers.",
        "words:moderate": "Change the platform's word list, and decide on reports.",
        "questions:read": "See what viewers ask in streams.",
        "questions:write": "Ask in a stream, add a voice to a question, and mark it as answered.",
        "announcements:read": "See coming streams, and what a viewer is to be reminded of.",
        "announcements:write": "Announce coming streams, change and cancel them, and ask to be reminded.",
        "boards:read": "See goals, supporters and contests.",
        "boards:write": "Open and close goals, invite to contests, and answer invitations.",
        "overlays:read": "See overlays and the code of widgets, never a secret address.",
        "overlays:write": "Make, change, test and revoke overlays, and replace their secret addresses.",
        "gifts:read": "See gifts and which purchases paid for them.",
        "gifts:write": "Send gifts.",
        "gifts:reverse": "Undo gifts: coins go back to who sent them, diamonds are owed by who got them.",
        "earnings:read": "See what a creator earned by gift, supporter, place and hour.",
        "earnings:all": "See what every creator earned.",
        "redemptions:read": "See quotes and redemptions with every step, and where a creator is paid.",
        "redemptions:write": "Quote, request and cancel redemptions, and set where a creator is paid.",
        "redemptions:review": "Approve and reject redemptions, and pay again what came back.",
        "redemptions:all": "See everybody's redemptions, by state, and how many wait for a person.",
        "statements:read": "See statements with their proofs.",
        "ledger:read": "See whether the books hold, and the signed heads.",
        "webhooks:read": "See webhook endpoints and what was delivered to them.",
        "webhooks:write": "Add, change and remove webhook endpoints, change their secrets, and send events again.",
        "keys:read": "See API keys, operators and token keys, never a secret.",
        "keys:write": "Make and revoke API keys, operators and token keys, none that opens more than one's own.",
        "sessions:write": "Make links that sign users in to the pages, once each.",
    }
)

EVERY: Final[frozenset[Scope]] = frozenset(SCOPES)
_EVERY_READ: Final = frozenset(scope for scope in SCOPES if scope.endswith(":read"))

#: What operators may do, by role. Who reviews redemptions neither asks for them nor says where they are paid.
ROLES: Final[Mapping[str, frozenset[Scope]]] = MappingProxyType(
    {
        "admin": EVERY,
        "finance": frozenset(
            {
                "users:read",
                "wallets:read",
                "purchases:read",
                "catalogue:read",
                "policies:read",
                "policies:write",
                "gifts:read",
                "earnings:read",
                "earnings:all",
                "redemptions:read",
                "redemptions:review",
                "redemptions:all",
                "statements:read",
                "ledger:read",
            }
        ),
        "trust": frozenset(
            {
                "users:read",
                "users:write",
                "identity:write",
                "wallets:read",
                "purchases:read",
                "catalogue:read",
                "policies:read",
                "places:read",
                "feed:read",
                "words:read",
                "words:write",
                "words:moderate",
                "questions:read",
                "announcements:read",
                "boards:read",
                "gifts:read",
                "gifts:reverse",
                "redemptions:read",
                "redemptions:all",
            }
        ),
        "auditor": _EVERY_READ | {"earnings:all", "redemptions:all"},
    }
)

#: What a user's token allows, and of what belongs to somebody only their own.
USER_SCOPES: Final[frozenset[Scope]] = frozenset(
    {
        "users:read",
        "wallets:read",
        "purchases:read",
        "purchases:write",
        "catalogue:read",
        "policies:read",
        "places:read",
        "posters:write",
        "feed:read",
        "words:read",
        "words:write",
        "questions:read",
        "questions:write",
        "announcements:read",
        "announcements:write",
        "boards:read",
        "boards:write",
        "overlays:read",
        "overlays:write",
        "gifts:read",
        "gifts:write",
        "earnings:read",
        "redemptions:read",
        "redemptions:write",
        "statements:read",
    }
)


class UnknownScope(RiviereError):
    """There is no scope {scope}; choose from {known}."""

    code = "unknown_scope"


class UnknownRole(RiviereError):
    """There is no role {role}; choose from {known}."""

    code = "unknown_role"


class BeyondGiver(RiviereError):
    """Nobody gives more than they have: these credentials have not the scope {scope}; leave it out, or ask an admin."""

    code = "beyond_giver"


def known(scopes: Iterable[str]) -> frozenset[Scope]:
    """`scopes`, if there are such. Raises UnknownScope for the first that there is not."""
    given = list(scopes)
    for scope in given:
        if scope not in EVERY:
            raise UnknownScope(scope=shown(scope), known=", ".join(SCOPES))
    return frozenset(cast("list[Scope]", given))


def of_role(role: str) -> frozenset[Scope]:
    """What an operator of this role may do. Raises UnknownRole."""
    if role not in ROLES:
        raise UnknownRole(role=shown(role), known=", ".join(ROLES))
    return ROLES[role]


def given(wanted: frozenset[Scope], giver: frozenset[Scope]) -> frozenset[Scope]:
    """`wanted`, if somebody with the scopes `giver` may hand out all of it. Raises BeyondGiver."""
    for scope in sorted(wanted - giver):
        raise BeyondGiver(scope=scope)
    return wanted


def of_token(claim: str | None) -> frozenset[Scope]:
    """What a user's token allows: its `scope` claim (words with spaces between) narrows USER_SCOPES, never widens."""
    return USER_SCOPES if claim is None else USER_SCOPES.intersection(claim.split())
