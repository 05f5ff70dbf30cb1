import json
from typing import Any

import pytest

from riviere.cli.main import main


def benched(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "writer", "--gifts", "2000", "--json", *arguments])
    assert ended.value.code == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("hot", [[], ["--hot"]], ids=["spread", "hot"])
def test_a_bench_of_the_writer_measures_with_everything_on_and_verifies(
    capsys: pytest.CaptureFixture[str], hot: list[str]
) -> None:
    figures = benched(capsys, *hot)
    assert (figures["gifts"], figures["hot"], figures["verified"]) == (2_000, bool(hot), True)
    assert (figures["server"]["fsync"], figures["server"]["synchronous_commit"]) == ("on", "on")
    assert figures["server"]["version"].startswith("18.")
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["p999_ms"]
    # A row has two ids, two users and 22 numbers; the write-ahead log has at least what the pages have.
    assert figures["bytes_per_gift"] > 200
    assert figures["wal_per_gift"] > 200
    assert figures["ratio_to_single"] == pytest.approx(
        figures["gifts_per_s"] / figures["baseline"]["single_tps"], rel=0.01
    )
    assert figures["ratio_to_single"] > 1, "batches are what it is all about"


def test_a_bench_of_no_gifts_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "writer", "--gifts", "0"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
