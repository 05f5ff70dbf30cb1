"""Statements over HTTP: what is handed over can be checked alone, and stays true."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from front import Front, problem

from riviere.cli.check_statement import check_statement
from riviere.http import statements
from riviere.ledger import proof
from riviere.ledger.batch import Batch
from riviere.ledger.law import Kind
from riviere.ledger.statement import entries

SCOPE = "statements:read"


@pytest.fixture
def live(front: Front) -> Front:
    """Mira gave Aurora a few gifts, one of which was undone."""
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 1_000, bonus=20)
    for number in range(5):
        front.give("mira", "aurora", "ring", number + 1, key=f"k{number}", message="hi")
    front.reverse("mira", "k1")
    return front


def ask(client: httpx2.Client, user: str, **query: Any) -> httpx2.Response:
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    return client.get(f"/v1/users/{user}/statement", params={"since": since} | query)


def statement(response: httpx2.Response) -> proof.Statement:
    assert response.status_code == 200, response.text
    return proof.read(response.content)


@pytest.mark.parametrize(
    ("user", "account", "closing", "lines"),
    [
        ("mira", "coins", 630, None),
        ("mira", "coins.bonus", 0, 2),
        ("aurora", "diamonds", 450_000, 6),
        ("aurora", "diamonds.owed", 60_000, 1),
        ("aurora", "coins", 0, 0),
    ],
)
def test_a_statement_is_handed_over_and_checked_by_somebody_else(
    live: Front, tmp_path: Path, user: str, account: str, closing: int, lines: int | None
) -> None:
    response = ask(live.as_user(user), user, account=account)
    document = statement(response)
    assert (document.kind, document.closing) == (account, closing)
    assert lines is None or len(document.lines) == lines
    file = tmp_path / "statement.json"
    file.write_bytes(response.content)
    assert check_statement(file, public_key=live.signer.public_key.hex()) == 0
    file.write_bytes(response.content.replace(b'"closing":', b'"closing":1', 1))
    assert check_statement(file, public_key=live.signer.public_key.hex()) == 1


def alterations(document: Any) -> Iterator[None]:
    """One after the other, what somebody might like to change; each is undone before the next."""
    for name, other in (("closing", 1), ("until", document["since"]), ("lines", document["lines"][1:])):
        before, document[name] = document[name], other
        yield
        document[name] = before
    for place, name in ((document["lines"][0], "amount"), (document["lines"][0]["entry"], "credit_amount")):
        place[name] += 1
        yield
        place[name] -= 1


def test_a_line_left_out_or_altered_shows(live: Front) -> None:
    document = json.loads(ask(live.client(SCOPE), "aurora").content)
    for _ in alterations(document):
        assert proof.problems(proof.read(json.dumps(document).encode()), live.signer.public_key)
    assert not proof.problems(proof.read(json.dumps(document).encode()), live.signer.public_key)


def test_a_creators_statement_says_nothing_of_a_supporters_wallet(live: Front) -> None:
    response = ask(live.as_user("aurora"), "aurora", account="diamonds")
    assert str(live.id("mira")) not in json.dumps(
        [{**line["entry"], "owner": None} for line in response.json()["lines"]]
    )
    for line in statement(response).lines:
        hidden = (line.entry.debit_user, line.entry.debit_balance, line.entry.debit_start, line.entry.debit_seq)
        assert hidden == (None, None, None, None)


def test_periods_tile_and_balances_meet(live: Front) -> None:
    client = live.client(SCOPE)
    lines = entries(live.connection, live.id("mira"), Kind.COINS, None, 100)
    middle = lines[len(lines) // 2].entry.booked_at.isoformat()
    first = statement(ask(client, "mira", account="coins", until=middle))
    second = statement(ask(client, "mira", account="coins", since=middle))
    assert first.closing == second.opening
    assert len(first.lines) + len(second.lines) == len(lines)
    assert all(not proof.problems(document, live.signer.public_key) for document in (first, second))


@pytest.mark.parametrize("creator", ["aurora", "newcomer"])
def test_a_statement_has_the_gift_that_was_being_booked_when_it_was_asked_for(
    live: Front, monkeypatch: pytest.MonkeyPatch, creator: str
) -> None:
    """Such a gift has its time already, and a statement up to now would lie without it."""
    client, begun, go = live.client(SCOPE), threading.Event(), threading.Event()
    live.creator("newcomer")
    before = 6 if creator == "aurora" else 0
    real = Batch._write_beside

    def slowly(*given: Any) -> None:
        begun.set()
        assert go.wait(20)
        real(*given)

    monkeypatch.setattr(Batch, "_write_beside", slowly)
    with ThreadPoolExecutor(2) as pool:
        giving = pool.submit(live.give, "mira", creator)
        assert begun.wait(20)
        asking = pool.submit(ask, client, creator, account="diamonds")
        with pytest.raises(TimeoutError):
            asking.result(0.5)
        go.set()
        giving.result(20)
        document = statement(asking.result(20))
    assert len(document.lines) == before + 1


def test_statements_taken_while_gifts_arrive_miss_none(live: Front) -> None:
    client, creator = live.client(SCOPE), live.id("aurora")
    futures = live.giving(live.asked("mira", "aurora", key=f"more {n}") for n in range(300))
    taken = []
    while not futures[-1].done():
        taken.append(statement(ask(client, "aurora", account="diamonds")))
    for future in futures:
        future.result(20)
    lines = entries(live.connection, creator, Kind.DIAMONDS, None, 1_000)
    for document in [*taken, statement(ask(client, "aurora", account="diamonds"))]:
        booked = [line.seq for line in lines if line.entry.booked_at < document.until]
        assert [line.seq for line in document.lines] == sorted(booked)


def test_a_period_that_makes_no_sense_is_refused(live: Front) -> None:
    client = live.client(SCOPE)
    with live.nothing_moves():
        problem(ask(client, "mira", until="2000-01-01T00:00:00Z"), 422, "bad_period")
        problem(ask(client, "mira", since="9999-12-31T23:59:59Z"), 422, "future_time")
        problem(ask(client, "mira", since="0001-01-01T00:00:00+14:00"), 422, "bad_time")
        problem(ask(client, "mira", since="0001-01-01T00:00:00Z"), 422, "period_too_long")
        problem(ask(client, "mira", since="2000-01-01T00:00:00Z", until="2001-01-02T00:00:01Z"), 422, "period_too_long")
        problem(ask(client, "mira", since="monday"), 400, "invalid_query")
        problem(ask(client, "mira", account="gold"), 400, "invalid_query")
        problem(client.get("/v1/users/mira/statement"), 400, "invalid_query")
    assert statement(ask(client, "mira", since="2000-01-01T00:00:00Z", until="2001-01-01T00:00:00Z")).lines == []
    assert statement(ask(client, "mira", until="9999-12-31T00:00:00Z")).until <= datetime.now(UTC)


def test_a_statement_has_a_bounded_number_of_lines(live: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    client = live.client(SCOPE)
    monkeypatch.setattr(statements, "MOST_LINES", 6)
    assert len(statement(ask(client, "aurora", account="diamonds")).lines) == 6
    live.give("mira", "aurora")
    with live.nothing_moves():
        document = problem(ask(client, "aurora", account="diamonds"), 422, "statement_too_long")
    assert document.facts == {"most": 6, "what": "lines"}


def test_a_statement_reads_a_bounded_number_of_other_peoples_entries(
    live: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proof needs the whole batch that a line was committed in."""
    client = live.client(SCOPE)
    live.viewer("noor")
    live.buy("noor", 100)
    for future in live.giving(live.asked("noor", "aurora", key=f"k{n}") for n in range(50)):
        future.result(20)
    booked = live.connection.execute("SELECT count(*) FROM entry").fetchall()[0][0]
    monkeypatch.setattr(statements, "MOST_ENTRIES", booked - 1)
    assert statement(ask(client, "noor", account="coins"))
    monkeypatch.setattr(statements, "MOST_ENTRIES", 20)
    problem(ask(client, "noor", account="coins"), 422, "statement_too_long")


def test_nobody_gets_somebody_elses_statement(live: Front) -> None:
    with live.nothing_moves():
        problem(ask(live.stranger(), "mira"), 401, "missing_credentials")
    problem(ask(live.as_user("aurora"), "mira"), 404, "not_found")
    problem(ask(live.client("wallets:read"), "mira"), 403, "scope_too_small")
    problem(ask(live.client(SCOPE), "nobody"), 404, "unknown_user")
    assert ask(live.as_operator("auditor"), "mira").status_code == 200
