"""Gifts over HTTP: sent, answered when it is durable; seen again; undone; and which purchases paid for it.

A gift comes here from `dispatch.py` as a SendGift and goes through `tray.py` to `economy/desk.py` as a GiftRequest;
what the ledger answers goes back as a Gift.
"""

from typing import Final
from uuid import UUID

from riviere import money
from riviere.clock import BadTime, FutureTime, instant
from riviere.database.connection import Connection, snapshot
from riviere.economy import catalogue, checks, gifts, people, places, policies, sent
from riviere.economy.catalogue import Catalogue
from riviere.economy.gifts import GiftRequest
from riviere.economy.sent import Position, Sent
from riviere.errors import RiviereError
from riviere.http import cursors
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.ids import BadKey, client_id, system_id
from riviere.ledger import refusals
from riviere.ledger.journal import legs, paid_by
from riviere.ledger.law import Route
from riviere.ledger.model import Booked, Receipt
from riviere.ledger.refusals import UnknownEntry
from riviere.wire.common import Page, Paged
from riviere.wire.gifts import Gift, Piece, Provenance, Reversal, SendGift, SentGift

#: What a gift may be refused for, wherever it is asked for.
REFUSALS: Final = (
    BadTime,
    FutureTime,
    catalogue.NotYetSold,
    catalogue.RetiredGift,
    catalogue.UnknownGift,
    checks.BadText,
    gifts.LockedByLevel,
    gifts.LockedByRegion,
    gifts.NotACombo,
    gifts.OnePlace,
    gifts.PaidCombo,
    refusals.GiftReversed,
    refusals.KeyReused,
    refusals.NotEnoughCoins,
    refusals.SelfGift,
    refusals.TooLarge,
    people.UnknownUser,
    places.StreamEnded,
    places.UnknownPlace,
    policies.NoPolicy,
)

_ASKED: Final = SendGift(sender="mira", creator="aurora", gift="comet", stream="live", message="bravo")
EXAMPLE: Final = Gift(
    key="8f14e45f-ea8b-4c1a-9d0e-6f3b2a1c7d55",
    id="f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11",
    sender="mira",
    creator="aurora",
    gift="comet",
    count=1,
    coins=299,
    diamonds="299",
    repeated=False,
    booked_at=EXAMPLE_TIME,
)


class NoSender(RiviereError):
    """Say who sends the gift: `sender` is missing, and only a user's own token may leave it out."""

    code = "no_sender"


@operation(
    "POST",
    "/v1/gifts",
    id="sendGift",
    tag="Gifts",
    scope="gifts:write",
    keyed=True,
    raises=(*REFUSALS, NoSender),
    asked=_ASKED,
    answer=EXAMPLE,
)
async def send_gift(call: Call, body: SendGift) -> Gift:
    """Send a gift to a creator's stream or post.

    It is answered when it is durable: the coins are gone from the sender's wallet, the diamonds are the creator's. The
    same key with the same body answers the same gift again, with `repeated` true, and moves nothing; with another body
    it is 422. A combo goes on under one key: each step states the count it has come to, and only what that adds is
    booked, at the price that the combo began with. Who sends an `anonymous` gift is told to no viewer; the creator's
    own statement and earnings, webhooks and operators still say who paid.
    """
    asked = request_of(call, body, call.key)
    return told(asked, await call.front.tray.send(asked))


def request_of(call: Call, body: SendGift, key: str) -> GiftRequest:
    """What is asked, in the domain's words. A user's token sends only that user's gifts: others are not there.

    Raises NoSender, UnknownUser and BadTime.
    """
    caller = call.caller
    sender = body.sender if body.sender is not None or caller.kind != "user" else caller.name
    if sender is None:
        raise NoSender
    if caller.kind == "user" and sender != caller.name:
        raise people.UnknownUser(user=sender)
    return GiftRequest(
        key=key,
        sender=sender,
        creator=body.creator,
        gift=body.gift,
        count=body.count,
        combo=body.combo,
        stream=body.stream,
        post=body.post,
        message=body.message,
        paid=body.paid,
        at=None if body.at is None else instant(body.at),
        anonymous=body.anonymous,
    )


def told(asked: GiftRequest, booked: Booked) -> Gift:
    """What came of it."""
    known = booked.known
    return Gift(
        key=asked.key,
        id=str(booked.id),
        sender=asked.sender,
        creator=asked.creator,
        gift=asked.gift,
        count=known.upto or known.count,
        coins=known.coins,
        diamonds=money.plain(known.diamonds, money.DIAMOND),
        repeated=booked.repeated,
        booked_at=known.booked_at,
    )


SENT: Final = SentGift(
    id=EXAMPLE.id,
    sender="mira",
    creator="aurora",
    gift="comet",
    count=1,
    coins=299,
    diamonds="299",
    stream="live",
    message="bravo",
    at=EXAMPLE_TIME,
    booked_at=EXAMPLE_TIME,
    reversed=False,
    anonymous=False,
    imported=False,
)


REVERSAL: Final = Reversal(
    id="0b5c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10",
    gift=EXAMPLE.id,
    sender="mira",
    creator="aurora",
    coins=279,
    bonus=20,
    diamonds="299",
    repeated=False,
    booked_at=EXAMPLE_TIME,
)
PIECE: Final = Piece(
    purchase="7d0c2f1e-54a0-4f55-8d0b-0f3f6e2c9b77",
    at=EXAMPLE_TIME,
    pack="starter",
    account="coins",
    first=402,
    last=700,
    coins=299,
)


@operation(
    "GET",
    "/v1/users/{user}/gifts/{key}",
    id="getGift",
    tag="Gifts",
    scope="gifts:read",
    owner="user",
    raises=(people.UnknownUser, UnknownEntry, BadKey),
    answer=SENT,
)
def get_gift(call: Call) -> SentGift:
    """Get a gift by the key that it was sent under.

    For a combo this is what all its steps have come to. The words beside it are there while they are kept.
    """
    with call.reading() as connection:
        owner, gift = _named(connection, call)
        try:
            return shown(call.path["user"], sent.find(connection, owner, gift))
        except UnknownEntry:
            raise _unknown(call) from None


@operation(
    "GET",
    "/v1/users/{user}/gifts",
    id="listGifts",
    tag="Gifts",
    scope="gifts:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=Page(data=[SENT], next=None),
)
def list_gifts(call: Call, query: Paged) -> Page[SentGift]:
    """List the gifts that a user sent, newest first.

    A combo lies where its first step does. A page may have fewer gifts than `limit` although there are more: `next`
    says.
    """
    before = cursors.read(query.cursor, Position)
    sender = call.path["user"]
    with call.reading() as connection:
        found, after = sent.listed(connection, people.find(connection, sender).id, before, query.limit)
    return Page(data=[shown(sender, gift) for gift in found], next=after and cursors.written(after))


@operation(
    "POST",
    "/v1/users/{user}/gifts/{key}/reverse",
    id="reverseGift",
    tag="Gifts",
    scope="gifts:reverse",
    owner="user",
    raises=(people.UnknownUser, UnknownEntry, BadKey, refusals.ImportedGift, refusals.TooLarge),
    answer=REVERSAL,
)
def reverse_gift(call: Call) -> Reversal:
    """Undo a gift, whole: its coins go back to the sender, its diamonds are owed by the creator.

    A combo is undone with all its steps and does not go on. It needs no key of its own: the second time it answers what
    the first did, with `repeated` true. No user's token can do it.
    """
    sender, office = call.path["user"], call.office
    with call.reading() as connection:
        try:
            receipt = gifts.reverse(connection, office.writer, sender, call.path["key"], call.now)
        except UnknownEntry:
            raise _unknown(call) from None
        return undone(connection, sender, receipt)


@operation(
    "GET",
    "/v1/users/{user}/gifts/{key}/provenance",
    id="getProvenance",
    tag="Gifts",
    scope="gifts:read",
    owner="user",
    raises=(people.UnknownUser, UnknownEntry, BadKey),
    answer=Provenance(
        gift=EXAMPLE.id,
        reversed=False,
        pieces=[PIECE],
    ),
)
def get_provenance(call: Call) -> Provenance:
    """Get which purchases paid for a gift, coin by coin.

    It is about the sender's money, so a creator's token cannot see it. `pieces` lie in the order in which the coins
    were spent; coins that came back from another gift are still those of the purchase that brought them.
    """
    with call.reading() as connection, snapshot(connection):
        owner, gift = _named(connection, call)
        try:
            return provenance(connection, owner, gift)
        except UnknownEntry:
            raise _unknown(call) from None


def undone(connection: Connection, sender: str, receipt: Receipt) -> Reversal:
    """What came of undoing a gift."""
    rows = legs(connection, receipt.owner, receipt.id)
    creator = rows[0].debit_user
    assert creator is not None, "a reversal is paid by the creator"
    return Reversal(
        id=str(receipt.id),
        gift=str(rows[0].cause),
        sender=sender,
        creator=people.names(connection, [creator])[creator],
        coins=sum(leg.credit_amount for leg in rows if leg.route == Route.GIFT_REVERSE),
        bonus=sum(leg.credit_amount for leg in rows if leg.route == Route.GIFT_REVERSE_BONUS),
        diamonds=money.plain(sum(leg.debit_amount for leg in rows), money.DIAMOND),
        repeated=receipt.repeated,
        booked_at=rows[0].booked_at,
    )


def provenance(connection: Connection, sender: int, gift: UUID) -> Provenance:
    """Which purchases paid for the gift that a user (our id) sent. Raises UnknownEntry."""
    paid = paid_by(connection, sender, gift)
    codes = {pack.id: pack.code for pack in Catalogue.load(connection).every_pack()}
    pieces = [
        Piece(
            purchase=str(part.purchase),
            at=part.at,
            pack=None if part.pack is None else codes[part.pack],
            account=part.account,
            first=part.first + 1,
            last=part.first + part.coins,
            coins=part.coins,
        )
        for part in paid
    ]
    gone = bool(legs(connection, sender, system_id("reverse", gift)))
    return Provenance(gift=str(gift), reversed=gone, pieces=pieces)


def _named(connection: Connection, call: Call) -> tuple[int, UUID]:
    """The sender by our id and the gift's entry, for the names in the path. Raises UnknownUser and BadKey."""
    return people.find(connection, call.path["user"]).id, client_id(call.path["key"])


def _unknown(call: Call) -> UnknownEntry:
    """Names the gift as the client did, by its key."""
    return UnknownEntry(what="gift", id=repr(call.path["key"]))


def shown(sender: str, gift: Sent) -> SentGift:
    """A gift as it is seen later."""
    return SentGift(
        id=str(gift.id),
        sender=sender,
        creator=gift.creator,
        gift=gift.code,
        count=gift.count,
        coins=gift.coins,
        diamonds=money.plain(gift.diamonds, money.DIAMOND),
        stream=gift.place if gift.kind == places.STREAM else None,
        post=gift.place if gift.kind == places.POST else None,
        message=gift.message,
        at=gift.at,
        booked_at=gift.booked_at,
        reversed=gift.reversed,
        anonymous=gift.anonymous,
        imported=gift.imported,
    )
