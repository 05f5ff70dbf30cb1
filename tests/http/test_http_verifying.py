"""Whether the books hold, asked over HTTP; and the head that an outsider keeps."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from front import Front, problem

from riviere.ledger import proof
from riviere.ledger.evidence import sign_head
from riviere.ledger.verify import Report
from riviere.ledger.verify.model import Progress
from riviere.office import Finished, Verifying

SCOPE = "ledger:read"


class Slow:
    """A verification that takes as long as a test wants, looking up once in a while as the real one does."""

    def __init__(self) -> None:
        self.begun, self.go, self.runs, self.wrong = threading.Event(), threading.Event(), 0, False

    def __call__(self, progress: Progress) -> Report:
        self.runs += 1
        self.begun.set()
        deadline = time.monotonic() + 20
        while not self.go.wait(0.01):
            progress("slow", 0, 1)
            assert time.monotonic() < deadline
        if self.wrong:
            raise OSError("the database went away")
        return Report(True, self.runs, 0.5, [])


@pytest.fixture
def slow(front: Front) -> Iterator[Slow]:
    """In the place of the real one."""
    made = Slow()
    front.office.verifying._verify = made
    yield made
    made.go.set()


def finished(front: Front, before: Finished | None = None) -> Any:
    """The report once there is another one than before."""
    deadline = time.monotonic() + 20
    while front.office.verifying.running_since is not None or front.office.verifying.last is before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    response = front.client(SCOPE).get("/v1/verify")
    assert response.status_code == 200, response.text
    return response.json()


def test_an_auditor_has_the_books_verified(front: Front) -> None:
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 100)
    front.give("mira", "aurora")
    auditor = front.as_operator("auditor")
    problem(auditor.get("/v1/verify"), 404, "not_verified")
    started = auditor.post("/v1/verify")
    assert (started.status_code, started.json()["started"]) == (202, True)
    report = finished(front)
    assert report["ok"] is True
    assert report["entries"] == 2
    assert report["running_since"] is None
    assert {"law", "books", "provenance", "heads", "seals"} <= {check["name"] for check in report["checks"]}
    assert all(check["ok"] and check["detail"] for check in report["checks"])


def test_what_somebody_altered_is_named(front: Front) -> None:
    front.viewer("mira")
    with front.database.connect_owner(autocommit=True) as owner:
        owner.execute("UPDATE users SET level = 99")
        assert front.client(SCOPE).post("/v1/verify").status_code == 202
        report = finished(front)
        owner.execute("UPDATE users SET level = 0")
    assert report["ok"] is False
    assert [check["name"] for check in report["checks"] if not check["ok"]] == ["seals"]


def test_one_at_a_time_and_who_comes_second_is_told_since_when(front: Front, slow: Slow) -> None:
    client = front.client(SCOPE)
    first = client.post("/v1/verify").json()
    again = client.post("/v1/verify")
    assert again.status_code == 202
    assert again.json() == {"running_since": first["running_since"], "started": False}
    slow.go.set()
    assert finished(front)["entries"] == 1
    slow.go.clear()
    before = front.office.verifying.last
    assert client.post("/v1/verify").json()["started"] is True
    meanwhile = client.get("/v1/verify").json()
    assert meanwhile["entries"] == 1, "the last one that finished"
    assert meanwhile["running_since"] is not None
    slow.go.set()
    assert finished(front, before)["entries"] == 2
    assert slow.runs == 2


def test_one_that_breaks_says_so_and_does_not_bar_the_way(front: Front, slow: Slow) -> None:
    client = front.client(SCOPE)
    slow.go.set()
    client.post("/v1/verify")
    assert finished(front)["entries"] == 1
    slow.wrong = True
    client.post("/v1/verify")
    while front.office.verifying.running_since is not None:
        time.sleep(0.01)
    problem(client.get("/v1/verify"), 409, "verification_broke")
    slow.wrong = False
    assert client.post("/v1/verify").json()["started"] is True
    assert finished(front)["entries"] == 3


def test_a_server_that_stops_does_not_wait_for_a_verification(slow: Slow, front: Front) -> None:
    front.client(SCOPE).post("/v1/verify")
    assert slow.begun.wait(20)
    begun = time.monotonic()
    front.stop()
    assert time.monotonic() - begun < 60
    assert front.office.verifying.last is None


def test_the_real_one_can_be_broken_off(front: Front) -> None:
    stopped: list[str] = []

    def verify(progress: Progress) -> Report:
        def once(name: str, done: int, total: int) -> None:
            stopped.append(name)
            verifying._stopped = True
            progress(name, done, total)

        return front.office.riviere.verify(once)

    verifying = Verifying(verify)
    verifying.start(front.now)
    verifying.close()
    assert stopped == ["law"]
    assert verifying.last is None


def test_an_outsider_keeps_the_newest_head(front: Front) -> None:
    client = front.client(SCOPE)
    front.viewer("mira")
    front.buy("mira", 100)
    before = client.get("/v1/heads/last").json()
    with front.connection.transaction():
        signed = sign_head(front.connection, front.signer, front.now)
    head = client.get("/v1/heads/last").json()
    assert head["number"] == before["number"] + 1
    assert head["previous"] == before["hash"]
    assert head["entries"] == 1
    assert bytes.fromhex(head["hash"]) == signed.hash
    assert bytes.fromhex(head["public_key"]) == front.signer.public_key
    assert bytes.fromhex(head["signature"]) == signed.signature
    assert proof.signed(signed)


def test_before_anything_was_signed_there_is_no_head(front: Front) -> None:
    with front.database.connect_owner(autocommit=True) as owner:
        owner.execute("CREATE TABLE kept AS TABLE head")
        owner.execute("ALTER TABLE head DISABLE TRIGGER append_only")
        owner.execute("DELETE FROM head")
        problem(front.client(SCOPE).get("/v1/heads/last"), 404, "no_head")
        owner.execute("INSERT INTO head TABLE kept")
        owner.execute("ALTER TABLE head ENABLE TRIGGER append_only")
        owner.execute("DROP TABLE kept")


def test_only_who_may_see_the_ledger_asks(front: Front) -> None:
    front.viewer("mira")
    for method, path in (("GET", "/v1/verify"), ("POST", "/v1/verify"), ("GET", "/v1/heads/last")):
        problem(front.stranger().request(method, path), 401, "missing_credentials")
        problem(front.as_user("mira").request(method, path), 403, "scope_too_small")
        problem(front.as_operator("trust").request(method, path), 403, "scope_too_small")
    problem(front.client(SCOPE).get("/v1/verify?deep=1"), 400, "invalid_query")
    problem(front.client(SCOPE).delete("/v1/verify"), 405, "method_not_allowed")
    assert front.office.verifying.last is None
