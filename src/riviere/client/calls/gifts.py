"""Gifts: sent, looked at, undone."""

from typing import Final

from riviere import ids
from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.common import Page, Paged
from riviere.wire.gifts import BulkAnswer, BulkGift, Gift, Provenance, Reversal, SendGift, SentGift
from riviere.wire.redemptions import Because

#: Gifts of one bulk request: as many as the server has under way at once.
BATCH: Final = 2_000


class GiftCalls:
    """Gifts."""

    @asked
    def send_gift(self, gift: SendGift, *, key: str | None = None) -> Call[Gift]:
        """Send a gift to a creator's stream or post; it is answered when it is durable.

        Give a key of your own where you could come to send the same gift again, such as the id of the chat message that
        asked for it.
        """
        return Call("POST", "/v1/gifts", Gift, gift, key=ids.new_key() if key is None else key)

    @asked
    def get_gift(self, user: str, key: str) -> Call[SentGift]:
        """A gift by the key that it was sent under."""
        return Call("GET", path("/v1/users/{user}/gifts/{key}", user=user, key=key), SentGift)

    @listed
    def list_gifts(self, user: str, query: Paged | None = None) -> Call[Page[SentGift]]:
        """The gifts that a user sent, newest first."""
        return Call("GET", path("/v1/users/{user}/gifts", user=user), Page[SentGift], query=fields(query))

    @asked
    def reverse_gift(self, user: str, key: str) -> Call[Reversal]:
        """Undo a gift, whole; the second time it answers what the first did."""
        return Call("POST", path("/v1/users/{user}/gifts/{key}/reverse", user=user, key=key), Reversal, once=True)

    @asked
    def get_provenance(self, user: str, key: str) -> Call[Provenance]:
        """Which purchases paid for a gift, coin by coin."""
        return Call("GET", path("/v1/users/{user}/gifts/{key}/provenance", user=user, key=key), Provenance)

    @asked
    def get_entry_provenance(self, user: str, entry: str) -> Call[Provenance]:
        """Which purchases paid for a gift, by the gift's entry."""
        return Call("GET", path("/v1/users/{user}/entries/{id}/provenance", user=user, id=entry), Provenance)

    @asked
    def reverse_entry(self, user: str, entry: str, because: Because) -> Call[Reversal]:
        """Undo a gift by its entry, and keep why."""
        undoing = path("/v1/users/{user}/entries/{id}/reverse", user=user, id=entry)
        return Call("POST", undoing, Reversal, because, once=True)


def send_gifts(gifts: list[BulkGift]) -> Call[list[BulkAnswer]]:
    """Send gifts, a line each; each is answered by a line, in the same order, with what became of it."""
    return Call("POST", "/v1/gifts/bulk", list[BulkAnswer], list(gifts))
