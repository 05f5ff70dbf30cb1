"""Tallies: whatever was given, undone and imported, and whenever it was counted, reads are what the journal says."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count, groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from riviere.clock import hour_of, whole_hours
from riviere.database.connection import Connection
from riviere.economy import places, policies, tally
from riviere.economy.catalogue import Catalogue
from riviere.economy.earned import earnings
from riviere.economy.earned.earnings import Earned
from riviere.errors import RiviereError
from riviere.ids import request_digest, system_id
from riviere.ledger.law import GIFTS, Route
from riviere.ledger.model import Entry, Gift
from world import World

REVERSALS = (Route.GIFT_REVERSE, Route.GIFT_REVERSE_BONUS)
VIEWERS, KEYS = ("mia", "ben"), ("a", "b", "c")
PLACES, GIFTS_SOLD = ("live", "clip"), ("rose", "ring", "comet")

_RUNS = count(1)


class Party:
    """One creator, two viewers and one of old records in a world that other parties share; what they may do."""

    def __init__(self, world: World) -> None:
        self.world, self.name = world, f"party {next(_RUNS)}"
        self.creator = f"{self.name} jo"
        world.creator(self.creator)
        world.post(self.creator, "clip")
        self.id = world.id(self.creator)
        world.viewer(self.of("zoe"))
        for viewer in VIEWERS:
            world.viewer(self.of(viewer))
            world.buy(self.of(viewer), 900, bonus=7)

    def of(self, viewer: str) -> str:
        return f"{self.name} {viewer}"

    def give(self, viewer: str, gift: str, pieces: int, place: str, key: str) -> None:
        where = {"stream": place} if place == "live" else {"post": place}
        self.world.give(self.of(viewer), self.creator, gift, pieces, key=f"{self.name} {key}", **where)

    def go_on(self, viewer: str, pieces: int, key: str) -> None:
        """A combo, which may begin with this or go on; it may have been undone."""
        self.world.give(self.of(viewer), self.creator, "rose", pieces, key=f"{self.name} {key}", combo=True)

    def undo(self, viewer: str, key: str) -> None:
        self.world.reverse(self.of(viewer), f"{self.name} {key}")

    def record(self, pieces: int, key: str, hours: int) -> None:
        """A step of a recorded streak of Zoe's, some hours ago."""
        world = self.world
        at = world.now - timedelta(hours=hours)
        place = (self.id, "stream", "recorded")
        where = places.ensure(world.connection, world.signer, [(*place, at)])[place]
        version = Catalogue.load(world.connection).versions("ring")[-1]
        streak = system_id("import", self.name, key)
        order = Gift(
            world.id(self.of("zoe")), streak, request_digest(), at, self.id, pieces, True, version.coins, None, 750,
            version.id, recording(world), where, None, True,
        )  # fmt: skip
        world.writer.write([order])

    def pass_time(self, minutes: int) -> None:
        self.world.later(minutes=minutes)

    def count(self, least: int) -> None:
        tally.count_up(self.world.connection, least)

    def count_and_be_killed(self) -> None:
        with self.world.connection.transaction(force_rollback=True):
            tally.count_up(self.world.connection, 1)

    def count_at_once(self) -> None:
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda _: count_elsewhere(self.world), range(2)))

    def check(self) -> None:
        """Every read is what the journal says, with or without a period."""
        journal, run = given_rows(self.world.connection, self.id), self.world.connection
        hour = hour_of(self.world.now)
        cut = hour - timedelta(minutes=90), hour - timedelta(minutes=30)
        for since, until in ((None, None), (hour, None), (None, hour), cut):
            rows = [row for row in journal if (not since or since <= row[1]) and (not until or row[1] < until)]
            asked = (run, self.id, since, until)
            assert figures(earnings.by_supporter(*asked), "supporter") == summed(rows, "supporter")
            assert figures(earnings.by_gift(*asked), "gift") == summed(rows, "gift")
            assert figures(earnings.by_place(*asked), "place") == summed(rows, "place")
            first, last = whole_hours(since, until)
            rows_of_hours = [row for row in journal if (not first or first <= row[1]) and (not last or row[1] < last)]
            assert figures(earnings.by_hour(*asked), "hour") == summed(rows_of_hours, "hour")
            whole = earnings.by_creator(run, [self.id], since, until)
            assert figures(whole, "creator") == [(self.creator, *row[1:]) for row in summed(rows, "all")]
            assert [row for row in earnings.by_creator(run, None, since, until) if row.creator == self.creator] == whole
        ranked = earnings.by_supporter(run, self.id)
        assert [earnings.by_supporter(run, self.id, limit=most) for most in (1, 2)] == [ranked[:1], ranked[:2]]


def count_elsewhere(world: World) -> bool:
    with world.database.connect(autocommit=True) as connection:
        return tally.count_up(connection, 1)


def recording(world: World) -> int:
    """The policy of the only import."""
    rates = [policy.id for policy in policies.history(world.connection, "diamonds_per_coin", "import:1")]
    if rates:
        return rates[0]
    terms = {"starts_at": world.now, "by": "ops", "now": world.now}
    policy = policies.announce(world.connection, world.signer, "diamonds_per_coin", "import:1", 750, **terms)
    world.connection.execute(
        "INSERT INTO import VALUES (1, 'gift_log', %s, 'log.csv', %s, %s, 'ops')",
        [request_digest("first"), policy.id, world.now],
    )
    return policy.id


def given_rows(connection: Connection, creator: int) -> list[tuple[dict[str, Any], datetime, list[int]]]:
    """The creator's gift legs and what undid them, out of the whole journal: names, time and the seven figures."""
    names = dict(connection.execute("SELECT user_id, external_id FROM person").fetchall())
    gifts = dict(connection.execute("SELECT v.id, g.code FROM gift_version v JOIN gift g ON g.id = v.gift").fetchall())
    where = {(row[0], row[1]): row[2] for row in connection.execute("SELECT creator, id, external_id FROM place")}
    cursor = connection.execute("SELECT * FROM entry ORDER BY booked_at, batch, position")
    entries = [Entry(**dict(zip(_columns(cursor), row, strict=True))) for row in cursor]
    legs = {(entry.owner, entry.id, entry.leg): entry for entry in entries if entry.route in GIFTS}
    rows = []
    for entry in entries:
        gift = entry
        if entry.route in REVERSALS:
            gift = legs[entry.owner, entry.cause, entry.leg]  # type: ignore[index]
        if gift.route not in GIFTS or gift.credit_user != creator:
            continue
        first = int(gift.leg == (1 if gift.route == Route.GIFT_IMPORTED else 0))
        moved = [first, gift.count, gift.debit_amount, gift.credit_amount]
        undone = [first, gift.debit_amount, gift.credit_amount]
        sums = [*(-one for one in moved), *undone] if entry is not gift else [*moved, 0, 0, 0]
        about = {
            "supporter": names[gift.owner],
            "gift": gifts[gift.item],
            "place": where[creator, gift.place],
            "hour": hour_of(gift.at),
            "all": None,
        }
        rows.append((about, gift.at, sums))
    return rows


def _columns(cursor: Any) -> list[str]:
    return [column.name for column in cursor.description]


def summed(rows: Sequence[tuple[dict[str, Any], datetime, list[int]]], by: str) -> list[tuple[Any, ...]]:
    sums: dict[Any, list[int]] = defaultdict(lambda: [0] * 7)
    for about, _, figures in rows:
        sums[about[by]] = [old + new for old, new in zip(sums[about[by]], figures, strict=True)]
    return sorted((key, *figures) for key, figures in sums.items())


def figures(rows: Sequence[Earned], name: str) -> list[tuple[Any, ...]]:
    fields = Earned.__struct_fields__
    return sorted((getattr(row, name), *(getattr(row, field) for field in fields)) for row in rows)


viewers, keys = st.sampled_from(VIEWERS), st.sampled_from(KEYS)
pieces = st.integers(1, 6)
STEPS = st.one_of(
    st.tuples(st.just(Party.give), viewers, st.sampled_from(GIFTS_SOLD), pieces, st.sampled_from(PLACES), keys),
    st.tuples(st.just(Party.go_on), viewers, pieces, keys),
    st.tuples(st.just(Party.undo), viewers, keys),
    st.tuples(st.just(Party.record), pieces, keys, st.integers(0, 3)),
    st.tuples(st.just(Party.pass_time), st.integers(1, 90)),
    st.tuples(st.just(Party.count), st.integers(1, 5)),
    st.tuples(st.just(Party.count_and_be_killed)),
    st.tuples(st.just(Party.count_at_once)),
)
BITES = st.sampled_from([(1, 1), (3, 2), (1_000, 1_000)])


@given(steps=st.lists(STEPS, min_size=12, max_size=30), bites=BITES)
@settings(
    phases=[Phase.generate],
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_happens_and_whenever_it_is_counted_reads_are_what_the_journal_says(
    world: World, monkeypatch: pytest.MonkeyPatch, steps: Sequence[tuple[Any, ...]], bites: tuple[int, int]
) -> None:
    monkeypatch.setattr(tally, "MOST_ENTRIES", bites[0])
    monkeypatch.setattr(tally, "MOST_BATCHES", bites[1])
    party = Party(world)
    for do, *how in steps:
        try:
            do(party, *how)
        except RiviereError:
            continue  # a combo that was undone does not go on, and so on
    party.check()
    tally.catch_up(world.connection)
    party.check()
    check = tally.check_tallies(world.connection)
    assert check.ok, check.detail


@pytest.fixture
def evening(world: World) -> World:
    """Jo is live and was given something by four viewers; all of it is tallied but for zoe's."""
    world.creator("jo")
    for viewer in ("mia", "ben", "zoe", "kim"):
        world.viewer(viewer)
        world.buy(viewer, 1_000)
    for viewer, gift in (("mia", "ring"), ("ben", "comet"), ("kim", "ring")):
        world.give(viewer, "jo", gift, key=f"{viewer}'s")
    while tally.count_up(world.connection, 1):
        pass
    world.give("zoe", "jo", "rose", 2)
    return world


def supporters(world: World, limit: int | None = None) -> list[tuple[str, int]]:
    rows = earnings.by_supporter(world.connection, world.id("jo"), limit=limit)
    return [(row.supporter, row.diamonds) for row in rows]


def test_of_supporters_who_gave_as_much_the_same_ones_always_come_first(evening: World) -> None:
    equal = sorted(("mia", "kim"), key=evening.id)
    assert [name for name, _ in supporters(evening)] == ["ben", *equal, "zoe"]
    evening.give("zoe", "jo", "rose", 28)
    equal = sorted(("mia", "kim", "zoe"), key=evening.id)
    for _ in range(2):
        assert [supporters(evening, most) for most in range(1, 5)] == [
            supporters(evening)[:most] for most in range(1, 5)
        ]
        assert [name for name, _ in supporters(evening)] == ["ben", *equal]
        tally.count_up(evening.connection, 1)


def test_who_leads_only_in_the_tallies_gives_way_to_what_was_undone_since(evening: World) -> None:
    evening.reverse("ben", "ben's")
    assert supporters(evening, 1) == [(min(("mia", "kim"), key=evening.id), 30_000)]
    assert supporters(evening)[-1] == ("ben", 0)


def test_a_creator_with_few_gifts_has_no_tallies(world: World) -> None:
    world.creator("jo")
    world.viewer("mia")
    world.buy("mia", 1_000)
    for _ in range(3):
        world.give("mia", "jo")
    assert tally.count_up(world.connection, 4)
    assert not tally.count_up(world.connection, 4)
    assert world.connection.execute("SELECT count(*) FROM tally").fetchone() == (0,)
    world.give("mia", "jo")
    assert tally.count_up(world.connection, 4)
    assert world.connection.execute("SELECT gifts FROM tally WHERE axis = 0").fetchone() == (4,)


def test_one_bite_has_no_more_entries_than_it_may(evening: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_ENTRIES", 2)
    for _ in range(4):
        evening.give("mia", "jo")
    seen = []
    while tally.count_up(evening.connection, 1):
        seen += evening.connection.execute("SELECT gifts FROM tally WHERE axis = 0").fetchall()
    assert [gifts for gifts, _ in groupby(seen)] == [(5,), (7,), (8,)]


def test_while_somebody_counts_nobody_else_does(evening: World) -> None:
    with evening.database.connect() as first:
        assert tally.count_up(first, 1)
        assert not tally.count_up(evening.connection, 1)
    assert not tally.count_up(evening.connection, 1), "the first has moved the cursor"


def test_a_gift_that_was_answered_is_in_the_next_read_while_others_count(world: World) -> None:
    world.creator("jo")
    world.viewer("mia")
    world.buy("mia", 1_000)
    jo = world.id("jo")
    stop: list[bool] = []

    def go_on_counting() -> None:
        with world.database.connect(autocommit=True) as connection:
            while not stop:
                tally.count_up(connection, 1)

    with ThreadPoolExecutor() as threads:
        counting = threads.submit(go_on_counting)
        try:
            for number in range(1, 101):
                world.give("mia", "jo")
                reads = (earnings.by_supporter, earnings.by_hour, earnings.by_gift)
                assert [sum(row.gifts for row in read(world.connection, jo)) for read in reads] == [number] * 3
        finally:
            stop.append(True)
        counting.result()
    assert world.connection.execute("SELECT gifts FROM tally WHERE axis = 0").fetchone() > (0,)


ALTERED = [
    *(
        (f"UPDATE tally SET {figure} = {figure} + 1 WHERE axis = {axis}", "is not what the journal says")
        for axis, figure in enumerate(("gifts", "pieces", "coins", "diamonds", "reversed_diamonds"))
    ),
    ("UPDATE tally SET reversed_gifts = 1 WHERE axis = 0", "in all 0 is not what"),
    ("UPDATE tally SET reversed_coins = 1 WHERE axis = 1", "in hour"),
    ("UPDATE tally SET creator = creator + 1", "is not what the journal says"),
    ("UPDATE tally SET key = key + 100 WHERE axis = 2", "for gift"),
    ("UPDATE tally SET axis = 3 WHERE axis = 4", "in place"),
    ("DELETE FROM tally WHERE axis = 4", "from supporter"),
    ("INSERT INTO tally SELECT creator, 4, -1, 0, 0, 0, 0, 0, 0, 0 FROM tally WHERE axis = 0", "from supporter -1"),
    ("DELETE FROM tally_mark", "is not what the journal says"),
    ("UPDATE tally_mark SET seq = seq - 1", "is not what the journal says"),
    ("UPDATE tally_mark SET seq = seq + 1", "is not what the journal says"),
    ("UPDATE tally_mark SET seq = seq + 2", "is 5, its last entry 4"),
    ("UPDATE tally_mark SET kind = 14", "its last entry 0"),
    ("UPDATE tally_mark SET creator = creator + 1", "its last entry 0"),
    ("UPDATE tally_cursor SET batch = batch + 100", "the cursor of chain 1 is"),
    ("UPDATE tally_cursor SET writer = 9", "the cursor of chain 9 is"),
]


def test_what_somebody_changed_in_the_tallies_is_found(evening: World) -> None:
    check = tally.check_tallies(evening.connection)
    assert check.ok
    assert (check.rows,) == evening.connection.execute("SELECT count(*) FROM tally").fetchone()
    with evening.database.connect_owner() as owner:
        for statement, said in ALTERED:
            owner.execute(statement)
            check = tally.check_tallies(owner)
            assert not check.ok, statement
            assert said in check.detail, statement
            owner.rollback()
