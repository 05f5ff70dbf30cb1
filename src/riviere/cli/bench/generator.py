"""Runs a load generator beside the server: wrk where it is installed, else our own; bulk requests are always ours."""

import os
import resource
import shutil
import subprocess
import sys
from importlib import resources
from typing import Final

import msgspec

from riviere import ids
from riviere.cli.bench.load import CREATOR, GIFT, STREAM, VIEWER, Plan, Ran
from riviere.errors import RiviereError

_BODY: Final = f'{{"sender":"{VIEWER}","creator":"{CREATOR}","gift":"{GIFT}","stream":"{STREAM}"}}'
_FIGURES: Final = "RIVIERE "


class LoadFailed(RiviereError):
    """The load generator {program} failed ({reason}), so nothing was measured; run the bench again."""

    code = "load_failed"


class _OfWrk(msgspec.Struct):
    """What wrk.lua prints. Statuses above 399 are `refused`."""

    requests: int
    microseconds: int
    refused: int
    broken: int
    times: list[tuple[int, int]]


def wrk() -> str | None:
    """Where wrk is, if it is on the path."""
    return shutil.which("wrk")


def send(plan: Plan, program: str | None = None) -> Ran:
    """Sends what the plan says, with the wrk at `program` or else our own generator. Raises LoadFailed."""
    if program is not None and not plan.lines:
        return _by_wrk(plan, program)
    ours = [sys.executable, "-m", "riviere.cli.bench.load"]
    ran = subprocess.run(ours, input=msgspec.json.encode(plan), capture_output=True, check=False)
    if ran.returncode != 0:
        raise LoadFailed(program="of riviere", reason=_last(ran.stderr))
    return msgspec.json.decode(ran.stdout, type=Ran)


def _by_wrk(plan: Plan, program: str) -> Ran:
    surroundings = os.environ | {
        "RIVIERE_BENCH_PATH": plan.path,
        "RIVIERE_BENCH_KEY": plan.key,
        "RIVIERE_BENCH_RUN": ids.salt(8).hex(),
        "RIVIERE_BENCH_BODY": _BODY,
        "RIVIERE_BENCH_VIEWERS": str(plan.viewers),
        "RIVIERE_BENCH_CREATORS": str(plan.creators),
    }
    # Whole seconds are all that wrk takes.
    how = ["-t", "1", "-c", str(plan.connections), "-d", f"{max(1, round(plan.seconds))}s"]
    url = f"http://{plan.host}:{plan.port}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with resources.as_file(resources.files("riviere.cli.bench") / "wrk.lua") as script:
        ran = subprocess.run(
            [program, *how, "-s", str(script), url], capture_output=True, check=False, env=surroundings
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = ran.stdout.decode(errors="replace").rpartition(_FIGURES)
    if ran.returncode != 0 or not said[1]:
        raise LoadFailed(program="wrk", reason=_last(ran.stderr or ran.stdout))
    found = msgspec.json.decode(said[2].strip(), type=_OfWrk)
    statuses = {200: found.requests - found.refused} | ({400: found.refused} if found.refused else {})
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    times = [(microseconds / 1000, many) for microseconds, many in found.times]
    return Ran(found.microseconds / 10**6, statuses, found.broken, round(used, 3), times)


def _last(said: bytes) -> str:
    return (said.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
