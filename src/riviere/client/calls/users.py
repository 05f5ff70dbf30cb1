"""People, and who the caller is."""

from riviere.client.call import Call, path
from riviere.client.methods import asked
from riviere.wire.users import ChangeUser, Me, RegisterUser, SignInLink, User


class UserCalls:
    """Users."""

    @asked
    def register_user(self, user: RegisterUser) -> Call[User]:
        """Register somebody by the platform's own id; one who is there already is refused (user_exists)."""
        return Call("POST", "/v1/users", User, user)

    @asked
    def get_user(self, user: str) -> Call[User]:
        """A user's level and region."""
        return Call("GET", path("/v1/users/{user}", user=user), User)

    @asked
    def change_user(self, user: str, change: ChangeUser) -> Call[User]:
        """Change a user's level, region or both."""
        return Call("PATCH", path("/v1/users/{user}", user=user), User, change)

    @asked
    def forget_user(self, user: str) -> Call[None]:
        """Erase who a user is, for good; what they did stays in the books and names nobody."""
        return Call("DELETE", path("/v1/users/{user}", user=user), type(None))

    @asked
    def get_me(self) -> Call[Me]:
        """Who this client's credentials are, and what they open."""
        return Call("GET", "/v1/me", Me)

    @asked
    def make_sign_in_link(self, user: str) -> Call[SignInLink]:
        """A link that signs a user in to the pages, once."""
        return Call("POST", path("/v1/users/{user}/sign-in-links", user=user), SignInLink)
