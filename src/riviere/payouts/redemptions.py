"""Redemptions as people ask for them: request, cancel, review, pay again, and follow every step.

Each function takes the creator by external id, records who acts and why, and answers the redemption as it is then.
Asked twice the same, it answers twice the same.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from riviere import ids
from riviere.database.connection import Connection
from riviere.economy import checks, people
from riviere.ids import client_id, shown, system_id
from riviere.ledger.refusals import KeyReused
from riviere.ledger.writer import Writes
from riviere.payouts import quotes, standing, store
from riviere.payouts.clerk import begin, finish, give_up
from riviere.payouts.methods import LONGEST_REASON, lock_creator, method_of
from riviere.payouts.model import OwnReview, PaidOutOnce, Row, State, Step, WrongState, may, outlook
from riviere.payouts.refusals import NoPayoutMethod, PayoutsSuspended, UnknownQuote, refusals

#: The states from which a creator may still take a redemption back.
CANCELLABLE = (State.HELD, State.IN_REVIEW, State.APPROVED)


class Redemption(msgspec.Struct, frozen=True):
    """A redemption as people follow it: diamonds in thousandths, money in minor units of `currency`.

    `receiver` is masked. `outlook` says what happens next; `attention` why a person is looking at it, if one is.
    """

    id: UUID
    creator: str
    quote: str
    state: State
    asked: int
    diamonds: int
    gross: int
    fee: int
    net: int
    currency: str
    method: str
    receiver: str
    requested_at: datetime
    outlook: str
    attention: str | None
    steps: list[Step]


def request(
    connection: Connection, writer: Writes, creator: str, quote: str, key: str, actor: str, now: datetime
) -> Redemption:
    """Redeems what a quote (q_…) offered, once per idempotency key, which belongs to the creator.

    A refused request is kept with its reasons, nothing moves, and it may be tried again under the same key. Raises
    UnknownUser, BadId, BadKey, UnknownQuote, KeyReused, NoPolicy, or the first of riviere.payouts.refusals.
    """
    user = people.find(connection, creator).id
    redemption = redemption_id(user, key)
    number = ids.read(quotes.PREFIX, quote)
    checks.text(actor, "Who asks", checks.LONGEST_ID)
    refused = []
    with connection.transaction():
        # One after the other: two requests at once can neither pass the cap together nor share a quote.
        lock_creator(connection, user)
        asked = quotes.read(connection, user, number)
        if asked is None:
            raise UnknownQuote(quote=quote)
        known = store.find(connection, user, redemption)
        if known is None or known.state == State.REFUSED:
            refused = refusals(quotes.facts(connection, asked, now, store.used_by(connection, asked)), now)
            method = method_of(connection, user)
            state = State.REFUSED if refused else State.REQUESTED
            terms = (asked, redemption, method.number if method else None)
            row = store.opened(connection, *terms, state, actor, " ".join(map(str, refused)), now)
            if not refused:
                begin(connection, row, State.HELD, actor, "", now)
        elif known.quote != asked.id:
            raise KeyReused
    if refused:
        raise refused[0]
    row, refusal = finish(connection, writer, user, redemption, now)
    if refusal is not None:
        raise refusal
    return _shown(connection, [row])[0]


def cancel(
    connection: Connection, writer: Writes, creator: str, redemption: UUID, actor: str, reason: str, now: datetime
) -> Redemption:
    """Takes a redemption back before a provider is asked; the diamonds are as they were.

    Raises UnknownUser, UnknownRedemption, WrongState, PaidOutOnce or BadText.
    """
    user = people.find(connection, creator).id
    return _end(connection, writer, user, redemption, CANCELLABLE, actor, reason, now)


def reject(
    connection: Connection, writer: Writes, redemption: UUID, actor: str, reason: str, now: datetime
) -> Redemption:
    """An operator says no to a redemption in review, and why; it is cancelled and the diamonds are as they were.

    Raises UnknownRedemption, WrongState or BadText.
    """
    checks.text(reason, "The reason for saying no", LONGEST_REASON)
    user = store.whose(connection, redemption)
    return _end(connection, writer, user, redemption, (State.IN_REVIEW,), actor, reason, now)


def approve(
    connection: Connection, writer: Writes, redemption: UUID, actor: str, reason: str, now: datetime
) -> Redemption:
    """Somebody other than who asked lets a redemption in review go on.

    Raises UnknownRedemption, WrongState, OwnReview or BadText.
    """
    _check_words(actor, reason)
    user = store.whose(connection, redemption)
    finish(connection, writer, user, redemption, now)
    with connection.transaction():
        row = store.lock(connection, user, redemption)
        if _can(connection, row, (State.IN_REVIEW,), State.APPROVED, actor, reason):
            asked = [step.actor for step in store.steps(connection, [row])[row.id] if step.state == State.REQUESTED]
            if asked[-1] == actor:
                raise OwnReview(actor=actor)
            row = store.move(connection, row, State.APPROVED, actor, reason, now, due_at=now)
    return _shown(connection, [row])[0]


def pay_again(
    connection: Connection,
    writer: Writes,
    creator: str | None,
    redemption: UUID,
    actor: str,
    reason: str,
    now: datetime,
) -> Redemption:
    """Pays what came back once more, to the creator's payout method of now, which must be in the same currency.

    Without `creator` an operator asks, who may do so for a suspended creator too. Raises UnknownUser,
    UnknownRedemption, WrongState, PayoutsSuspended, NoPayoutMethod or BadText.
    """
    _check_words(actor, reason)
    user = store.whose(connection, redemption) if creator is None else people.find(connection, creator).id
    finish(connection, writer, user, redemption, now)
    with connection.transaction():
        row = store.lock(connection, user, redemption)
        if _can(connection, row, (State.RETURNED,), State.APPROVED, actor, reason):
            marks = standing.standing_of(connection, user)
            if creator is not None and marks and marks[-1].state == standing.SUSPENDED:
                raise PayoutsSuspended(reason=marks[-1].reason)
            method = method_of(connection, user)
            if method is None or method.currency != row.currency:
                there = f"{method.method} in {method.currency}" if method else "none"
                raise NoPayoutMethod(method=row.method, currency=row.currency, there=there)
            changed = {"payout_method": method.number, "due_at": now}
            store.move(connection, row, State.APPROVED, actor, reason, now, **changed)
        row = store.read(connection, user, redemption)
    return _shown(connection, [row])[0]


def attended(connection: Connection, redemption: UUID, actor: str, reason: str, now: datetime) -> Redemption:
    """An operator has looked at what a redemption called for, and says what came of it. Nothing moves.

    Raises UnknownRedemption, WrongState or BadText.
    """
    _check_words(actor, reason)
    with connection.transaction():
        row = store.lock(connection, store.whose(connection, redemption), redemption)
        if row.attention is None:
            raise WrongState(what="looked at", states="calling for a person", state=row.state)
        row = store.settle_attention(connection, row, actor, reason, now)
    return _shown(connection, [row])[0]


def never_paid(
    connection: Connection, writer: Writes, redemption: UUID, actor: str, reason: str, now: datetime
) -> Redemption:
    """An operator found out that what calls for a person was never paid: diamonds go back, or the money stays owed.

    Raises UnknownRedemption, WrongState or BadText.
    """
    checks.text(reason, "How it is known that nothing was paid", LONGEST_REASON)
    _check_words(actor, reason)
    user = store.whose(connection, redemption)
    finish(connection, writer, user, redemption, now)
    with connection.transaction():
        row = store.lock(connection, user, redemption)
        to = State.RETURNED if row.payments else State.FAILED
        if row.state == State.SUBMITTED and row.attention is None:
            raise WrongState(what="ended by a person", states="submitted and calling for one", state="waiting")
        if _can(connection, row, (State.SUBMITTED,), to, actor, reason):
            give_up(connection, row, actor, reason, now)
    row, refusal = finish(connection, writer, user, redemption, now)
    if refusal is not None:
        raise refusal
    return _shown(connection, [row])[0]


def get(connection: Connection, creator: str, redemption: UUID) -> Redemption:
    """A redemption of this creator. Raises UnknownUser or UnknownRedemption."""
    return _shown(connection, [store.read(connection, people.find(connection, creator).id, redemption)])[0]


def listed(connection: Connection, creator: str, after: tuple[datetime, UUID] | None, limit: int) -> list[Redemption]:
    """A creator's redemptions, newest first, after that time of request and id. Raises UnknownUser."""
    return _shown(connection, store.of_creator(connection, people.find(connection, creator).id, after, limit))


def to_review(connection: Connection, after: tuple[datetime, UUID] | None, limit: int) -> list[Redemption]:
    """What waits for a person, in review or with attention, longest first, after that time of request and id."""
    return _shown(connection, store.for_people(connection, after, limit))


def among(connection: Connection, state: str, after: tuple[datetime, UUID] | None, limit: int) -> list[Redemption]:
    """Everybody's in a state (or with ATTENTION), newest first, after that time of request and id."""
    return _shown(connection, store.among(connection, state, after, limit))


def of_anyone(connection: Connection, redemption: UUID) -> Redemption:
    """A redemption, whoever's it is. Raises UnknownRedemption."""
    return _shown(connection, [store.read(connection, store.whose(connection, redemption), redemption)])[0]


def redemption_id(creator: int, key: str) -> UUID:
    """The id of the redemption that a creator (by our id) asks for under a key. Raises BadKey."""
    return system_id("redemption", creator, client_id(key))


def _end(
    connection: Connection,
    writer: Writes,
    creator: int,
    redemption: UUID,
    allowed: Sequence[State],
    actor: str,
    reason: str,
    now: datetime,
) -> Redemption:
    """Releases the hold and cancels."""
    _check_words(actor, reason)
    finish(connection, writer, creator, redemption, now)
    with connection.transaction():
        row = store.lock(connection, creator, redemption)
        if _can(connection, row, allowed, State.CANCELLED, actor, reason):
            begin(connection, row, State.CANCELLED, actor, reason, now)
    row, refusal = finish(connection, writer, creator, redemption, now)
    if refusal is not None:
        raise refusal
    return _shown(connection, [row])[0]


def _can(connection: Connection, row: Row, allowed: Sequence[State], to: State, actor: str, reason: str) -> bool:
    """Whether a locked redemption can be taken to `to`; False where this was done before. Raises WrongState."""
    if row.state in allowed and row.booking is None:
        if not may(row.state, to, row.payments):
            raise PaidOutOnce
        return True
    if store.has_step(connection, row, to, actor, reason):
        return False
    raise WrongState(what=to, states=" or ".join(allowed).replace("_", " "), state=row.state.replace("_", " "))


def _check_words(actor: str, reason: str) -> None:
    checks.text(actor, "Who acts", checks.LONGEST_ID)
    if reason:
        checks.text(reason, "A reason", LONGEST_REASON)


def _shown(connection: Connection, rows: Sequence[Row]) -> list[Redemption]:
    steps = store.steps(connection, rows)
    names = people.names(connection, [row.creator for row in rows])
    return [
        Redemption(
            row.id,
            names[row.creator],
            shown(quotes.PREFIX, row.quote),
            row.state,
            row.asked,
            row.diamonds,
            row.gross,
            row.fee,
            max(0, row.net),
            row.currency,
            row.method,
            row.masked,
            row.requested_at,
            outlook(row.state, row.attention),
            row.attention,
            steps[row.id],
        )
        for row in rows
    ]
