"""`riviere --url`: the same commands, asked of a server, answer what they answer on the server's own data folder."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from front import Front
from structlog.testing import capture_logs

from riviere.access import keys
from riviere.access.scopes import SCOPES
from riviere.cli.main import main
from riviere.database.folder import DataFolder


class Ran(NamedTuple):
    """What a command left."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]

RECORDING = Path(__file__).parents[2] / "examples" / "gifts.jsonl"


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """The server is in this process, and its log would stand among what commands write."""
    with capture_logs():
        yield


@pytest.fixture
def stage(front: Front) -> Front:
    """Mia bought 700 coins and 20 for nothing; Jo is live, and somebody has given already."""
    front.viewer("mia", level=7, region="NO")
    front.creator("jo")
    front.buy("mia", 700, bonus=20, key="b1")
    front.post("jo", "hello")
    front.give("mia", "jo", "comet", key="g1")
    front.give("mia", "jo", "rose", 3, key="g2", combo=True)
    front.give("mia", "jo", "ring", key="g3", post="hello")
    front.reverse("mia", "g3")
    return front


@pytest.fixture
def here(stage: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `riviere` on the server's own data."""
    data = tmp_path / "data"
    with DataFolder.open(data) as folder:
        (folder.keys / "signing.key").write_bytes(bytes(range(32)))

    def command(*words: str) -> Ran:
        with monkeypatch.context() as patch:
            patch.setenv("RIVIERE_DATABASE_URL", stage.database.owner_dsn)
            patch.setenv("RIVIERE_DATA", str(data))
            patch.delenv("RIVIERE_URL", raising=False)
            return _ran(words, capsys)

    return command


@pytest.fixture
def there(stage: Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `riviere` with the server's address and a key; of this machine's data nothing is to be found."""
    _, key = keys.create(stage.connection, "command line", SCOPES, by="tests", now=stage.now)

    def command(*words: str) -> Ran:
        with monkeypatch.context() as patch:
            patch.setenv("RIVIERE_URL", stage.url)
            patch.setenv("RIVIERE_KEY", key)
            patch.setenv("RIVIERE_DATA", str(tmp_path / "nothing"))
            patch.delenv("RIVIERE_DATABASE_URL", raising=False)
            ran = _ran(words, capsys)
        assert not (tmp_path / "nothing").exists()
        return ran

    return command


def _ran(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> Ran:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(words)
    return Ran(int(ended.value.code or 0), *capsys.readouterr())


ANSWERED = [
    "balance mia",
    "balance jo",
    "provenance mia g1",
    "earnings",
    "earnings jo",
    "earnings jo --by supporter",
    "earnings jo --by place",
    "earnings jo --by hour",
    "earnings jo --since 2026-01-01T00:00:00Z --until 2026-01-02T00:00:00Z",
    "gift mia jo comet --stream live --key g1",
    "gift mia jo rose --count 3 --combo --stream live --key g2",
    "reverse mia g3",
    "stream start jo live",
    "post add jo hello",
    "user set mia --level 9",
    "user set mia --region",
]


def test_a_server_answers_what_its_own_data_does(here: Run, there: Run, subtests: pytest.Subtests) -> None:
    for words in ANSWERED:
        said = words.split() + [""] * words.endswith("--region")
        with subtests.test(words=words):
            for how in ([], ["--json"]):
                local, remote = here(*said, *how), there(*said, *how)
                assert (local.status, local.err) == (0, "")
                assert remote == local


@pytest.mark.parametrize("words", ["statement jo", "statement mia", "statement mia --account coins.bonus"])
def test_a_statement_has_the_same_lines(here: Run, there: Run, words: str) -> None:
    local, remote = (json.loads(run(*words.split(), "--json").out) for run in (here, there))
    assert remote | {"until": None} == local | {"until": None}
    assert len(local["lines"]) >= 1
    first, last = local["lines"][0], local["lines"][-1]
    period = ["--since", first["booked_at"], "--until", last["booked_at"]]
    if first is not last:
        assert there(*words.split(), *period).out == here(*words.split(), *period).out


def test_a_day_in_the_life_of_a_platform(there: Run) -> None:
    def told(*words: str) -> Any:
        ran = there(*words, "--json")
        assert (ran.status, ran.err) == (0, "")
        return json.loads(ran.out)

    short = told("user", "add", "zed", "--region", "NO")["id"]
    told("stream", "start", "zed", "first")
    bought = told("buy", "mia", "pack-700-20-30")
    assert (bought["coins"], bought["bonus"], bought["price"], bought["repeated"]) == (700, 20, "7.00", False)
    sent = told("gift", "mia", "zed", "comet", "--stream", "first", "--message", "hi")
    assert (sent["new_coins"], sent["new_diamonds"]) == (299, sent["diamonds"])
    step = told("gift", "mia", "zed", "rose", "--count", "4", "--combo", "--stream", "first", "--key", "c")
    assert (step["coins"], step["new_coins"]) == (4, None)
    assert told("reverse", "mia", sent["key"])["coins"] == 299
    assert told("stream", "end", "zed", "first")["ended_at"]
    assert told("user", "forget", "zed", "--yes") == {"forgotten": "zed", "id": short}


def test_a_server_verifies_its_books(stage: Front, there: Run) -> None:
    assert stage.wrong() == []
    for _ in range(2):
        ran = there("verify")
        assert ran.status == 0
        assert "✓ balanced: " in ran.out
    assert json.loads(there("verify", "--json").out)["ok"] is True


def test_a_proven_statement_comes_from_afar(stage: Front, there: Run, tmp_path: Path) -> None:
    assert stage.wrong() == []
    file = tmp_path / "statement.json"
    since = (stage.now.replace(microsecond=0)).isoformat().replace("+00:00", "Z")
    year = ["--since", since.replace(since[:4], str(int(since[:4]) - 1), 1).replace("02-29", "02-28")]
    told = there("statement", "jo", "--account", "diamonds", "--proofs", str(file), *year, "--json")
    key = json.loads(told.out)["public_key"]
    assert there("check-statement", str(file), "--public-key", key).status == 0
    refused = there("statement", "jo", "--proofs", str(file))
    assert (refused.status, refused.out) == (2, "")
    assert "say --since" in refused.err


REFUSED = [
    ("gift mia jo comet --count 99 --stream live", "Not enough coins"),
    ("gift mia jo comet --stream live --key é", "plain ASCII characters"),
    ("balance nobody", "nobody"),
    ("provenance mia nothing", "nothing"),
    ("earnings --by gift", "name one"),
    ("user add mia", "mia"),
    ("stream end jo nothing", "nothing"),
    ("admin defaults", "leave out --url, and RIVIERE_URL"),
    ("export earnings", "leave out --url, and RIVIERE_URL"),
    ("replay FILE", "leave out --url, and RIVIERE_URL"),
    ("up --fresh", "leave out --url, and RIVIERE_URL"),
    ("balance mia --url http://127.0.0.1:1 --data here", "--data names a folder and --url a server"),
    ("balance mia --url gifts.example.com", "is like https://gifts.example.com, not"),
    ("balance mia --key-file nowhere", "nowhere cannot be read"),
]


def test_what_cannot_be_done_is_one_line(stage: Front, there: Run, subtests: pytest.Subtests) -> None:
    for words, says in REFUSED:
        with subtests.test(words=words), stage.nothing_moves():
            ran = there(*words.replace("FILE", str(RECORDING)).split())
            assert (ran.status, ran.out) == (2, "")
            assert ran.err.count("\n") == 1
            assert says in ran.err


def test_a_key_comes_from_a_file_or_the_environment_and_from_nowhere_else(
    stage: Front, there: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RIVIERE_KEY", raising=False)
    none = _ran(("balance", "mia", "--url", stage.url), capsys)
    assert "RIVIERE_KEY" in none.err
    _, key = keys.create(stage.connection, "file", ["wallets:read"], by="tests", now=stage.now)
    (tmp_path / "key").write_text(key + "\n")
    assert _ran(("balance", "mia", "--url", stage.url, "--key-file", str(tmp_path / "key")), capsys).status == 0
    small = _ran(("user", "add", "kim", "--url", stage.url, "--key-file", str(tmp_path / "key")), capsys)
    assert "scope users:write" in small.err
    (tmp_path / "key").write_text("rvk_wrong")
    wrong = _ran(("balance", "mia", "--url", stage.url, "--key-file", str(tmp_path / "key")), capsys)
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)
    assert "rvk_wrong" not in wrong.err
