import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from riviere import settings
from riviere.database.folder import (
    BrokenMarker,
    DataFolder,
    FolderInUse,
    NewerData,
    NotAFolder,
    NotOurs,
    NotWritable,
)

HOLD = """
import sys, time
from pathlib import Path
from riviere.database.folder import DataFolder
folder = DataFolder.open(Path(sys.argv[1]))
folder.claim_up()
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def holder(data_folder):
    """Another process that has the folder open and is its `riviere up`."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(data_folder)], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_new_folder_is_made_for_its_owner_alone_and_opens_again(data_folder):
    path = data_folder / "not" / "there" / "yet"
    with DataFolder.open(path) as folder:
        assert path.stat().st_mode & 0o777 == 0o700
        assert (folder.keys.stat().st_mode | folder.rejects.stat().st_mode) & 0o777 == 0o700
    with DataFolder.open(path) as folder:
        assert folder.postgres == path / "postgres"


def test_an_empty_folder_that_was_open_to_others_is_closed_to_them(data_folder):
    data_folder.chmod(0o755)
    DataFolder.open(data_folder).close()
    assert data_folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_whose_making_was_cut_short_is_finished(data_folder):
    (data_folder / ".riviere.json.4711").write_text('{"prod')
    DataFolder.open(data_folder).close()
    DataFolder.open(data_folder).close()


def test_somebody_elses_folder_is_left_alone(data_folder):
    (data_folder / "thesis.txt").write_text("chapter one")
    with pytest.raises(NotOurs, match="it is not a Riviere folder"):
        DataFolder.open(data_folder)
    assert [path.name for path in data_folder.iterdir()] == ["thesis.txt"]


def test_a_folder_of_a_newer_version_is_left_alone(data_folder):
    (data_folder / "riviere.json").write_text('{"product": "riviere", "format": 2, "more": true}')
    with pytest.raises(NewerData, match=r"newer Riviere \(format 2, this one knows 1\)"):
        DataFolder.open(data_folder)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "{",
        "[]",
        '{"product": "riviere"}',
        '{"product": "other", "format": 1}',
        '{"product": "riviere", "format": 0}',
    ],
)
def test_a_broken_marker_is_named(data_folder, words):
    (data_folder / "riviere.json").write_text(words)
    with pytest.raises(BrokenMarker, match=r"riviere\.json cannot be read"):
        DataFolder.open(data_folder)


@pytest.mark.parametrize("under", [".", "below"])
def test_a_file_is_no_folder(data_folder, under):
    file = data_folder / "file"
    file.write_text("")
    with pytest.raises(NotAFolder):
        DataFolder.open(file / under)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write")
def test_a_place_that_cannot_be_written_is_named_with_the_reason():
    with pytest.raises(NotWritable, match="/proc/riviere cannot be written"):
        DataFolder.open(Path("/proc/riviere"))


def test_two_processes_share_a_folder_and_the_last_one_knows_it(data_folder):
    first, second = DataFolder.open(data_folder), DataFolder.open(data_folder)
    assert not first.last_one_out()
    first.close()
    assert second.last_one_out()
    second.close()


def test_a_second_up_is_told_who_has_the_folder_until_that_one_is_killed(data_folder, holder):
    with DataFolder.open(data_folder) as folder:
        with pytest.raises(FolderInUse) as raised:
            folder.claim_up()
        assert str(raised.value) == (
            f"{data_folder} is in use by riviere up (process {holder.pid}); "
            "stop it, or choose another folder with --data."
        )
        assert not folder.last_one_out()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with DataFolder.open(data_folder) as folder:
        folder.claim_up()
        assert folder.last_one_out()
        assert (data_folder / "up.lock").read_text() == str(os.getpid())


def test_the_folder_is_named_by_hand_or_by_the_environment_or_is_the_users_own(monkeypatch):
    monkeypatch.delenv("RIVIERE_DATABASE_URL", raising=False)
    monkeypatch.delenv("RIVIERE_DATA", raising=False)
    assert settings.from_environment().data.name == "riviere"
    assert settings.from_environment().database_url is None
    monkeypatch.setenv("RIVIERE_DATA", "/from/environment")
    monkeypatch.setenv("RIVIERE_DATABASE_URL", "postgresql://somewhere")
    assert settings.from_environment().data == Path("/from/environment")
    assert settings.from_environment(Path("/by/hand")).data == Path("/by/hand")
    assert settings.from_environment().database_url == "postgresql://somewhere"
