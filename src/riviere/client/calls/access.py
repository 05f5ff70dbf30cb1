"""Credentials: API keys, operators, and the keys that sign users' tokens."""

from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.access import (
    AddOperator,
    ApiKey,
    ChangeOperator,
    MakeKey,
    NewKey,
    Operator,
    OperatorChange,
    RegisterTokenKey,
    RetireTokenKey,
    TokenKey,
)
from riviere.wire.common import Page, Paged
from riviere.wire.users import SignInLink


class AccessCalls:
    """Who may use the API."""

    @asked
    def make_key(self, key: MakeKey) -> Call[NewKey]:
        """Make an API key; `secret` is in this answer and never again."""
        return Call("POST", "/v1/keys", NewKey, key)

    @listed
    def list_keys(self, query: Paged | None = None) -> Call[Page[ApiKey]]:
        """Every API key ever made, oldest first."""
        return Call("GET", "/v1/keys", Page[ApiKey], query=fields(query))

    @asked
    def revoke_key(self, key: str) -> Call[ApiKey]:
        """Revoke an API key for good, by the beginning of its text: rvk_ and 13 characters."""
        return Call("DELETE", path("/v1/keys/{id}", id=key), ApiKey)

    @asked
    def add_operator(self, operator: AddOperator) -> Call[Operator]:
        """Add somebody who runs the platform; they can do nothing until a key is made for them."""
        return Call("POST", "/v1/operators", Operator, operator)

    @listed
    def list_operators(self, query: Paged | None = None) -> Call[Page[Operator]]:
        """Every operator by name, the disabled ones too."""
        return Call("GET", "/v1/operators", Page[Operator], query=fields(query))

    @asked
    def change_operator(self, name: str, change: ChangeOperator) -> Call[Operator]:
        """Give an operator another role."""
        return Call("PATCH", path("/v1/operators/{name}", name=name), Operator, change)

    @asked
    def disable_operator(self, name: str) -> Call[Operator]:
        """Disable an operator for good."""
        return Call("DELETE", path("/v1/operators/{name}", name=name), Operator)

    @asked
    def make_operator_link(self, name: str) -> Call[SignInLink]:
        """A link that signs an operator in to the pages, once."""
        return Call("POST", path("/v1/operators/{name}/sign-in-links", name=name), SignInLink)

    @listed
    def list_operator_changes(self, name: str) -> Call[Page[OperatorChange]]:
        """All that was ever decided about an operator, oldest first, and by whom."""
        return Call("GET", path("/v1/operators/{name}/changes", name=name), Page[OperatorChange])

    @asked
    def register_token_key(self, key: RegisterTokenKey) -> Call[TokenKey]:
        """Take users' tokens that are signed with a key from now on; this is its public half."""
        return Call("POST", "/v1/token-keys", TokenKey, key)

    @listed
    def list_token_keys(self, query: Paged | None = None) -> Call[Page[TokenKey]]:
        """Every key that users' tokens were ever signed with, oldest first."""
        return Call("GET", "/v1/token-keys", Page[TokenKey], query=fields(query))

    @asked
    def retire_token_key(self, kid: str, retire: RetireTokenKey) -> Call[TokenKey]:
        """Take no token of a key any more, from now or from some time on."""
        return Call("POST", path("/v1/token-keys/{kid}/retire", kid=kid), TokenKey, retire)
