"""docs/integrate.md, word for word: every block is run, in order, in one folder, and what it shows is what comes."""

import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from riviere.http import app, problems
from riviere.http.openapi import conditions
from riviere.http.operation import OPERATIONS

assert app.AREAS, "importing the application fills the table of operations"

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "integrate.md").read_text()
#: The ports that the page names; the test has its own.
PORTS = ("8750", "8751")

FAILED = "a command FAILED"

#: What differs each time, and what takes its place before a comparison.
MASKS = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"\b(u|r|q|evt|whe|rvk)_[0-9a-z]{13}\b", r"\1_ID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| UTC)?", "TIME"),
    (r"\d+ checks over \d+ entries in \d+\.\d\d s", "N checks over N entries in N s"),
]


class Block(NamedTuple):
    """A fenced block: what kind it is, and what is in it."""

    kind: str
    text: str

    @property
    def file(self) -> str:
        """The name that its first line gives it."""
        return self.text.partition("\n")[0].removeprefix("# ")


BLOCKS = [Block(kind, text) for kind, text in re.findall(r"```(\w[\w ]*)\n(.*?)```", TEXT, re.DOTALL)]


def masked(text: str) -> str:
    """The text without what differs each time."""
    for pattern, instead in MASKS:
        text = re.sub(pattern, instead, text)
    return text.strip()


class Terminal:
    """A shell that stays: what one block exports, the next one has. It says FAILED of a command that did."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.run("trap 'echo " + FAILED + "' ERR; set -E -o pipefail")

    def run(self, commands: str) -> str:
        """What the commands write."""
        stdin, stdout = self._shell.stdin, self._shell.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{commands}\necho; echo DONE\n")
        stdin.flush()
        lines: list[str] = []
        while (line := stdout.readline()) and line != "DONE\n":
            lines.append(line)
        said = "".join(lines)
        assert line == "DONE\n", said
        return said

    def start(self, commands: str) -> None:
        """Leaves a program running, in a terminal of its own."""
        self.run(f"(\n{commands}\n) >server.log 2>&1 &")

    def close(self) -> None:
        """Ends what still runs in it, then the shell."""
        self.run("kill $(jobs -p); wait")
        self._shell.communicate(timeout=30)


def free_port() -> str:
    """A port that nobody has just now, and that no connection is given by chance: those begin at 32768."""
    while True:
        with socket.socket() as taken, suppress(OSError):
            port = random.randrange(20_000, 32_000)
            taken.bind(("127.0.0.1", port))
            return str(port)


@pytest.fixture
def terminal(data_folder: Path, tmp_path: Path) -> Iterator[Terminal]:
    """A shell in a new folder beside the examples, with the project's commands on its path."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    trial = tmp_path / "trial"
    trial.mkdir()
    # What runs is stopped with the fixture's folder, so the page's own data folder is that one.
    (trial / "riviere-data").symlink_to(data_folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RIVIERE_")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = Terminal(trial, kept | {"PATH": path, "PYTHONWARNINGS": "error", "NO_PROXY": "127.0.0.1"})
    yield shell
    shell.close()


def answered(terminal: Terminal, block: Block, shown: Block | None) -> None:
    """Runs a block of commands, until it shows what the page does where that takes a moment."""
    end = time.monotonic() + 30
    while True:
        said = masked(terminal.run(block.text))
        wanted = said if shown is None else masked(shown.text)
        if said == wanted and FAILED not in said:
            return
        if block.kind != "sh soon" or time.monotonic() > end:
            assert said == wanted, block.text
            raise AssertionError(said)
        time.sleep(0.2)


def test_the_guide_works_word_for_word(terminal: Terminal, tmp_path: Path) -> None:
    ports = dict(zip(PORTS, (free_port(), free_port()), strict=True))
    blocks = [Block(kind, re.sub("|".join(PORTS), lambda port: ports[port[0]], text)) for kind, text in BLOCKS]
    assert len(blocks) > 20
    for number, block in enumerate(blocks):
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        shown = following if following and following.kind in ("json", "text") else None
        if block.kind == "python":
            (tmp_path / "trial" / block.file).write_text(block.text)
        elif block.kind == "sh server":
            terminal.start(block.text.rstrip().replace("riviere up", f"exec riviere up --port {ports['8750']}"))
            until_ready(f"http://127.0.0.1:{ports['8750']}/v1/ready")
        elif block.kind.startswith("sh"):
            answered(terminal, block, shown)
    log = (tmp_path / "trial" / "server.log").read_text()
    assert "Traceback" not in log


def until_ready(url: str) -> None:
    """Waits for the server, as a person does in front of the other terminal."""
    end = time.monotonic() + 60
    with httpx2.Client(trust_env=False) as client:
        while True:
            try:
                client.get(url).raise_for_status()
                break
            except httpx2.HTTPError:
                assert time.monotonic() < end, "the server never came up"
                time.sleep(0.1)


def test_the_table_of_problems_is_that_of_the_api() -> None:
    known = {kind.code: problems.status_of(kind) for operation in OPERATIONS for kind in conditions(operation)}
    rows = re.findall(r"^\| (\d.*?) \| (.*?) \|", TEXT, re.MULTILINE)
    named = {code: statuses for statuses, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert len(named) > 10
    assert {code for code, statuses in named.items() if str(known.get(code)) not in statuses} == set()


def test_every_block_is_of_a_kind_that_is_run_or_shown() -> None:
    assert TEXT.count("```") == 2 * len(BLOCKS)
    assert {block.kind for block in BLOCKS} == {"sh", "sh server", "sh soon", "python", "json", "text"}
    assert all(block.file.endswith(".py") for block in BLOCKS if block.kind == "python")
    for before, shown in pairwise(BLOCKS):
        if shown.kind in ("json", "text"):
            assert before.kind in ("sh", "sh soon"), shown.text
