"""Bad input: one line that says what is wrong, exit status 2, and nothing moved."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from riviere import clock
from riviere.economy import offers
from shell import Run
from world import World

STATE = """
SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM users), (SELECT count(*) FROM person),
(SELECT count(*) FROM place WHERE ended_at IS NULL), (SELECT count(*) FROM gift_version WHERE upper_inf(during)),
(SELECT count(*) FROM pack WHERE upper_inf(during)), (SELECT count(*) FROM policy WHERE upper_inf(during)),
(SELECT count(*) FROM backing), (SELECT count(*) FROM head), (SELECT sum(level) FROM users)
"""


@pytest.fixture
def stage(world: World) -> World:
    """Mia with 1,000 coins who sent one gift, and Jo who is live and has ended another stream."""
    world.viewer("mia")
    world.creator("jo")
    world.stream("jo", "over")
    world.end("jo", "over")
    world.buy("mia", 1_000)
    world.gift("fossil", 5)
    world.give("mia", "jo", key="used")
    now = clock.now()
    offers.retire(world.connection, world.signer, "fossil", now, now)
    return world


TO_JO = "gift mia jo rose --stream live"

REFUSED = [
    # amounts
    (f"{TO_JO} --count -1", "The count must be a whole number from 1"),
    (f"{TO_JO} --count 0", "The count must be a whole number from 1"),
    (f"{TO_JO} --count 1.5", "--count takes a whole number, not '1.5'"),
    (f"{TO_JO} --count 1e3", "--count takes a whole number"),
    (f"{TO_JO} --count 1_000", "--count takes a whole number"),
    (f"{TO_JO} --count {2**63}", "The count must be a whole number from 1"),
    (f"{TO_JO} --count {'9' * 5000}", "--count takes a whole number"),
    (f"{TO_JO} --count ''", "--count takes a whole number, not nothing"),
    (f"{TO_JO} --count", "--count requires an argument"),
    (f"{TO_JO} --paid 0", "What was paid must be a whole number of coins from 1"),
    (f"{TO_JO} --paid -5", "What was paid must be a whole number of coins from 1"),
    (f"{TO_JO} --paid 2.5", "--paid takes a whole number"),
    (f"{TO_JO} --paid {2**63}", "What was paid must be a whole number of coins from 1"),
    ("earnings --limit 0", "--limit must be a whole number from 1"),
    ("admin gift add moon Moon 0", "The price must be a whole number of coins from 1"),
    ("admin gift add moon Moon -3", "The price must be a whole number of coins from 1"),
    ("admin gift add moon Moon 1.5", "takes a whole number"),
    (f"admin gift add moon Moon {2**63}", "The price must be a whole number of coins from 1"),
    ("admin gift add moon Moon ''", "takes a whole number, not nothing"),
    ("admin gift add moon Moon", "requires an argument"),
    ("admin gift price rose 0", "The price must be a whole number of coins from 1"),
    ("admin pack add p 100 0.001 USD", "The price must be"),
    ("admin pack add p 100 -1 USD", "The price must be"),
    ("admin pack add p 0 1 USD", "The coins of a pack must be a whole number"),
    ("admin policy diamonds_per_coin 0", "must be a whole number of thousandths"),
    ("admin policy diamonds_per_coin -0.5", "0 or more, not '-0.5'"),
    ("admin policy diamonds_per_coin 0.4567", "at most 3 decimals"),
    (f"admin policy minimum {2**63}", "The figure of minimum"),
    ("admin policy diamonds_per_coin", "not nothing"),
    ("user add zoe --level -1", "A level must be a whole number from 0 to 1,000"),
    ("user add zoe --level 1.5", "--level takes a whole number"),
    ("admin back 1.5 --currency USD --yes", "takes a whole number"),
    # who and what nobody knows
    ("gift nobody jo rose --stream live", "There is no user 'nobody'"),
    ("gift mia nobody rose --stream live", "There is no user 'nobody'"),
    ("gift mia jo moonbeam --stream live", "There is no gift 'moonbeam'"),
    ("gift mia jo rose --stream dead", "This creator has no stream 'dead'"),
    ("gift mia jo rose --post none", "This creator has no post 'none'"),
    ("buy nobody pack-1000-0-30", "There is no user 'nobody'"),
    ("buy mia pack-of-cards", "There is no coin pack 'pack-of-cards'"),
    ("buy mia pack-1000-0-30 --card amex", "There is no card 'amex'"),
    ("buy mia pack-1000-0-30 --card card-declined", "The card was declined"),
    ("reverse mia never", "There is no gift 'never' of this user"),
    ("reverse nobody used", "There is no user 'nobody'"),
    ("provenance mia never", "There is no gift 'never' of this user"),
    ("earnings nobody", "There is no user 'nobody'"),
    ("statement nobody", "There is no user 'nobody'"),
    ("balance nobody", "There is no user 'nobody'"),
    ("export statement nobody", "There is no user 'nobody'"),
    ("user set nobody --level 1", "There is no user 'nobody'"),
    ("user forget nobody --yes", "There is no user 'nobody'"),
    ("stream start nobody live", "There is no user 'nobody'"),
    ("stream end jo dead", "This creator has no stream 'dead'"),
    ("post add nobody clip", "There is no user 'nobody'"),
    ("admin gift price moonbeam 5", "There is no gift 'moonbeam'"),
    ("admin gift retire moonbeam", "There is no gift 'moonbeam'"),
    ("admin pack retire p", "There is no coin pack 'p'"),
    ("admin pack add p 100 1 ABC", "Currency 'ABC' is not one"),
    ("admin policy money_per_diamond ABC 1", "Currency 'ABC' is not one"),
    ("admin policy tip 1", "There is no policy 'tip'"),
    ("admin back 1 --currency USD --yes", "There is no import 1"),
    ("admin back 1 --currency ABC --yes", "Currency 'ABC' is not one"),
    ("check-statement nowhere.json", "cannot be read (No such file or directory)"),
    # what is over, locked or taken
    ("gift mia jo rose --stream over", "The stream 'over' ended at"),
    ("stream start jo over", "The stream 'over' ended at"),
    ("gift mia jo fossil --stream live", "The gift 'fossil' was retired at"),
    ("admin gift retire fossil", "The gift 'fossil' was retired at"),
    ("gift mia jo crown --stream live", "unlocks at level 20, and 'mia' is at level 0"),
    ("gift mia jo jasmine --stream live", "is sold in ID, IN, PH only"),
    ("gift mia jo comet --stream live --count 4", "Not enough coins: this costs 1196 and the wallet holds 999"),
    ("gift mia jo rose --stream live --key used --count 2", "This idempotency key was used for another request"),
    ("gift mia jo comet --stream live --combo", "cannot be sent as a combo"),
    ("gift mia jo rose --stream live --combo --paid 1", "A combo is paid at its list price"),
    ("gift mia jo rose", "A gift goes to one stream or one post"),
    ("gift mia jo rose --stream live --post clip", "A gift goes to one stream or one post"),
    ("gift jo jo rose --stream live", "Nobody gifts themselves"),
    ("gift mia jo rose --stream live --key ''", "An idempotency key is 1 to 255"),
    ("gift mia jo rose --stream live --message ''", "A message must be 1 to 200 characters"),
    ("user add mia", "There is a user 'mia' already"),
    ("user add zoe --region Norway", "A region is two capital letters"),
    ("user set mia", "Nothing to change"),
    ("user forget mia", "that wants a yes on the terminal, or --yes"),
    ("admin gift add rose Rose 5", "There is a gift 'rose' already"),
    # times
    ("earnings --since yesterday", "--since must be ISO 8601 with a zone"),
    ("earnings --since 2026-01-01T00:00:00", "--since must be ISO 8601 with a zone"),
    ("earnings --since 2999-01-01T00:00:00Z", "--since is 2999-01-01T00:00:00+00:00, which has not happened yet"),
    ("earnings --since 2026-01-02T00:00:00Z --until 2026-01-01T00:00:00Z", "A period ends after it begins"),
    ("statement mia --until 2999-01-01T00:00:00Z", "--until is 2999-01-01T00:00:00+00:00"),
    ("balance mia --at ''", "--at must be ISO 8601 with a zone"),
    ("balance mia --at 2999-01-01T00:00:00Z", "--at is 2999-01-01T00:00:00+00:00"),
    ("admin policy minimum 5 --from 2020-01-01T00:00:00Z", "What is past stays as it was"),
    ("admin gift price rose 5 --from tomorrow", "--from must be ISO 8601 with a zone"),
    # words that are none of ours
    ("gift mia jo rose --stream live --tip 5", "Unknown option"),
    ("gift mia", "requires an argument"),
    ("gift mia jo rose extra --stream live", "extra"),
    ("earnings jo --by day", 'Choose from: "gift", "supporter", "place", "hour"'),
    ("earnings --by gift", "--by gift sums the gifts of one creator"),
    ("statement mia --account gold", "Choose from"),
    ("refund mia used", 'Unknown command "refund"'),
    ("user rename mia", 'Unknown command "rename"'),
    ("statement mia --proofs /nowhere/at/all.json", "cannot be written"),
    ("export catalogue --pictures /nowhere/at/all.html", "cannot be written"),
    ("check-statement pyproject.toml --public-key 00", "A public key is 64 hexadecimal digits"),
]


def words_of(line: str) -> list[str]:
    return ["" if word == "''" else word for word in line.split()]


def test_bad_input_is_one_line_and_moves_nothing(stage: World, run: Run) -> None:
    state = stage.connection.execute(STATE).fetchone()
    wrong = []
    for line, said in REFUSED:
        ran = run(*words_of(line))
        now = stage.connection.execute(STATE).fetchone()
        one_line = ran.err.count("\n") == 1 and ran.err.startswith("riviere: ") and "Traceback" not in ran.err
        signed = "--proofs" in line  # a head is signed before the file is written: it vouches, and moves nothing
        moved = now != state and not signed
        if ran.status != 2 or ran.out or not one_line or said not in ran.err or moved:
            wrong.append(f"{line}\n  wanted: {said}\n  {ran}\n  moved: {moved}")
        state = now
    assert not wrong, "\n".join(wrong)


@pytest.mark.usefixtures("stage")
def test_a_refusal_in_json_is_a_line_on_standard_error_too(run: Run) -> None:
    ran = run("balance", "nobody", "--json")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "riviere: There is no user 'nobody'; register them first, or correct the id.\n"


@pytest.mark.parametrize("line", [f"{TO_JO} --count 1.5", "gift nobody jo rose --stream live", "gift mia jo --tip"])
@pytest.mark.usefixtures("stage")
def test_the_installed_command_refuses_the_same_way(surroundings: dict[str, str], line: str) -> None:
    command = [str(Path(sys.executable).with_name("riviere")), *line.split()]
    ran = subprocess.run(
        command, env=os.environ | surroundings, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("riviere: ")
    assert ran.stderr.count("\n") == 1
