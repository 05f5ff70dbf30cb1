"""A data folder that is in use, is not ours, or is from a newer version: one line, exit status 2, nothing touched."""

from pathlib import Path

import pytest
from scene import run

from riviere.database.folder import DataFolder


def everything_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("holiday.jpg", b"", "holds other files and no riviere.json"),
        (
            "riviere.json",
            b'{"product": "riviere", "format": 2}',
            "made by a newer Riviere (format 2",
        ),
        ("riviere.json", b"{", "cannot be read as Riviere's marker"),
    ],
    ids=["not-ours", "newer", "broken"],
)
@pytest.mark.parametrize("command", ["verify", "up", "replay"])
def test_a_folder_that_is_not_ours_or_newer_is_left_alone(
    data_folder: Path, tmp_path: Path, command: str, name: str, content: bytes, reason: str
) -> None:
    (data_folder / name).write_bytes(content)
    log = tmp_path / "gifts.csv"
    log.write_text("id,at,sender,creator,item,unit_coins,count,stream\n1,1714557600000,a,b,rose,1,1,live\n")
    before = everything_in(data_folder)
    said = run(command, *([log] if command == "replay" else []), "--data", data_folder)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("riviere: ")
    assert said.err.count("\n") == 1
    assert reason in said.err
    assert everything_in(data_folder) == before


def test_a_second_riviere_up_is_told_who_has_the_folder(data_folder: Path) -> None:
    with DataFolder.open(data_folder) as ours:
        ours.claim_up()
        said = run("up", "--data", data_folder)
    assert (said.status, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert "is in use by riviere up (process " in said.err
