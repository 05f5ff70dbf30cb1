"""What a statement says of its lines, in words."""

from datetime import timedelta

from riviere.clock import hour_of
from riviere.economy.gifts import write_one
from riviere.economy.policies import history
from riviere.economy.policy import FEE, MONEY_PER_DIAMOND
from riviere.economy.telling import tell, usual_account
from riviere.ids import client_id, request_digest, system_id
from riviere.ledger.law import Kind
from riviere.ledger.model import Hold, Receipt, Release, Return, Settle
from riviere.ledger.statement import statement
from world import World


def held(world: World, creator: str, key: str, diamonds: int) -> Receipt:
    order = (world.id(creator), client_id(key), request_digest(key), world.now)
    return write_one(world.writer, Hold(*order, diamonds, hour_of(world.now) + timedelta(days=1_000)))


def settled(world: World, hold: Receipt, gross: int, fee: int) -> None:
    policies = [history(world.connection, *named)[-1].id for named in ((MONEY_PER_DIAMOND, "USD"), (FEE, "paypal:USD"))]
    entry = system_id("settle", hold.id)
    order = Settle(
        hold.owner, entry, request_digest(entry), world.now, hold.id, gross, fee, "USD", policies[0], policies[1]
    )
    write_one(world.writer, order)


def test_a_creator_reads_what_became_of_what_was_held(world: World) -> None:
    world.viewer("mina")
    world.creator("aurora")
    world.buy("mina", 3_000)
    world.give("mina", "aurora", "ring", 60)
    first, second = held(world, "aurora", "r1", 1_000_000), held(world, "aurora", "r2", 400_000)
    settled(world, first, 500, 18)
    back, release = system_id("return", first.id, 1), system_id("release", second.id)
    write_one(world.writer, Return(first.owner, back, request_digest(back), world.now, first.id, 1, 482, "USD"))
    write_one(world.writer, Release(second.owner, release, request_digest(release), world.now, second.id))
    creator = world.id("aurora")
    whole = statement(world.connection, creator, Kind.HELD, world.now - timedelta(days=9_999), world.now.max)
    lines = tell(world.connection, creator, whole.lines)
    assert [(line.route, line.what, line.who, line.amount, line.balance) for line in lines] == [
        ("redeem.hold", "held for a redemption", "", 1_000_000, 1_000_000),
        ("redeem.hold", "held for a redemption", "", 400_000, 1_400_000),
        ("redeem.settle", "redeemed for 5.00 USD before the fee", "", -1_000_000, 400_000),
        ("redeem.release", "back from a redemption", "", -400_000, 0),
    ]
    assert usual_account(world.connection, creator) == Kind.DIAMONDS
