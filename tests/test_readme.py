"""The README's first five minutes, word for word: every command in it is run, in order, in one folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


def test_the_first_five_minutes_work_word_for_word(data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    binaries = Path(sys.executable).parent
    environment = os.environ | {"RIVIERE_DATA": str(data_folder), "PATH": f"{binaries}:{os.environ['PATH']}"}
    assert COMMANDS[0].startswith("export PATH=")
    assert len(COMMANDS) > 15
    said = {}
    for command in COMMANDS[1:]:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr or done.stdout}"
        said.setdefault(command, []).append(done.stdout)
    first, second = said["riviere replay examples/webcast.jsonl"]
    assert "11 (11 new)" in first
    assert "11 (0 new)" in second
    assert "balanced" in said["riviere verify"][0]
