"""Short words for what happens to webhooks in a world: endpoints on this machine, events, and time that passes."""

from datetime import datetime, timedelta

from receiver import Receiver

from riviere import outbox
from riviere.webhooks import endpoints
from riviere.webhooks.delivery import deliver_due
from riviere.webhooks.dispatch import fan_out
from riviere.webhooks.gather import gather
from riviere.webhooks.model import Delivery
from world import World


class Office:
    """Sends what happens in a world. Its time is the world's."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connection = world.connection
        self.secrets: dict[str, str] = {}

    def endpoint(self, receiver: Receiver, *kinds: str, path: str = "") -> str:
        """A new endpoint at a receiver, for all kinds where none is named."""
        made, secret = endpoints.create(
            self.connection, receiver.url + path, kinds or ["*"], "", "ops", self.world.now, allow_local=True
        )
        self.secrets[made.id] = secret
        return made.id

    def tell(self, subject: str, *numbers: int, kind: str = "user.level") -> None:
        """Events of one subject, each with a number of its own in its data."""
        for number in numbers:
            with self.connection.transaction():
                outbox.put(self.connection, kind, subject, {"n": number}, self.world.now)

    def gather(self) -> None:
        """Reads the journal to its end, at a time when combos are still running."""
        while gather(self.connection, self.world.now):
            pass

    def send(self) -> int:
        """Fans out and sends what is due now; answers the number of tries."""
        fan_out(self.connection, self.world.now)
        return deliver_due(self.connection, self.world.now, allow_local=True)

    def later(self, passed: timedelta) -> int:
        """Lets time pass, and sends."""
        self.world.now += passed
        return self.send()

    def deliveries(self, endpoint: str, state: str | None = None) -> list[Delivery]:
        """What was or is to be delivered, oldest first."""
        return endpoints.deliveries(self.connection, endpoint, state=state)[::-1]

    def next_at(self, endpoint: str, subject: str) -> datetime:
        """When a lane is looked at next."""
        query = "SELECT next_at FROM lane WHERE endpoint = %s AND subject = %s"
        row = self.connection.execute(query, (endpoint, subject)).fetchone()
        assert row is not None
        return row[0]
