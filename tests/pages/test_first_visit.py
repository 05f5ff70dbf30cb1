"""The first visit: links that `riviere up` prints and keeps in a file."""

import json
import signal
import stat
from pathlib import Path

import httpx2
from scene import begin, ended, kill

from riviere.cli.welcome import KEPT


def started(folder: Path) -> tuple[dict[str, str | None], str, int]:
    """A start: the links it made, what the file says, and what signing in by the operator's is answered with."""
    process = begin("up", "--data", folder, "--port", 0, "--json")
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        kept = (folder / KEPT).read_text("utf-8") if (folder / KEPT).exists() else ""
        links: dict[str, str | None] = said["sign_in"]
        console = links["console"]
        answered = httpx2.post(console, data={"token": ""}, trust_env=False).status_code if console else 0
        process.send_signal(signal.SIGINT)
        assert ended(process).status == 0
    finally:
        if process.poll() is None:
            kill(process)
    return links, kept, answered


def test_the_first_operator_signs_in_by_a_link_and_later_ones_by_links_of_theirs(lasting_folder: Path) -> None:
    links, kept, answered = started(lasting_folder)
    assert (links["studio"], answered) == (None, 303)
    assert kept == f"console {links['console']}\n"
    again, kept, _ = started(lasting_folder)
    assert (again, kept) == ({"studio": None, "console": None}, ""), "no way in is left open"


def test_the_file_with_the_links_is_its_owners_alone(lasting_folder: Path) -> None:
    process = begin("up", "--demo", "--data", lasting_folder, "--port", 0, "--json")
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        file = lasting_folder / KEPT
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text("utf-8") == "".join(f"{face} {link}\n" for face, link in said["sign_in"].items())
        assert httpx2.get(said["url"] + "/s/aurora/live", trust_env=False).status_code == 200
    finally:
        kill(process)
