"""Root's first servers on a machine: PostgreSQL needs a system user, and several starts make it together."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from riviere.database.programs import SYSTEM_USER

#: Four starts at the same moment, each in a folder of its own, say under which number they would run a server.
_TOGETHER = r"""
import multiprocessing, os, sys
from pathlib import Path
from riviere.database.folder import DataFolder
from riviere.database.programs import Programs

def start(place):
    together.wait()
    os.write(1, b"%d\n" % Programs(DataFolder(place)).user)  # a line is one write, and nobody's comes between

fork = multiprocessing.get_context("fork")
together = fork.Barrier(4)
for place in range(4):
    fork.Process(target=start, args=[Path(sys.argv[1], str(place))]).start()
"""


@pytest.fixture
def bare_etc(tmp_path: Path) -> Path:
    etc = tmp_path / "etc"
    etc.mkdir()
    for name in ("passwd", "group", "shadow", "gshadow", "login.defs", "nsswitch.conf"):
        if (there := Path("/etc", name)).exists():
            lines = there.read_text().splitlines(keepends=True)
            (etc / name).write_text("".join(line for line in lines if not line.startswith(SYSTEM_USER)))
    return etc


def test_servers_that_start_together_on_a_fresh_machine_run_as_one_user(bare_etc: Path, tmp_path: Path) -> None:
    if shutil.which("unshare") is None or shutil.which("useradd") is None:
        pytest.skip("no unshare or no useradd here")
    for place in range(4):
        (tmp_path / str(place)).mkdir()
    # An /etc of their own in place of this machine's, which knows no user for PostgreSQL.
    shell = 'mount --bind "$1" /etc || exit 77; exec "$2" -c "$3" "$4"'
    arguments = ["unshare", "--mount", "sh", "-c", shell, "sh", bare_etc, sys.executable, _TOGETHER, tmp_path]
    said = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if said.returncode == 77 or "unshare failed" in said.stderr:
        pytest.skip("only root may have an /etc of its own")
    made = [line.split(":")[2] for line in (bare_etc / "passwd").read_text().splitlines() if SYSTEM_USER in line]
    assert (said.stdout.split(), said.stderr) == (made * 4, "")
    assert len(made) == 1
