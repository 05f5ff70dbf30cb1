"""A whole Riviere on a fresh database, as the command line opens it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from riviere.database.database import Database
from riviere.services import Riviere
from riviere.settings import Settings


@pytest.fixture
def riviere(database: Database, data_folder: Path) -> Iterator[Riviere]:
    """Verified when the scenario is over, whatever it was about."""
    with Riviere(Settings(data=data_folder, database_url=database.owner_dsn)) as opened:
        yield opened
        broken = [check for check in opened.verify().checks if not check.ok]
        assert not broken
