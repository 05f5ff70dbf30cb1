"""What people do with the command, and the names and keys that are a contract."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from riviere import clock, ids
from riviere.cli import common
from shell import Run
from world import World

EXAMPLE = Path(__file__).parents[2] / "examples" / "gifts.jsonl"


@pytest.fixture
def stage(world: World) -> World:
    """Mia bought 700 coins and 20 for nothing; Jo and Ann are live."""
    world.viewer("mia")
    world.creator("jo")
    world.creator("ann")
    world.buy("mia", 700, bonus=20, key="b1")
    return world


def test_a_new_economy_is_set_up_and_a_gift_is_sent_by_commands_alone(run: Run) -> None:
    assert run("admin", "defaults", "--json").json["gifts"] > 70
    assert run("user", "add", "vera", "--level", "2", "--region", "NO", "--json").json["region"] == "NO"
    assert run("user", "add", "sol", "--json").json["id"].startswith("u_")
    assert run("stream", "start", "sol", "one", "--json").json["ended_at"] is None
    assert run("post", "add", "sol", "clip", "--json").json["kind"] == "post"
    bought = run("buy", "vera", "pack-700", "--key", "b", "--json").json
    assert (bought["coins"], bought["bonus"], bought["price"], bought["currency"]) == (700, 20, "9.99", "USD")
    sent = run("gift", "vera", "sol", "ring", "--stream", "one", "--count", "3", "--json").json
    assert (sent["coins"], sent["diamonds"], sent["count"], sent["repeated"]) == (90, "90", 3, False)
    undone = run("reverse", "vera", sent["key"], "--json").json
    assert (undone["coins"], undone["diamonds"], undone["creator"]) == (90, "90", "sol")
    assert run("verify", "--json").json["ok"]


def test_a_key_that_is_sent_again_moves_nothing_and_says_so(stage: World, run: Run) -> None:
    words = ("gift", "mia", "jo", "rose", "--stream", "live", "--count", "5", "--key", "k", "--json")
    first, again = run(*words).json, run(*words).json
    assert (first.pop("repeated"), again.pop("repeated")) == (False, True)
    assert (first.pop("new_coins"), again.pop("new_coins")) == (5, 0)
    assert (first.pop("new_diamonds"), again.pop("new_diamonds")) == ("5", "0")
    assert first == again
    assert "nothing moved" in run(*words[:-1]).out
    bought = run("buy", "mia", stage.pack(700, 20), "--key", "b1", "--json").json
    assert (bought["repeated"], bought["coins"], bought["bonus"], bought["price"]) == (True, 700, 20, "7.00")


@pytest.mark.usefixtures("stage")
def test_a_combo_goes_on_under_its_key(run: Run) -> None:
    words = ("gift", "mia", "jo", "rose", "--stream", "live", "--combo", "--key", "streak", "--count")
    assert run(*words, "4", "--json").json["new_coins"] == 4
    step = run(*words, "10", "--json").json
    assert (step["count"], step["coins"], step["new_coins"]) == (10, 10, 6)
    assert "mia sent rose ×12 to jo: 12 coins, 12 diamonds; this step 2 coins, 2 diamonds" in run(*words, "12").out


def test_earnings_are_told_by_creator_and_by_what_brought_them(stage: World, run: Run) -> None:
    assert "no gifts yet: riviere replay FILE" in run("earnings").out
    stage.post("jo", "clip")
    stage.give("mia", "jo", "ring", 5)
    stage.give("mia", "jo", "rose", 3, post="clip")
    stage.give("mia", "ann", "rose", key="undone")
    stage.reverse("mia", "undone")
    rows = run("earnings", "--json").json["rows"]
    assert [(row["creator"], row["gifts"], row["pieces"], row["coins"], row["diamonds"]) for row in rows] == [
        ("jo", 2, 8, 153, "153"),
        ("ann", 0, 0, 0, "0"),
    ]
    assert (rows[1]["reversed_gifts"], rows[1]["reversed_diamonds"]) == (1, "1")
    for by, names in (
        ("gift", [("ring", "Ring"), ("rose", "Rose")]),
        ("supporter", [("mia",)]),
        ("place", [("stream", "live"), ("post", "clip")]),
    ):
        found = run("earnings", "jo", "--by", by, "--json").json["rows"]
        assert [tuple(row.values())[: len(names[0])] for row in found] == names
    assert len(run("earnings", "jo", "--by", "gift", "--limit", "1", "--json").json["rows"]) == 1
    (hour,) = run("earnings", "jo", "--by", "hour", "--json").json["rows"]
    assert hour["hour"].endswith(":00:00Z")
    within = (clock.parse(hour["hour"]) + timedelta(minutes=30)).isoformat()
    chart = run("earnings", "jo", "--by", "hour", "--since", hour["hour"], "--until", within, "--json").json
    assert chart["rows"] == [hour]
    assert (chart["since"], clock.parse(chart["until"])) == (
        hour["hour"],
        clock.parse(hour["hour"]) + timedelta(hours=1),
    )
    shown = run("earnings", "jo").out
    assert "in all: 2 gifts, 153 coins, 153 diamonds" in shown
    past = (stage.now - timedelta(days=1)).isoformat()
    assert "no gifts in that time" in run("earnings", "--until", past).out


def test_exported_earnings_have_the_keys_that_others_rely_on(run: Run) -> None:
    replayed = run("replay", str(EXAMPLE), "--rate", "0.75", "--json").json
    rows = run("export", "earnings", "--json").json
    assert [*rows[0]][:1] == ["creator"]
    for row in rows:
        assert type(row["gifts"]) is int
        assert type(row["coins"]) is int
        assert Decimal(row["diamonds"]) == row["coins"] * Decimal("0.75")
    assert sum(row["gifts"] for row in rows) == replayed["gifts"]
    assert sum(row["coins"] for row in rows) == replayed["coins"]
    table = [*csv.DictReader(io.StringIO(run("export", "earnings").out))]
    assert [(row["creator"], int(row["gifts"]), int(row["coins"]), row["diamonds"]) for row in table] == [
        (row["creator"], row["gifts"], row["coins"], row["diamonds"]) for row in rows
    ]


def test_names_are_written_as_they_are_whatever_they_look_like(world: World, run: Run) -> None:
    world.creator("jo, the [bold]first[/bold] :rose:")
    world.viewer('say "hi"')
    world.buy('say "hi"', 10)
    world.give('say "hi"', "jo, the [bold]first[/bold] :rose:")
    (row,) = csv.DictReader(io.StringIO(run("export", "earnings").out))
    assert row["creator"] == "jo, the [bold]first[/bold] :rose:"
    assert "jo, the [bold]first[/bold] :rose:" in run("earnings").out
    assert 'say "hi"' in run("statement", "jo, the [bold]first[/bold] :rose:").out


def test_a_statement_shows_every_line_between_two_balances(stage: World, run: Run) -> None:
    stage.give("mia", "jo", "ring", 2)
    told = run("statement", "mia", "--json").json
    assert (told["account"], told["opening"], told["closing"]) == ("coins", 0, 660)
    assert [(line["seq"], line["route"], line["amount"], line["balance"]) for line in told["lines"]] == [
        (1, "coins.buy", 700, 700),
        (2, "gift", -40, 660),
    ]
    assert told["lines"][0]["what"] == "pack-700-20-30 for 7.00 USD"
    assert "balance" in run("statement", "mia").out
    hers = run("statement", "jo", "--json").json
    assert (hers["account"], hers["closing"], hers["lines"][0]["who"]) == ("diamonds", "60", "mia")
    assert [line["what"] for line in hers["lines"]] == ["Ring ×2", "Ring (rest)"]
    lines = run("export", "statement", "jo", "--json").json
    assert lines == hers["lines"]
    (head, *_) = csv.reader(io.StringIO(run("export", "statement", "jo").out))
    assert head == [*lines[0]]
    bonus = run("statement", "mia", "--account", "coins.bonus", "--json").json
    assert [line["what"] for line in bonus["lines"]] == ["bonus of pack-700-20-30", "Ring ×2"]
    assert "nothing was booked; the balance is 0" in run("statement", "mia", "--account", "diamonds").out


def test_a_creator_who_only_has_imported_diamonds_sees_those_and_why(run: Run) -> None:
    assert run("replay", str(EXAMPLE)).status == 0
    shown = run("statement", "creator-lin").out
    assert "diamonds.unbacked" in shown
    assert "riviere admin back" in shown
    assert "happened at" in shown


def test_a_statement_is_handed_over_and_checked_without_any_database(
    stage: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.give("mia", "jo", "ring", 2)
    file = tmp_path / "jo.json"
    written = run("statement", "jo", "--proofs", str(file), "--json").json
    assert written["public_key"] == stage.signer.public_key.hex()
    monkeypatch.setenv("RIVIERE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("RIVIERE_DATA", str(tmp_path / "nowhere"))
    checked = ("check-statement", str(file), "--public-key", written["public_key"])
    assert run(*checked, "--json").json["problems"] == []
    assert "proven" in run(*checked).out
    assert "it holds together" in run("check-statement", str(file)).out
    assert not (tmp_path / "nowhere").exists()
    document = json.loads(file.read_text())
    document["lines"][0]["amount"] += 1
    file.write_text(json.dumps(document))
    broken = run(*checked)
    assert broken.status == 1
    assert len(broken.out.splitlines()) > 1
    assert all(line.startswith("✗ ") for line in broken.out.splitlines())
    file.write_text("{}")
    assert run(*checked).status == 2


def test_a_balance_is_told_now_and_as_it_stood(stage: World, run: Run) -> None:
    before = run("statement", "mia", "--json").json["lines"][-1]["booked_at"]
    stage.give("mia", "jo", "ring", 2)
    now = run("balance", "mia", "--json").json
    assert now["accounts"] == {
        "coins": 660,
        "coins.bonus": 0,
        "coins.imported": 0,
        "coins.frozen": 0,
        "diamonds": "0",
        "diamonds.held": "0",
        "diamonds.owed": "0",
        "diamonds.unbacked": "0",
    }
    then = run("balance", "mia", "--at", before, "--json").json
    assert (then["accounts"]["coins"], then["accounts"]["coins.bonus"]) == (700, 20)
    assert "660" in run("balance", "mia").out


def test_provenance_names_the_purchases_that_paid(stage: World, run: Run) -> None:
    stage.give("mia", "jo", "ring", 2, key="g")
    told = run("provenance", "mia", "g", "--json").json
    assert [(piece["pack"], piece["account"], piece["coins"]) for piece in told["pieces"]] == [
        ("pack-700-20-30", "coins.bonus", 20),
        ("pack-700-20-30", "coins", 40),
    ]
    assert told["reversed"] is False
    run("reverse", "mia", "g")
    assert "these coins went back" in run("provenance", "mia", "g").out


def test_people_change_and_are_forgotten(stage: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.give("mia", "jo")
    assert run("user", "set", "mia", "--level", "20", "--json").json["level"] == 20
    short = run("user", "set", "mia", "--region", "ID", "--json").json["id"]
    monkeypatch.setattr("sys.stdin", _Terminal("yes\n"))
    assert "is forgotten" in run("user", "forget", "mia").out
    assert run("balance", "mia").status == 2
    assert run("earnings", "jo", "--by", "supporter", "--json").json["rows"][0]["supporter"] == short
    monkeypatch.setattr("sys.stdin", _Terminal("n\n"))
    assert run("user", "forget", "jo").status == 2
    assert run("balance", "jo").status == 0


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("stage")
def test_a_stream_starts_and_ends(run: Run) -> None:
    assert run("stream", "start", "jo", "second", "--json").json["opened_at"]
    assert run("stream", "end", "jo", "second", "--json").json["ended_at"]
    assert run("gift", "mia", "jo", "rose", "--stream", "second").status == 2


def test_an_operator_changes_what_is_sold(stage: World, run: Run) -> None:
    codes = [row["gift"] for row in run("admin", "gifts", "--json").json["gifts"]]
    assert codes[0] == "rose"
    limits = ("--level", "3", "--region", "NO", "--combo")
    added = run("admin", "gift", "add", "moon", "Moon", "500", *limits, "--json").json
    assert (added["unlock_level"], added["regions"], added["combo"]) == (3, ["NO"], True)
    dearer = run("admin", "gift", "price", "moon", "600", "--json").json
    assert (dearer["coins"], dearer["unlock_level"]) == (600, 3)
    assert run("admin", "gift", "retire", "moon").status == 0
    assert "moon" not in run("admin", "gifts").out
    later = (stage.now + timedelta(days=30)).isoformat()
    assert run("admin", "gift", "price", "rose", "2", "--from", later).status == 0
    assert "announced" in run("admin", "gifts").out
    run("admin", "pack", "add", "mini", "10", "0.19", "USD", "--bonus", "1")
    (mini,) = [row for row in run("admin", "packs", "--json").json["packs"] if row["pack"] == "mini"]
    assert (mini["coins"], mini["bonus"], mini["price"]) == (10, 1, "0.19")
    run("admin", "pack", "retire", "mini")
    assert "mini" not in run("admin", "packs").out


def test_an_operator_announces_figures(stage: World, run: Run) -> None:
    later = (stage.now + timedelta(days=30)).isoformat()
    for words in (
        ("diamonds_per_coin", "0.45", "--from", later),
        ("fee", "paypal:EUR", "--share", "1.5%", "--fixed", "0.10"),
        ("money_per_diamond", "EUR", "0.0045"),
    ):
        assert run("admin", "policy", *words).status == 0, words
    told = {
        (row["name"], row["scope"], row["state"]): row for row in run("admin", "policies", "--json").json["policies"]
    }
    assert told["diamonds_per_coin", "", "announced"]["amount"] == 450
    assert told["diamonds_per_coin", "", "in force"]["figure"] == "1 diamond a coin"
    assert told["fee", "paypal:EUR", "in force"]["figure"] == "1.5 % and 0.10 EUR"
    assert "0.0045 EUR a diamond" in run("admin", "policies").out


def test_money_is_posted_behind_an_import_by_a_second_person_who_is_asked(run: Run) -> None:
    assert "no imports yet: riviere replay FILE" in run("admin", "imports").out
    diamonds = run("replay", str(EXAMPLE), "--json").json["diamonds"]
    (row,) = run("admin", "imports", "--json").json["imports"]
    back = ("admin", "back", str(row["import"]), "--currency", "USD")
    same = run(*back, "--yes")
    assert (same.status, "somebody else" in same.err) == (2, True)
    asked = run(*back, "--operator", "bea")
    assert asked.status == 2
    assert f"Post 201.53 USD behind {int(diamonds):,} diamonds of 3 creators?" in asked.err
    assert run("balance", "creator-lin", "--json").json["accounts"]["diamonds"] == "0"
    done = run(*back, "--operator", "bea", "--yes", "--json").json
    assert (done["amount"], done["diamonds"], done["creators"]) == ("201.53", diamonds, 3)
    assert run("balance", "creator-lin", "--json").json["accounts"]["diamonds.unbacked"] == "0"
    again = run(*back, "--operator", "bea", "--yes")
    assert (again.status, "already money behind" in again.err) == (2, True)


def test_no_money_is_half_posted_where_its_currency_has_no_rate(run: Run, world: World) -> None:
    run("replay", str(EXAMPLE))
    assert run("admin", "back", "1", "--currency", "EUR", "--operator", "bea", "--yes").status == 2
    assert world.connection.execute("SELECT count(*) FROM backing").fetchone() == (0,)


def test_bonus_coins_expire_when_their_time_has_passed(stage: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("admin", "expire", "--json").json == {"expired": 0}
    soon = stage.now + timedelta(days=31)
    monkeypatch.setattr("riviere.clock.now", lambda: soon)
    assert run("admin", "expire", "--json").json == {"expired": 20}
    assert run("balance", "mia", "--json").json["expiring"] == []


def test_the_catalogue_is_a_table_and_a_page_of_pictures(run: Run, tmp_path: Path) -> None:
    rows = run("export", "catalogue", "--json").json
    assert [row["gift"] for row in rows] == ["rose", "jasmine", "ring", "comet", "crown"]
    table = [*csv.DictReader(io.StringIO(run("export", "catalogue").out))]
    assert (table[1]["regions"], table[0]["combo"], table[0]["coins"]) == ("ID IN PH", "true", "1")
    page = tmp_path / "gifts.html"
    assert run("export", "catalogue", "--pictures", str(page)).status == 0
    assert page.read_text().count("<svg") >= len(rows)


@pytest.mark.usefixtures("stage")
def test_the_database_tells_what_it_is(run: Run) -> None:
    told = run("db", "status", "--json").json
    assert told["database"].startswith("PostgreSQL ")
    assert told["entries"] == 2
    assert told["bytes"] > 1_000_000
    assert [row["number"] for row in told["migrations"]] == [*range(1, len(told["migrations"]) + 1)]
    assert all(row["applied_at"] for row in told["migrations"])
    assert "entries" in run("db", "status").out
    assert run("db", "migrate", "--json").json == {"applied": []}


@pytest.mark.parametrize("width", [20, 60, 300])
def test_no_terminal_is_too_narrow_for_a_figure(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common.out, "_width", width)
    row = ("a creator with a long name", "9,223,372,036,854,775,807", "words that may be folded")
    common.out.print(common.table(("creator", ">diamonds", "note"), [row]))
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["creator", "diamonds", "note"]
    assert f"{row[0]}  {row[1]}" in lines[0]
    assert " ".join(" ".join(lines).split()).endswith("words that may be folded")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("{} export catalogue > /dev/full", "riviere: The answer cannot be written (No space left on device)"),
        ("{} export catalogue --json | true", ""),
        ("{} admin gifts | true", ""),
    ],
)
def test_an_answer_that_nobody_takes_ends_the_command_without_a_fuss(
    surroundings: dict[str, str], command: str, said: str
) -> None:
    riviere = Path(sys.executable).with_name("riviere")
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.format(riviere)],
        env=os.environ | surroundings,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(said)
    assert ran.stderr.count("\n") == bool(said)


def test_keys_that_are_made_differ() -> None:
    assert len({ids.new_key() for _ in range(100)}) == 100
