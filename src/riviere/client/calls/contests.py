"""Contests between two creators."""

from riviere import ids
from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.common import Page, Paged
from riviere.wire.contests import Contest, InviteToContest


class ContestCalls:
    """Contests: invited to, answered, followed."""

    @asked
    def invite_to_contest(self, creator: str, contest: InviteToContest, *, key: str | None = None) -> Call[Contest]:
        """Invite another creator; the same key with the same contest answers it as it stands."""
        inviting = path("/v1/users/{creator}/contests", creator=creator)
        return Call("POST", inviting, Contest, contest, key=ids.new_key() if key is None else key)

    @listed
    def list_contests(self, creator: str, query: Paged | None = None) -> Call[Page[Contest]]:
        """A creator's contests, the latest first."""
        return Call("GET", path("/v1/users/{creator}/contests", creator=creator), Page[Contest], query=fields(query))

    @asked
    def get_contest(self, creator: str, contest: str) -> Call[Contest]:
        """A contest, as it stood within the last second."""
        return Call("GET", path("/v1/users/{creator}/contests/{id}", creator=creator, id=contest), Contest)

    @asked
    def accept_contest(self, creator: str, contest: str) -> Call[Contest]:
        """Accept an invitation, before the start."""
        answering = path("/v1/users/{creator}/contests/{id}/accept", creator=creator, id=contest)
        return Call("POST", answering, Contest, once=True)

    @asked
    def decline_contest(self, creator: str, contest: str) -> Call[Contest]:
        """Decline an invitation, before the start."""
        answering = path("/v1/users/{creator}/contests/{id}/decline", creator=creator, id=contest)
        return Call("POST", answering, Contest, once=True)

    @asked
    def cancel_contest(self, creator: str, contest: str) -> Call[Contest]:
        """Call a contest off, before the start."""
        calling_off = path("/v1/users/{creator}/contests/{id}/cancel", creator=creator, id=contest)
        return Call("POST", calling_off, Contest, once=True)
