"""The built wheel, installed into an empty environment somewhere else, does what it does here."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
#: Nothing of this environment leads the other one back here.
ELSEWHERE = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RIVIERE", "COV"))}


def done(*command: str | Path, cwd: Path | None = None) -> str:
    """Runs a command to its end and answers its standard output."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=cwd, env=ELSEWHERE)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the build backend of this environment."""
    out = tmp_path_factory.mktemp("wheel")
    here = ("--no-build-isolation", "--python", sys.executable)
    done(UV, "build", "--quiet", "--wheel", *here, "--out-dir", out, ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def riviere(wheel: Path) -> Iterator[Path]:
    """The `riviere` program of an environment that has the wheel and what it needs, and nothing else."""
    # Not under pytest's own tree: every run closes that to others, and root's server runs as another user.
    with tempfile.TemporaryDirectory(prefix="riviere-wheel-") as folder:
        program = Path(folder) / "bin" / "riviere"
        done(UV, "venv", "--quiet", "--python", sys.executable, folder)
        install = [UV, "pip", "install", "--quiet", "--python", program.with_name("python"), wheel]
        for way in (["--offline"], []):
            tried = subprocess.run([*install, *way], capture_output=True, text=True, timeout=120, check=False)
            if tried.returncode == 0:
                yield program
                return
        pytest.skip(f"what the wheel needs is not in uv's cache and not to be had: {tried.stderr.strip()[-200:]}")


def test_the_wheel_has_our_tables_and_statements_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*") if path.is_file()}
    ours = {name for name in ours if "__pycache__" not in name}
    assert {Path(name).suffix for name in ours} == {".py", ".sql", ".csv", ".html", ".css", ".js", ".svg", ".lua"}
    assert {name for name in names if ".dist-info/" not in name} == ours
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_installed_wheel_says_the_law_and_replays_a_log(riviere: Path, data_folder: Path) -> None:
    law = json.loads(done(riviere, "law", "--json", cwd=data_folder))
    assert "gift" in {route["route"] for route in law["routes"]}
    log = ROOT / "examples" / "gifts.jsonl"
    answer = json.loads(done(riviere, "replay", log, "--json", "--data", data_folder, cwd=data_folder))
    assert (answer["gifts"], answer["new"], answer["coins"], answer["verified"]) == (40, 40, 40_306, True)
    located = done(riviere.with_name("python"), "-c", "import riviere; print(riviere.__file__)", cwd=data_folder)
    assert Path(located).is_relative_to(riviere.parent.parent)


@contextmanager
def up(riviere: Path, data_folder: Path) -> Iterator[str]:
    """`riviere up --demo` while it runs; answers what it said when the economy was ready."""
    command = [riviere, "up", "--demo", "--data", data_folder]
    begun = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ELSEWHERE, cwd=riviere.parent
    ) as process:
        assert process.stdout is not None
        ready = next((line for line in process.stdout if "demo economy ready" in line), None)
        if ready is None:
            pytest.fail(process.communicate()[1])
        assert time.monotonic() - begun < 60
        try:
            yield ready
        finally:
            process.send_signal(signal.SIGINT)
            _, complaints = process.communicate(timeout=30)
        assert (process.returncode, complaints) == (0, "")


def test_up_with_a_demo_is_there_within_a_minute_and_everything_is_still_there_next_time(
    riviere: Path, data_folder: Path
) -> None:
    def entries() -> int:
        return int(json.loads(done(riviere, "verify", "--json", "--data", data_folder))["entries"])

    with up(riviere, data_folder) as first:
        assert re.search(r"12 creators, 2,000 viewers", first)
        filled = entries()
    with up(riviere, data_folder) as again:
        assert again == first
    # Between the two nothing was made anew; in the seconds they ran a few gifts may have arrived.
    assert filled <= entries() < filled + 50
