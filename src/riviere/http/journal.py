"""Entries of the journal over HTTP: both sides, what priced them, what proves them; and gifts undone by their entry."""

from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from riviere import money
from riviere.database.connection import snapshot
from riviere.economy import checks, people, posted
from riviere.economy.posted import Posted
from riviere.http import gifts, policies, verifying
from riviere.http.accounts import KIND_OF
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.ledger import refusals
from riviere.ledger.law import KINDS, MONEY, ROUTES, Kind, Route
from riviere.ledger.model import Entry
from riviere.ledger.refusals import UnknownEntry
from riviere.wire import journal as wire
from riviere.wire.gifts import Provenance, Reversal
from riviere.wire.redemptions import Because

_PAYS: Final = wire.Side(user="mira", account="coins", asset="COIN", amount="299", seq=4, balance="401")
_RECEIVES: Final = wire.Side(user="aurora", account="diamonds", asset="DIAMOND", amount="299", seq=12, balance="8420")
_ENTRY: Final = wire.JournalEntry(
    id=gifts.SENT.id,
    owner="mira",
    at=EXAMPLE_TIME,
    legs=[
        wire.Leg(
            number=0,
            route="gift",
            what="Comet",
            pays=_PAYS,
            receives=_RECEIVES,
            policy=1,
            booked_at=EXAMPLE_TIME,
            writer=1,
            batch=840,
        )
    ],
    policies=[policies.RATE],
    cause=None,
    gift=gifts.SENT,
    undone=None,
    head=verifying.HEAD,
)


@operation(
    "GET",
    "/v1/users/{user}/accounts/{account}/entries/{seq}",
    id="getAccountEntry",
    tag="Wallets",
    scope="wallets:read",
    owner="user",
    raises=(people.UnknownUser, UnknownEntry),
    answer=_ENTRY,
)
def get_account_entry(call: Call) -> wire.JournalEntry:
    """Get what is behind one line of an account: both sides, what priced it, the batch and head that prove it.

    `account` and `seq` are those of the list of entries. A user's own token is not shown what the other side holds.
    """
    kind, seq = KIND_OF.get(call.path["account"]), call.path["seq"]
    if kind is None or not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise UnknownEntry(what="line", id=seq)
    with call.reading() as connection, snapshot(connection):
        user = people.find(connection, call.path["user"]).id
        return _shown(call, user, posted.of_line(connection, user, kind, int(seq)))


@operation(
    "GET",
    "/v1/users/{user}/entries/{id}",
    id="getEntry",
    tag="Wallets",
    scope="wallets:read",
    owner="user",
    raises=(people.UnknownUser, UnknownEntry),
    answer=_ENTRY,
)
def get_entry(call: Call) -> wire.JournalEntry:
    """Get an entry that concerns a user: what they bought, sent, had undone or redeemed."""
    with call.reading() as connection, snapshot(connection):
        user = people.find(connection, call.path["user"]).id
        return _shown(call, user, posted.find(connection, user, _id(call)))


@operation(
    "GET",
    "/v1/users/{user}/entries/{id}/provenance",
    id="getEntryProvenance",
    tag="Gifts",
    scope="gifts:read",
    owner="user",
    raises=(people.UnknownUser, UnknownEntry),
    answer=Provenance(gift=gifts.SENT.id, reversed=False, pieces=[gifts.PIECE]),
)
def get_entry_provenance(call: Call) -> Provenance:
    """Get which purchases paid for a gift, by the gift's entry; the user is its sender."""
    with call.reading() as connection, snapshot(connection):
        return gifts.provenance(connection, people.find(connection, call.path["user"]).id, _id(call))


@operation(
    "POST",
    "/v1/users/{user}/entries/{id}/reverse",
    id="reverseEntry",
    tag="Gifts",
    scope="gifts:reverse",
    owner="user",
    raises=(people.UnknownUser, UnknownEntry, refusals.ImportedGift, refusals.TooLarge, checks.BadText),
    asked=Because(reason="Sent with a stolen card"),
    answer=gifts.REVERSAL,
)
def reverse_entry(call: Call, body: Because) -> Reversal:
    """Undo a gift by its entry, and keep who did it and why; the user is its sender.

    It comes to the same as undoing it by its key. The second time it answers what the first did, with `repeated` true,
    and the first reason stays.
    """
    sender, gift = call.path["user"], _id(call)
    with call.reading() as connection:
        owner = people.find(connection, sender).id
        receipt = posted.undo_because(connection, call.office.writer, owner, gift, call.actor, body.reason, call.now)
        return gifts.undone(connection, sender, receipt)


def _id(call: Call) -> UUID:
    """The id in the path, in the one form in which ids are shown. Raises UnknownEntry for any other."""
    text = call.path["id"]
    with suppress(ValueError):
        if str(found := UUID(text)) == text:
            return found
    raise UnknownEntry(what="entry", id=text)


def _shown(call: Call, user: int, entry: Posted) -> wire.JournalEntry:
    # What somebody else's account holds is theirs; operators and back ends with this scope see every account.
    only = user if call.caller.kind == "user" else None
    first, gift = entry.legs[0], entry.gift
    owner = entry.names[entry.owner]
    if gift is not None and only not in (None, entry.owner):
        gift = msgspec.structs.replace(gift, message=None)
    return wire.JournalEntry(
        id=str(first.id),
        owner=owner,
        at=first.at,
        legs=[_leg(leg, what, entry, only) for leg, what in zip(entry.legs, entry.words, strict=True)],
        policies=[policies.shown(row, call.now) for row in entry.policies.values()],
        cause=None if first.cause is None else str(first.cause),
        gift=None if gift is None else gifts.shown(owner, gift),
        undone=None if entry.undone is None else wire.Undone(**entry.undone._asdict()),
        head=None if entry.head is None else verifying.shown(entry.head),
    )


def _leg(leg: Entry, what: str, entry: Posted, only: int | None) -> wire.Leg:
    debit = (leg.debit_kind, leg.debit_user, leg.debit_amount, leg.debit_seq, leg.debit_balance)
    credit = (leg.credit_kind, leg.credit_user, leg.credit_amount, leg.credit_seq, leg.credit_balance)
    return wire.Leg(
        number=leg.leg,
        route=ROUTES[Route(leg.route)].name,
        what=what,
        pays=_side(*debit, entry, leg.currency, only),
        receives=_side(*credit, entry, leg.currency, only),
        policy=leg.policy,
        booked_at=leg.booked_at,
        writer=leg.writer,
        batch=leg.batch,
    )


def _side(
    kind: int,
    user: int | None,
    amount: int,
    seq: int | None,
    balance: int | None,
    entry: Posted,
    currency: str | None,
    only: int | None,
) -> wire.Side:
    law = KINDS[Kind(kind)]
    asset = currency or "" if law.asset == MONEY else law.asset
    if only is not None and user != only:
        seq = balance = None
    return wire.Side(
        user=None if user is None else entry.names[user],
        account=law.name,
        asset=asset,
        amount=money.plain(amount, asset),
        seq=seq,
        balance=None if balance is None else money.plain(balance, asset),
    )
