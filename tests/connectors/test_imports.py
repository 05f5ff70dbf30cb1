"""Money behind an import: a second operator posts it, and only then do its diamonds become the creators' own."""

from pathlib import Path

import pytest

from riviere import clock, ids
from riviere.connectors import imports
from riviere.connectors.detect import open_recording
from riviere.connectors.imports import NothingToBack, SameOperator, UnknownImport
from riviere.connectors.replay import Replay
from riviere.economy import people, policies
from riviere.economy.wallet import wallet
from riviere.ledger.law import ROUTES, Kind, Route
from riviere.ledger.model import Hold
from riviere.ledger.refusals import NotMatured
from riviere.ledger.statement import balance_at
from riviere.ledger.writer import Writer
from riviere.services import Riviere

LOG = Path(__file__).parents[2] / "examples" / "gifts.csv"
CREATORS = {"creator-lin": 2_289_000, "creator-mor": 309_000, "creator-sol": 1_302_000}


@pytest.fixture
def imported(riviere: Riviere) -> Riviere:
    """Three creators with imported diamonds; ada ran the import."""
    now = clock.now()
    policies.defaults(riviere.connection, riviere.signer, now)
    folder = riviere.database.folder.rejects
    run = Replay(riviere.connection, riviere.writer, riviere.signer, open_recording(LOG), folder)
    run.run(None, "ada", now, lambda *_: None)
    return riviere


def held(riviere: Riviere, kind: Kind) -> dict[str, int]:
    return {name: balance_at(riviere.connection, people.find(riviere.connection, name).id, kind) for name in CREATORS}


def back(riviere: Riviere, by: str, number: int = 1) -> imports.Backed:
    return imports.back(riviere.connection, riviere.writer, riviere.signer, number, "USD", by, clock.now())


def test_nobody_backs_what_they_imported_themselves(imported: Riviere) -> None:
    with pytest.raises(SameOperator):
        back(imported, "ada")
    assert held(imported, Kind.UNBACKED) == CREATORS


def test_a_second_operator_posts_the_money_and_the_diamonds_are_released(imported: Riviere) -> None:
    quoted = imports.quote(imported.connection, 1, "USD", "bea", clock.now())
    posted = back(imported, "bea")
    # 3,900 diamonds at $0.005.
    assert (posted.amount, posted.diamonds, posted.creators) == (1_950, 3_900_000, 3)
    assert quoted == posted
    assert held(imported, Kind.DIAMONDS) == CREATORS
    assert not any(held(imported, Kind.UNBACKED).values())
    with pytest.raises(NothingToBack):
        back(imported, "bea")


def test_an_import_that_grew_is_backed_for_what_is_new(imported: Riviere, tmp_path: Path) -> None:
    back(imported, "bea")
    longer = tmp_path / "gifts.csv"
    longer.write_text(LOG.read_text() + "late,2026-07-06T12:00:00Z,viewer-new,creator-lin,ring,30,2,evening,,\n")
    Replay(
        imported.connection, imported.writer, imported.signer, open_recording(longer), imported.database.folder.rejects
    ).run(None, "ada", clock.now(), lambda *_: None)
    assert held(imported, Kind.UNBACKED)["creator-lin"] == 60_000
    assert back(imported, "bea").diamonds == 60_000


def test_a_posting_that_was_stopped_halfway_goes_on_where_it_stopped(
    imported: Riviere, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_the_money_and_one_release(writer: Writer, orders: list[object]) -> list[object]:
        if getattr(orders[0], "backing", None):
            real(writer, orders[:1])
            raise KeyboardInterrupt
        return real(writer, orders)

    real = Writer.write
    monkeypatch.setattr(Writer, "write", write_the_money_and_one_release)
    with pytest.raises(KeyboardInterrupt):
        back(imported, "bea")
    monkeypatch.undo()
    assert sum(held(imported, Kind.DIAMONDS).values()) in CREATORS.values()
    back(imported, "bea")
    assert held(imported, Kind.DIAMONDS) == CREATORS
    rows = imported.connection.execute("SELECT debit_amount FROM entry WHERE route = %s", (Route.IMPORT_BACK,))
    assert rows.fetchall() == [(1_950,)]


def test_an_import_that_does_not_exist(imported: Riviere) -> None:
    with pytest.raises(UnknownImport):
        back(imported, "bea", 7)


def test_imported_diamonds_cannot_be_held_before_and_are_the_creators_own_after(imported: Riviere) -> None:
    creator = people.find(imported.connection, "creator-lin").id
    later = clock.hour_of(clock.now()).replace(year=2999)
    hold = Hold(creator, ids.client_id("before"), ids.request_digest("before"), clock.now(), 1_000, later)
    assert isinstance(imported.writer.write([hold])[0], NotMatured)
    assert not any(law.pays == Kind.UNBACKED and law.receives == Kind.HELD for law in ROUTES.values())
    waiting = wallet(imported.connection, creator)
    back(imported, "bea")
    after = wallet(imported.connection, creator)
    assert (after.unbacked, after.diamonds) == (0, waiting.diamonds + waiting.unbacked)
    assert after.diamonds >= hold.diamonds
