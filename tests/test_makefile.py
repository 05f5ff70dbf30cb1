"""The commands people start with: what they list, what they say when they cannot go on, and that Ctrl-C arrives."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("make", "sh", "awk", "rm", "touch")

#: What a shell gives make: none of the settings that `make test` hands down to the makes it starts.
SHELL = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ARGS"))}

PROGRAM = """#!/bin/sh
trap 'echo stopped; exit 0' INT
echo "started $*"
while :; do sleep 0.05; done
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that make takes for a checkout, with nothing installed."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *arguments: str, path: str = os.environ["PATH"]) -> "subprocess.CompletedProcess[str]":
    """What make answers there."""
    environment = SHELL | {"PATH": path}
    command = ["make", "-C", str(folder), "--no-print-directory", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=False)


def test_make_alone_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    listed = [line.split()[1] for line in make(ROOT).stdout.splitlines()]
    assert listed == phony[1].split()


def test_without_a_new_enough_python_setup_says_so_in_one_line(checkout: Path) -> None:
    programs = checkout / "programs"
    programs.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)
    old = programs / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what Python 3.10 answers when asked whether it is 3.11
    old.chmod(0o755)
    answer = make(checkout, "setup", path=str(programs))
    assert answer.returncode == 2
    said = [line for line in answer.stderr.splitlines() if not line.startswith("make: ***")]
    assert said == ["setup: no Python 3.11 or later here; install one, or name it: make setup PYTHON=/path/to/python3"]
    assert not (checkout / ".venv").exists()


def test_setup_that_was_done_is_not_done_again(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".ready").touch()
    answer = make(checkout, "setup")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "setup: ready\n", "")


def test_ctrl_c_stops_what_make_run_started_and_waits_for_it(checkout: Path) -> None:
    program = checkout / ".venv" / "bin" / "riviere"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (checkout / ".venv" / ".ready").touch()
    with subprocess.Popen(
        ["make", "-C", str(checkout), "--no-print-directory", "run", "ARGS=--port 8081"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=SHELL, start_new_session=True,
    ) as running:  # fmt: skip
        try:
            assert running.stdout
            assert running.stdout.readline() == "started up --demo --port 8081\n"
            os.killpg(running.pid, signal.SIGINT)  # as a terminal does: make and the program both hear it
            said, _ = running.communicate(timeout=10)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
    assert said.splitlines()[0] == "stopped"


def test_ci_runs_the_tests_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "Makefile").write_text("test:\n\t@echo tests ran; cat\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    npm = programs / "npm"  # what CI installs beside comes over the network and takes half a minute
    npm.write_text("#!/bin/sh\necho npm $1\n")
    npm.chmod(0o755)
    environment = SHELL | {"PATH": f"{programs}:{os.environ['PATH']}"}
    answer = subprocess.run(
        [str(tmp_path / ".ci" / "run")],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (0, "npm install\ntests ran\n")
