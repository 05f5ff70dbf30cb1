"""A folder of an older version is opened by this one: what was proved before can still be proved."""

from pathlib import Path

import pytest

from riviere import clock
from riviere.database import migrate
from riviere.ledger.evidence import last_head, sign_head
from riviere.services import Riviere
from riviere.settings import Settings


def test_books_of_an_older_version_verify_after_the_upgrade(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = migrate.shipped()
    with monkeypatch.context() as older:
        older.setattr(migrate, "shipped", lambda: every[:2])
        with Riviere(Settings(data_folder, None)) as riviere, riviere.database.connect() as connection:
            sign_head(connection, riviere.signer, clock.now())
    with Riviere(Settings(data_folder, None)) as riviere:
        assert len(riviere.database.migrated) == len(every[2:])
        with riviere.database.connect() as connection:
            head = last_head(connection)
        assert head is not None
        assert head.number == 2, "a head vouches for what the migrations changed"
        report = riviere.verify()
    assert report.ok, [check for check in report.checks if not check.ok]
