"""Goals of creators."""

from riviere import ids
from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.common import Page
from riviere.wire.goals import Goal, GoalsQuery, OpenGoal


class GoalCalls:
    """Goals: so many diamonds, or so many pieces of one gift."""

    @asked
    def open_goal(self, creator: str, goal: OpenGoal, *, key: str | None = None) -> Call[Goal]:
        """Open a goal; the same key with the same goal answers it as it stands."""
        opening = path("/v1/users/{creator}/goals", creator=creator)
        return Call("POST", opening, Goal, goal, key=ids.new_key() if key is None else key)

    @listed
    def list_goals(self, creator: str, query: GoalsQuery | None = None) -> Call[Page[Goal]]:
        """A creator's goals, the latest first."""
        return Call("GET", path("/v1/users/{creator}/goals", creator=creator), Page[Goal], query=fields(query))

    @asked
    def get_goal(self, creator: str, goal: str) -> Call[Goal]:
        """A goal, as it stood within the last second."""
        return Call("GET", path("/v1/users/{creator}/goals/{id}", creator=creator, id=goal), Goal)

    @asked
    def close_goal(self, creator: str, goal: str) -> Call[Goal]:
        """Close a goal with what it has come to; one that is closed stays as it is."""
        closing = path("/v1/users/{creator}/goals/{id}/close", creator=creator, id=goal)
        return Call("POST", closing, Goal, once=True)
