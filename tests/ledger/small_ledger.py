"""A small ledger in which everything happened once, built by the real writer: what verify's tests look at and spoil."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from riviere import clock
from riviere.clock import hour_of
from riviere.database.database import Database
from riviere.ids import client_id, request_digest, system_id
from riviere.ledger.evidence import Signer, sign_head
from riviere.ledger.model import (
    PLATFORM,
    Back,
    Buy,
    Expire,
    Freeze,
    Gift,
    Hold,
    Order,
    PayAgain,
    Receipt,
    Refund,
    Release,
    Return,
    Reverse,
    Settle,
    Thaw,
    Unbind,
    Words,
)
from riviere.ledger.writer import Writer

SIGNER = Signer(bytes(range(32)))
MINA, OTTO, CREATOR, OTHER = 1_001, 1_002, 2_001, 2_002
STREAM, POST, IMPORTED = 51, 52, 53
BACKING = system_id("back", 1, 1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

FACTS = """
INSERT INTO users (id, created_at, level, region, seal)
SELECT id, '2020-01-01', 3, 'DE', decode(repeat('00', 16), 'hex') FROM unnest(ARRAY[1001, 1002, 2001, 2002]) AS id;
INSERT INTO person (external_id, user_id, seal)
SELECT 'name-' || id, id, decode(repeat('00', 16), 'hex') FROM users;
INSERT INTO place (creator, id, kind, external_id, opened_at, ended_at, imported, seal) VALUES
(2001, 51, 'stream', 's1', '2020-01-01', NULL, false, decode(repeat('00', 16), 'hex')),
(2002, 52, 'post', 'p1', '2020-01-01', NULL, false, decode(repeat('00', 16), 'hex')),
(2001, 53, 'stream', 'old', '2020-01-01', '2020-01-02', true, decode(repeat('00', 16), 'hex'));
INSERT INTO gift (code, name) VALUES ('rose', 'Rose'), ('crown', 'Crown');
INSERT INTO gift_version (gift, coins, combo, unlock_level, regions, during)
VALUES (1, 5, true, 0, '{}', '[2020-01-01,)'), (2, 300, false, 0, '{DE}', '[2020-01-01,)');
INSERT INTO pack (code, coins, bonus, bonus_days, price, currency, during)
VALUES ('small', 70, 0, 30, 99, 'USD', '[2020-01-01,)'), ('large', 1000, 100, 30, 1399, 'EUR', '[2020-01-01,)');
INSERT INTO policy (name, scope, amount, share, during, announced_at, announced_by) VALUES
('diamonds_per_coin', '', 500, 0, '[2020-01-01,)', '2020-01-01', 'anna'),
('diamonds_per_coin', 'import:1', 750, 0, '[2020-01-01,)', '2020-01-01', 'anna'),
('money_per_diamond', 'USD', 40000000, 0, '[2020-01-01,)', '2020-01-01', 'anna'),
('fee', 'paypal:USD', 10, 15000, '[2020-01-01,)', '2020-01-01', 'anna'),
('fee', 'bank:USD', 0, 0, '[2020-01-01,)', '2020-01-01', 'anna');
INSERT INTO import (id, format, first_record, source, policy, opened_at, opened_by)
VALUES (1, 'gift-log', gen_random_uuid(), 'gifts.jsonl', 2, '2020-01-01', 'anna');
"""


class Told(NamedTuple):
    """What names an order: who, what is asked, and when."""

    owner: int
    id: UUID
    request: UUID
    at: datetime


def told(owner: int, what: UUID | str, at: datetime | None = None) -> Told:
    """The first four fields of an order; a text is a client's key, a UUID the id itself."""
    entry = client_id(what) if isinstance(what, str) else what
    return Told(owner, entry, request_digest("test", str(what)), at or clock.now())


def buy(owner: int, key: str, pack: int = 2, *, expires: datetime | None = None) -> Buy:
    """Pack 1 is 70 coins, pack 2 is 1,000 coins and 100 for nothing."""
    coins, bonus, price, currency = {1: (70, 0, 99, "USD"), 2: (1000, 100, 1399, "EUR")}[pack]
    at = clock.now() - timedelta(hours=1)
    until = expires or at + timedelta(days=30)
    return Buy(*told(owner, key, at), coins, bonus, price, currency, pack, until, "sandbox", f"ch_{owner}_{key}")


def gift(
    owner: int,
    key: str,
    count: int = 1,
    *,
    creator: int = CREATOR,
    combo: bool = False,
    words: str = "",
    crown: bool = False,
) -> Gift:
    """A rose of 5 coins, or a crown of 300, at half a diamond a coin."""
    place = STREAM if creator == CREATOR else POST
    said = Words(bytes(16), words) if words else None
    unit, item = (300, 2) if crown else (5, 1)
    return Gift(*told(owner, key), creator, count, combo, unit, None, 500, item, 1, place, said, False)


def imported(owner: int, key: str, count: int) -> Gift:
    """A rose out of a record, at three quarters of a diamond a coin."""
    return Gift(*told(owner, key, LONG_AGO), CREATOR, count, True, 5, None, 750, 1, 2, IMPORTED, None, True)


def reverse(owner: int, key: str) -> Reverse:
    """The gift of that key undone."""
    given = client_id(key)
    return Reverse(*told(owner, system_id("reverse", given)), given, clock.now() + timedelta(days=7))


def expire(owner: int, key: str) -> Expire:
    """The bonus of that purchase gone."""
    grant = client_id(key)
    return Expire(*told(owner, system_id("expire", grant, 1)), grant, 1)


def freeze(owner: int, key: str, purchase: str, coins: int | None = None) -> Freeze:
    """Coins of the purchase of that key set aside."""
    return Freeze(*told(owner, key), client_id(purchase), coins)


def thaw(owner: int, key: str) -> Thaw:
    """The freeze of that key undone."""
    frozen = client_id(key)
    return Thaw(*told(owner, system_id("thaw", frozen)), frozen, clock.now() + timedelta(days=7))


def refund(owner: int, key: str, amount: int, currency: str) -> Refund:
    """The coins of the freeze of that key paid back."""
    frozen = client_id(key)
    return Refund(*told(owner, system_id("refund", frozen)), frozen, amount, currency)


def hold(owner: int, key: str, diamonds: int) -> Hold:
    """Diamonds held, whatever the hour they were earned in."""
    return Hold(*told(owner, key), diamonds, hour_of(clock.now()) + timedelta(days=1))


def release(owner: int, key: str) -> Release:
    """The hold of that key given back."""
    held = client_id(key)
    return Release(*told(owner, system_id("release", held)), held)


def settle(owner: int, key: str, gross: int, fee: int = 0) -> Settle:
    """The hold of that key paid out, at 40 cents a diamond; by PayPal for a fee of 1.5 % and 10 cents, or by bank."""
    held = client_id(key)
    return Settle(*told(owner, system_id("settle", held)), held, gross, fee, "USD", 3, 4 if fee else 5)


def come_back(owner: int, key: str, number: int, amount: int) -> Return:
    """That payment of the hold of that key come back."""
    held = client_id(key)
    return Return(*told(owner, system_id("return", held, number)), held, number, amount, "USD")


def pay_again(owner: int, key: str, number: int, amount: int) -> PayAgain:
    """What came back of the hold of that key paid once more."""
    held = client_id(key)
    return PayAgain(*told(owner, system_id("pay", held, number)), held, number, amount, "USD")


def write(database: Database, *orders: Order) -> list[Receipt]:
    """Books orders one batch each, and insists that each stands."""
    with Writer(database.connect) as writer:
        return [_stands(writer.write([order])[0]) for order in orders]


def _stands(answer: object) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


def sign(database: Database) -> None:
    """A head over what is there."""
    with database.connect() as connection:
        sign_head(connection, SIGNER, clock.now())


def build(database: Database) -> None:
    """Everything once: purchases, gifts from both wallets, combos, reversals, expiry, holds, a backed import."""
    with database.connect_owner() as connection:
        connection.execute(FACTS)
    sign(database)
    soon = clock.now()
    with Writer(database.connect) as writer:
        together = [buy(MINA, "b1"), gift(MINA, "g1", 3, words="for the song"), gift(MINA, "g2", creator=OTHER)]
        for answer in writer.write([*together, buy(OTTO, "b2", 1), gift(OTTO, "g3", 2)]):
            _stands(answer)
    write(
        database,
        gift(MINA, "g4", crown=True),  # the rest of the bonus, and bought coins
        gift(MINA, "c1", 2, combo=True, words="again"),
        gift(MINA, "c1", 5, combo=True),
        reverse(MINA, "g4"),
        buy(MINA, "b3", expires=soon),
        gift(MINA, "c2", 3, combo=True),
        expire(MINA, "b3"),
        reverse(MINA, "c1"),
        gift(MINA, "g5", 30),  # coins that came back fund it
        reverse(MINA, "g5"),
        buy(MINA, "b4"),
        freeze(MINA, "f1", "b4", 600),
        thaw(MINA, "f1"),
        freeze(MINA, "f2", "b4", 500),
        refund(MINA, "f2", 700, "EUR"),
        freeze(MINA, "f3", "b4", 200),
        imported(OTTO, "i1", 4),
        imported(OTTO, "i1", 6),
        hold(CREATOR, "h1", 2_000),
        release(CREATOR, "h1"),
        hold(OTHER, "h2", 1_000),
        hold(CREATOR, "h3", 2_500),
        settle(CREATOR, "h3", 100, 12),
        come_back(CREATOR, "h3", 1, 88),
        pay_again(CREATOR, "h3", 2, 88),
        hold(CREATOR, "h4", 1_000),
        settle(CREATOR, "h4", 40),
        come_back(CREATOR, "h4", 1, 40),
    )
    sign(database)
    write(database, Back(*told(PLATFORM, BACKING), 5_000, "USD"))
    with database.connect_owner() as connection:
        connection.execute(
            "INSERT INTO backing (import, number, entry, posted_at, posted_by) VALUES (1, 1, %s, now(), 'bert')",
            (BACKING,),
        )
        sign_head(connection, SIGNER, clock.now())
    write(database, Unbind(*told(CREATOR, system_id("unbind", 1, 1, CREATOR)), 10_000, BACKING), gift(OTTO, "g6"))
