"""`riviere provenance` and `reverse`: which purchase paid for a gift, and the gift undone."""

from collections.abc import Iterator
from contextlib import contextmanager

from riviere import clock, money
from riviere.cli import remote
from riviere.cli.common import NOTHING_SAID, Common, table
from riviere.cli.showing import again, amount, counted, iso, receipt_of, when
from riviere.economy import gifts, people
from riviere.economy.catalogue import Catalogue
from riviere.ids import client_id, system_id
from riviere.ledger.journal import legs, paid_by
from riviere.ledger.law import Route
from riviere.ledger.refusals import UnknownEntry
from riviere.wire.gifts import Piece, Provenance, Reversal


def reverse(sender: str, key: str, *, common: Common = NOTHING_SAID) -> None:
    """Undo a gift: its coins go back to the sender, its diamonds are owed by the creator."""
    if common.server:
        undone = remote.ask(common, lambda server: server.reverse_gift(sender, key))
    else:
        undone = _reverse_here(common, sender, key)
    coins, owed = undone.coins + undone.bonus, undone.diamonds
    common.answer(
        receipt_of(undone, key) | {"sender": sender, "creator": undone.creator, "coins": coins, "diamonds": owed},
        f"{counted(coins, 'coin')} back to {sender}, {amount(owed, money.DIAMOND)} diamonds owed by {undone.creator}"
        + again(undone),
    )


def _reverse_here(common: Common, sender: str, key: str) -> Reversal:
    with common.riviere() as riviere:
        with _named_by(key):
            receipt = gifts.reverse(riviere.connection, riviere.writer, sender, key, clock.now())
        undone = legs(riviere.connection, receipt.owner, receipt.id)
        creator = undone[0].debit_user
        assert creator is not None, "a reversal is paid by the creator"
        named = people.names(riviere.connection, [creator])[creator]
    return Reversal(
        id=str(receipt.id),
        gift=str(undone[0].cause),
        sender=sender,
        creator=named,
        coins=sum(leg.credit_amount for leg in undone if leg.route == Route.GIFT_REVERSE),
        bonus=sum(leg.credit_amount for leg in undone if leg.route == Route.GIFT_REVERSE_BONUS),
        diamonds=money.plain(sum(leg.debit_amount for leg in undone), money.DIAMOND),
        repeated=receipt.repeated,
        booked_at=undone[0].booked_at,
    )


def provenance(sender: str, key: str, *, common: Common = NOTHING_SAID) -> None:
    """Show which purchases paid for a gift, coin by coin."""
    if common.server:
        told = remote.ask(common, lambda server: server.get_provenance(sender, key))
    else:
        told = _provenance_here(common, sender, key)
    pieces = [
        {
            "purchase": piece.purchase,
            "at": iso(piece.at),
            "pack": piece.pack,
            "account": piece.account,
            "first": piece.first,
            "last": piece.last,
            "coins": piece.coins,
        }
        for piece in told.pieces
    ]
    rows = [
        (
            when(piece.at),
            piece.pack or "imported",
            piece.account,
            f"{piece.first:,} to {piece.last:,}",
            f"{piece.coins:,}",
            piece.purchase,
        )
        for piece in told.pieces
    ]
    common.answer(
        {"sender": sender, "key": key, "id": told.gift, "reversed": told.reversed, "pieces": pieces},
        table(("bought at (UTC)", "pack", "account", ">coins of it", ">coins", "purchase"), rows),
        f"{counted(sum(piece.coins for piece in told.pieces), 'coin')} in all"
        + ("; the gift was reversed since, and these coins went back" if told.reversed else ""),
    )


def _provenance_here(common: Common, sender: str, key: str) -> Provenance:
    with common.riviere() as riviere:
        connection = riviere.connection
        owner, entry = people.find(connection, sender).id, client_id(key)
        with _named_by(key):
            paid = paid_by(connection, owner, entry)
        codes = {pack.id: pack.code for pack in Catalogue.load(connection).every_pack()}
        undone = bool(legs(connection, owner, system_id("reverse", entry)))
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
    return Provenance(gift=str(entry), reversed=undone, pieces=pieces)


@contextmanager
def _named_by(key: str) -> Iterator[None]:
    """Lets an error name a gift as the person did, by its key."""
    try:
        yield
    except UnknownEntry as missing:
        raise UnknownEntry(**missing.facts | {"id": repr(key)}) from None
