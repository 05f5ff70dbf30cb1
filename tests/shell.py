"""The command line on a small economy, run in this process against the test's own database."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from riviere.cli.main import main
from riviere.database.folder import DataFolder
from world import World

__all__ = ["Ran", "Run", "run", "surroundings"]


class Ran(NamedTuple):
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it answered as JSON, where it was not refused."""
        assert self.status == 0, self.err
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def surroundings(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a command: the economy's database, and a data folder with the economy's key."""
    data = tmp_path / "data"
    with DataFolder.open(data) as folder:
        (folder.keys / "signing.key").write_bytes(bytes(range(32)))
    there = {"RIVIERE_DATABASE_URL": world.database.owner_dsn, "RIVIERE_DATA": str(data)}
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    return there


@pytest.fixture
def run(surroundings: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `riviere` with these words."""

    def command(*words: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        written = capsys.readouterr()
        return Ran(int(ended.value.code or 0), written.out, written.err)

    assert surroundings
    return command
