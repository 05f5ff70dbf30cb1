"""A replay is stopped, has company, or reads a file that is still being written."""

import json
import os
import signal
from pathlib import Path

import msgspec
from scene import (
    BATCH,
    Said,
    batches,
    begin,
    booked,
    each_creator_has_theirs,
    ended,
    everything_stands,
    gift_log,
    run,
    wait_for,
)

from riviere.connectors.model import Reject
from riviere.database.database import open_database
from riviere.settings import Settings


def test_ctrl_c_stops_a_replay_in_one_line_and_the_next_run_goes_on(data_folder: Path, tmp_path: Path) -> None:
    log = gift_log(tmp_path / "gifts.jsonl", rows=6 * BATCH)
    process = begin("replay", log.path, "--data", data_folder, "--json")
    wait_for(lambda: batches(data_folder) >= 2, process)
    # As a terminal does it: to everybody in the foreground, PostgreSQL's own processes excepted.
    os.killpg(process.pid, signal.SIGINT)
    said = ended(process)
    assert said == Said(130, "", "riviere: stopped; what was answered is kept, run the same command to go on\n")
    with open_database(Settings(data_folder, None)):
        before = booked(data_folder)
        assert 0 < before < 6 * BATCH
        assert run("verify", "--data", data_folder).status == 0
        everything_stands(data_folder, log, before)


def test_two_replays_of_one_file_at_once_book_every_gift_once(data_folder: Path, tmp_path: Path) -> None:
    log = gift_log(tmp_path / "gifts.jsonl", rows=2 * BATCH)
    both = [begin("replay", log.path, "--data", data_folder, "--json") for _ in range(2)]
    answers = []
    for said in map(ended, both):
        assert said.status == 0, said.err
        answers.append(json.loads(said.out))
    assert sum(answer["new"] for answer in answers) == 2 * BATCH
    assert {(answer["gifts"], answer["coins"], answer["verified"]) for answer in answers} == {
        (2 * BATCH, sum(log.coins.values()), True)
    }
    with open_database(Settings(data_folder, None)):
        everything_stands(data_folder, log, 2 * BATCH)
        each_creator_has_theirs(data_folder, log)


def test_a_file_that_grows_and_ends_in_mid_line_is_booked_as_far_as_it_goes(data_folder: Path, tmp_path: Path) -> None:
    whole = gift_log(tmp_path / "whole.jsonl", rows=120)
    lines = whole.path.read_bytes().splitlines(keepends=True)
    log = tmp_path / "gifts.jsonl"

    def replayed() -> tuple[int, dict[str, int]]:
        said = run("replay", log, "--data", data_folder, "--json")
        answer = json.loads(said.out)
        assert answer["verified"]
        return said.status, {name: answer[name] for name in ("rows", "gifts", "new", "rejected")}

    with open_database(Settings(data_folder, None)):
        log.write_bytes(b"".join(lines[:50]) + lines[50][:40])
        assert replayed() == (1, {"rows": 51, "gifts": 50, "new": 50, "rejected": 1})
        (kept,) = (data_folder / "rejects").iterdir()
        (refused,) = kept.read_bytes().splitlines()
        reject = msgspec.json.decode(refused, type=Reject)
        assert (reject.line, reject.raw) == (51, lines[50][:40].decode())
        # The line is completed and others follow: what was rejected is booked, and no reject file is left.
        log.write_bytes(b"".join(lines))
        assert replayed() == (0, {"rows": 120, "gifts": 120, "new": 70, "rejected": 0})
        assert not kept.exists()
        assert replayed() == (0, {"rows": 120, "gifts": 120, "new": 0, "rejected": 0})
        each_creator_has_theirs(data_folder, whole)
