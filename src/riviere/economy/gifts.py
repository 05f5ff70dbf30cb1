"""Gifts: from what a platform asks, in its own ids, to an order that the ledger can decide.

A gift comes here from a face of Riviere or a script of its users; the order goes to ledger/writer.py. Everything that
a gift may be refused for is checked here, but for the viewer's balance, which the ledger alone knows.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from riviere import money
from riviere.clock import happened, parse
from riviere.database.connection import Connection
from riviere.economy import checks, people, places, policies, policy
from riviere.economy.catalogue import Catalogue, NotYetSold, RetiredGift
from riviere.economy.people import UnknownUser, User
from riviere.economy.places import Place, StreamEnded, UnknownPlace
from riviere.economy.policy import Policy
from riviere.economy.remembered import Remembered
from riviere.economy.shelf import Version
from riviere.errors import RiviereError
from riviere.ids import client_id, request_digest, salt, system_id
from riviere.ledger.model import Gift, Known, Order, Receipt, Reverse, Words
from riviere.ledger.refusals import SelfGift
from riviere.ledger.store import read_known
from riviere.ledger.writer import Writes

#: Bonus coins that a reversal gives back can be spent for this long at least.
SPEND_AGAIN: Final = timedelta(days=7)


class OnePlace(RiviereError):
    """A gift goes to one stream or one post: name exactly one of the two."""

    code = "one_place"


class LockedByLevel(RiviereError):
    """The gift {gift!r} unlocks at level {needed}, and {user!r} is at level {level}; choose another gift."""

    code = "locked_by_level"


class LockedByRegion(RiviereError):
    """The gift {gift!r} is sold in {regions} only, and not where {user!r} is; choose another gift."""

    code = "locked_by_region"


class NotACombo(RiviereError):
    """The gift {gift!r} cannot be sent as a combo; send single gifts."""

    code = "not_a_combo"


class PaidCombo(RiviereError):
    """A combo is paid at its list price: leave `paid` out, or send single gifts."""

    code = "paid_combo"


class GiftRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False, array_like=True):
    """A gift as a platform asks for it, everything in the platform's own ids.

    `count` pieces; for a combo the cumulative count. `paid` is what all of them cost in coins where a discount or a
    blind box changes it (None: list price). `at` is when it happened; None says now. Who sends an `anonymous` gift is
    not told to viewers; a combo is what its first step says.
    """

    key: str
    sender: str
    creator: str
    gift: str
    count: int = 1
    combo: bool = False
    stream: str | None = None
    post: str | None = None
    message: str | None = None
    paid: int | None = None
    at: datetime | None = None
    anonymous: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """Kind and external id of where the gift lands. Raises OnePlace."""
        if self.stream is not None and self.post is None:
            return places.STREAM, self.stream
        if self.post is not None and self.stream is None:
            return places.POST, self.post
        raise OnePlace


def prepare(
    connection: Connection, remembered: Remembered, requests: Sequence[GiftRequest], now: datetime
) -> list[Gift | RiviereError]:
    """An order for each request, or why there is none.

    That is UnknownUser, UnknownPlace, UnknownGift, RetiredGift, NotYetSold, LockedByLevel, LockedByRegion, StreamEnded,
    SelfGift, OnePlace, NotACombo, PaidCombo, BadKey, BadNumber, BadAmount, BadText, BadTime, FutureTime or NoPolicy.
    Reads a fixed number of times at the most, however many requests there are. The repeat of a gift that stands gets
    its order whatever has changed since, so that the ledger can answer it as it did the first time.
    """
    remembered.refresh(connection)
    return price(connection, remembered, requests, now)


def price(
    connection: Connection, remembered: Remembered, requests: Sequence[GiftRequest], now: datetime
) -> list[Gift | RiviereError]:
    """What `prepare` does, from what is remembered: it holds if that still does. Reads nothing if all is known."""
    remembered.price(connection)
    users = remembered.users
    strangers = [one for one in requests if one.sender not in users or one.creator not in users]
    if strangers:
        remembered.meet(connection, strangers)
    prices = _Prices(remembered, now)
    found = [_decide(remembered, prices, request, now) for request in requests]
    unseen = [at for at, (_, refusal) in enumerate(found) if isinstance(refusal, UnknownPlace)]
    if unseen:
        remembered.find(connection, [requests[at] for at in unseen])
        for at in unseen:
            found[at] = _decide(remembered, prices, requests[at], now)
    doubtful = {(order.owner, order.id) for order, refusal in found if order is not None and refusal is not None}
    there = read_known(connection, doubtful) if doubtful else {}
    return [_answer(there, order, refusal) for order, refusal in found]


def send(connection: Connection, writer: Writes, request: GiftRequest, now: datetime) -> Receipt:
    """Sends one gift. Raises what `prepare` answers, NotEnoughCoins, KeyReused, GiftReversed or TooLarge."""
    (answer,) = prepare(connection, Remembered(), [request], now)
    if isinstance(answer, RiviereError):
        raise answer
    return write_one(writer, answer)


def reverse(connection: Connection, writer: Writes, sender: str, key: str, now: datetime) -> Receipt:
    """Undoes the gift that `sender` sent under `key`; the second time it answers what the first did.

    Raises UnknownUser, BadKey, UnknownEntry or ImportedGift.
    """
    return undo(writer, people.find(connection, sender).id, client_id(key), now)


def undo(writer: Writes, owner: int, gift: UUID, now: datetime) -> Receipt:
    """The same for a gift by its sender (our id) and entry. Raises UnknownEntry or ImportedGift."""
    ids = (system_id("reverse", gift), request_digest("reverse", gift))
    return write_one(writer, Reverse(owner, *ids, now, gift, now + SPEND_AGAIN))


def write_one(writer: Writes, order: Order) -> Receipt:
    """The receipt of one order. Raises what the ledger refused it for."""
    (answer,) = writer.write([order])
    if isinstance(answer, RiviereError):
        raise answer
    return answer


class _Prices:
    """What gifts cost and at which rate they are paid, looked up once for all requests of a moment."""

    def __init__(self, remembered: Remembered, now: datetime) -> None:
        self._remembered = remembered
        self._now = now
        self._found: dict[str, tuple[Version, RiviereError | None, Policy]] = {}

    def of(self, code: str, at: datetime) -> tuple[Version, RiviereError | None, Policy]:
        """Price, what speaks against selling it, and rate. Raises UnknownGift and NoPolicy."""
        if at is self._now and (found := self._found.get(code)):
            return found
        version, refusal = _on_sale(self._remembered.catalogue, code, at)
        found = version, refusal, policies.holding(self._remembered.rates, policy.DIAMONDS_PER_COIN, "", at)
        if at is self._now:
            self._found[code] = found
        return found


def _answer(
    there: Mapping[tuple[int, UUID], Known], order: Gift | None, refusal: RiviereError | None
) -> Gift | RiviereError:
    """The order, unless something speaks against it; what was booked before, nothing does."""
    if refusal is None or order is None:
        answer = refusal or order
        assert answer is not None
        return answer
    known = there.get((order.owner, order.id))
    repeats = known and known.request == order.request and (not order.combo or order.count <= known.upto)
    return order if repeats else refusal


def _decide(
    remembered: Remembered, prices: _Prices, request: GiftRequest, now: datetime
) -> tuple[Gift | None, RiviereError | None]:
    """The order, and what speaks against booking it now but not against repeating what was booked.

    There is no order where something is wrong with the request itself.
    """
    try:
        return _order(remembered, prices, request, now)
    except RiviereError as wrong:
        return None, wrong


def _order(
    remembered: Remembered, prices: _Prices, request: GiftRequest, now: datetime
) -> tuple[Gift, RiviereError | None]:
    at = now if request.at is None else _instant(request.at, now)
    _check(request)
    users = remembered.users
    sender, creator = users.get(request.sender), users.get(request.creator)
    if sender is None:
        raise UnknownUser(user=request.sender)
    if creator is None:
        raise UnknownUser(user=request.creator)
    if sender.id == creator.id:
        raise SelfGift
    kind, name = request.place
    place = remembered.places.get((creator.id, kind, name))
    if place is None:
        raise UnknownPlace(kind=kind, place=name)
    version, refusal, rate = prices.of(request.gift, at)
    order = Gift(
        sender.id,
        client_id(request.key),
        _digest(request, kind, name),
        at,
        creator.id,
        request.count,
        request.combo,
        version.coins,
        request.paid,
        rate.amount,
        version.id,
        rate.id,
        place.id,
        Words(salt(16), request.message) if request.message is not None else None,
        False,
        request.anonymous,
    )
    return order, refusal or _locked(sender, version, request) or _over(place, at)


def _on_sale(catalogue: Catalogue, code: str, at: datetime) -> tuple[Version, RiviereError | None]:
    """The version to price with; where none is on sale the last one, and the reason."""
    try:
        return catalogue.version(code, at), None
    except (RetiredGift, NotYetSold) as refusal:
        return catalogue.versions(code)[-1], refusal


def _instant(at: datetime, now: datetime) -> datetime:
    """`at` in UTC. Raises BadTime for one without a zone, and FutureTime."""
    return happened(parse(at.isoformat()), now)


def _check(request: GiftRequest) -> None:
    """What can be wrong with a request whoever sends it."""
    checks.whole(request.count, "The count")
    if request.message is not None:
        checks.text(request.message, "A message", checks.LONGEST_MESSAGE)
    if request.paid is not None:
        money.amount(request.paid, "What was paid", unit="coins")
        if request.combo:
            raise PaidCombo


def _locked(sender: User, version: Version, request: GiftRequest) -> RiviereError | None:
    if sender.level < version.unlock_level:
        return LockedByLevel(
            gift=request.gift, needed=version.unlock_level, user=sender.external_id, level=sender.level
        )
    if version.regions and sender.region not in version.regions:
        return LockedByRegion(gift=request.gift, regions=", ".join(version.regions), user=sender.external_id)
    if request.combo and not version.combo:
        return NotACombo(gift=request.gift)
    return None


def _over(place: Place, at: datetime) -> RiviereError | None:
    if place.ended_at is not None and place.ended_at <= at:
        return StreamEnded(stream=place.external_id, ended_at=place.ended_at.isoformat())
    return None


def _digest(request: GiftRequest, kind: str, name: str) -> UUID:
    """What makes two requests the same; for a combo not count, words and time, which differ from step to step."""
    same = (request.sender, request.creator, request.gift, kind, name)
    # Without the wish a gift has the digest that it had before there was one.
    wish = ("anonymous",) if request.anonymous else ()
    if request.combo:
        return request_digest("combo", *same, *wish)
    at = None if request.at is None else request.at.astimezone(UTC).isoformat()
    return request_digest("gift", *same, request.count, request.message, request.paid, at, *wish)
