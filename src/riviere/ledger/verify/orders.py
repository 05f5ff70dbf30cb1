"""What was asked against what was booked: ids, combos, prices, imports, charges, words, and what rows refer to."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from riviere.ids import shown, system_id
from riviere.ledger.law import THAWS, Route
from riviere.ledger.model import Words
from riviere.ledger.posting import words_hash
from riviere.ledger.redeeming import payment
from riviere.ledger.verify.model import SQL, Found, Look, find, short

#: Rows that come from the database at a time.
_AT_ONCE = 2_000


def _stream(look: Look, query: str) -> Iterator[tuple[Any, ...]]:
    with look.connection.cursor(name=f"verify_{query}") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(SQL[query])
        yield from cursor


def idempotency(look: Look) -> Found:
    """The legs of an id are one request's, numbered from 0; what is done once to a thing has the id that it gives.

    So nothing is undone, released, settled, paid or returned twice: the second entry would have the first one's id.
    """
    found = find(look, "", SQL["wrong_legs"])
    problem, made = found.problem, 0
    for row in _stream(look, "system_entries"):
        made += 1
        if problem is None and row[1] not in _ids(*row):
            problem = f"entry {short(row[1])} of {shown('u', row[0])} has not the id that {short(row[3])} gives"
    return Found(
        look.entries,
        problem,
        f"legs of every id numbered without gaps under one request; {made:,} entries have the id of what they undo",
    )


def _ids(
    owner: int,
    _: UUID,
    route: int,
    cause: UUID,
    grants: list[int] | None,
    brought: int | None,
    number: int | None,
    payments: int | None,
) -> list[UUID]:
    """The ids that an entry may have which the system made of something else."""
    if route == Route.COINS_EXPIRE:
        return [system_id("expire", cause, leg) for leg in grants or ()]
    if route == Route.IMPORT_BACK:
        return [system_id("back", brought, number)]
    if route == Route.IMPORT_RELEASE:
        return [system_id("unbind", brought, number, owner)]
    if route == Route.REDEEM_PAYOUT:
        return [payment(cause, which) for which in range(1, (payments or 0) + 1)]
    if route == Route.REDEEM_RETURN:
        return [system_id("return", cause, which) for which in range(1, (payments or 0) + 1)]
    if route in (Route.REDEEM_SETTLE, Route.REDEEM_FEE):
        return [system_id("settle", cause)]
    if route in THAWS:
        return [system_id("thaw", cause)]
    if route in (Route.COINS_REFUND, Route.COINS_WITHDRAW):
        return [system_id("refund", cause)]
    return [system_id("release" if route == Route.REDEEM_RELEASE else "reverse", cause)]


def combos(look: Look) -> Found:
    """Each step of a combo books what it adds to the last one, at the price and version the combo began with."""
    return find(look, "every step books what it adds, at the combo's own price and version", SQL["wrong_combos"])


def prices(look: Look) -> Found:
    """Diamonds are coins × the rate of the policy row that the gift names; purchases are what their pack said."""
    return find(
        look,
        "diamonds = coins × the rate in force, gift versions exist, purchases are as their pack says",
        SQL["wrong_gifts"],
        SQL["wrong_purchases"],
    )


def imports(look: Look) -> Found:
    """Imported coins go out in the id they came in; their diamonds are released only where somebody else paid."""
    return find(
        look,
        "imported gifts bring their own coins, nothing of them stays; releases have money behind them",
        SQL["wrong_imported"],
        SQL["imported_coins_left"],
        SQL["wrong_import_releases"],
    )


def charges(look: Look) -> Found:
    """Each purchase has the charge that paid for it, each charge its purchase."""
    rows, problem = 0, None
    for owner, entry, cause, amount, currency, reference, processor, charged, charged_in in _stream(
        look, "purchases_and_charges"
    ):
        rows += 1
        if problem is not None:
            continue
        if reference is None:
            problem = f"purchase {short(entry)} of {shown('u', owner)} has no charge"
        elif amount is None:
            problem = f"charge {reference} names purchase {short(entry)} of {shown('u', owner)}, which is not there"
        elif (charged, charged_in) != (amount, currency):
            problem = f"charge {reference} is {charged} {charged_in}, its purchase {short(entry)} {amount} {currency}"
        elif cause != system_id("charge", processor, reference):
            problem = f"charge {reference} of {processor} is not the one that purchase {short(entry)} was booked for"
    return Found(rows, problem, "purchases and charges match one to one, with amount and currency")


def refunds(look: Look) -> Found:
    """What a freeze took went back to the wallet, or for its share of the price to whoever paid; never both."""
    return find(
        look,
        "each freeze is of a purchase, and was thawed or refunded whole and once, at its share of the price",
        SQL["wrong_refunds"],
    )


def messages(look: Look) -> Found:
    """The words beside a gift are those the journal has the salted hash of. Erased ones are nobody's business."""
    rows, problem = 0, None
    for entry, leg, salt, body, kept in _stream(look, "words"):
        rows += 1
        if problem is None and kept is None:
            problem = f"message {short(entry)}/{leg} belongs to no entry with words"
        elif problem is None and kept != words_hash(Words(salt, body)):
            problem = f"message {short(entry)}/{leg} is not what was written"
    return Found(rows, problem, "words that are kept are as they were written")


def references(look: Look) -> Found:
    """Users, places and creators that rows name are there, and gifts land in a place of their own creator."""
    return find(
        look,
        "every gift's place is its creator's; users of accounts, persons and places are there",
        SQL["lost_places"],
        SQL["lost_users"],
    )
