"""`riviere up` as people run it: a process that answers, pays out, tells receivers, and stops when it is told to."""

import json
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from receiver import Receiver
from scene import Said, ask, begin, ended, kill

from riviere import clock
from riviere.access import keys
from riviere.access.scopes import EVERY
from riviere.cli.main import main
from riviere.cli.up import SANDBOX
from riviere.client import webhooks
from riviere.economy import catalogue, policies
from riviere.payouts.paypal import OpenAddress, PayPal
from riviere.services import Riviere
from riviere.settings import Settings

#: A moment for the clerk, which would wait from seconds to hours before it looks again.
HURRY = "UPDATE riviere.redemption SET due_at = now() WHERE due_at > now() AND attempt > 0 RETURNING id"


class Running(NamedTuple):
    """A `riviere up`, its address, and a back end that may do everything there."""

    process: subprocess.Popen[str]
    url: str
    app: httpx2.Client

    def post(self, address: str, key: str | None = None, **body: Any) -> dict[str, Any]:
        """Something that is done."""
        headers = {"Idempotency-Key": key} if key else {}
        said = self.app.post(f"/v1/{address}", json=body, headers=headers)
        assert said.status_code in (200, 201), said.text
        answer: dict[str, Any] = said.json()
        return answer

    def put(self, address: str, **body: Any) -> None:
        assert self.app.put(f"/v1/{address}", json=body).status_code == 200

    def stops(self, how: signal.Signals = signal.SIGTERM) -> tuple[Said, float]:
        """How it ended once it was told to, and how many seconds that took."""
        at = time.monotonic()
        self.process.send_signal(how)
        return ended(self.process), time.monotonic() - at


@contextmanager
def running(folder: Path, key: str = "") -> Iterator[Running]:
    """A server on a free port, gone at the end whatever happens."""
    process = begin("up", "--data", folder, "--port", 0, "--json")
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, ended(process).err
        url = json.loads(line)["url"]
        headers = {"Authorization": f"Bearer {key}"}
        with httpx2.Client(base_url=url, headers=headers, trust_env=False, verify=False, timeout=30) as app:
            yield Running(process, url, app)
    finally:
        if process.poll() is None:
            kill(process)
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()


def founded(folder: Path) -> str:
    """An economy in the folder, in which diamonds mature at once; the key of its back end."""
    with Riviere(Settings(folder, None)) as riviere:
        now = clock.now()
        catalogue.stock(riviere.connection, riviere.signer, now)
        policies.defaults(riviere.connection, riviere.signer, now)
        return keys.create(riviere.connection, "app", sorted(EVERY), by="tests", now=now)[1]


@pytest.fixture(scope="module")
def economy(lasting_folder: Path) -> tuple[Path, str]:
    """A folder with an economy in it, and the key of its back end."""
    return lasting_folder, founded(lasting_folder)


def still_there(folder: Path) -> bool:
    """Whether the folder's embedded server runs."""
    return (folder / "postgres" / "postmaster.pid").exists()


def until(done: Callable[[], Any], seconds: float = 30) -> Any:
    """What `done` answers as soon as it is something."""
    deadline = time.monotonic() + seconds
    while not (answer := done()):
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)
    return answer


def test_a_redemption_is_paid_by_the_servers_own_rounds_and_goes_on_after_a_kill(
    economy: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIVIERE_LOCAL_WEBHOOKS", "1")
    folder, key = economy
    with Receiver() as receiver:
        with running(folder, key) as server:
            secret = server.post("webhooks", url=receiver.url, kinds=["*"])["secret"]
            redemption = redeemed(server)
            assert receiver.wait_for(lambda: any(heard.told["type"] == "gift.sent" for heard in receiver.taken))
            until(lambda: ask(folder, "SELECT FROM riviere.payout WHERE reference IS NOT NULL"))
            assert kill(server.process)
        with running(folder, key) as server:
            here = f"/v1/users/jo/redemptions/{redemption}"

            def paid() -> Any:
                ask(folder, HURRY)
                seen = server.app.get(here).json()
                return seen if seen["state"] == "paid" else None

            seen = until(paid)
            told = f"redemption/{redemption}"
            assert receiver.wait_for(lambda: any(kind(heard) == "redemption.paid" for heard in receiver.taken))
            said, _ = server.stops()
    assert (said.status, said.err) == (0, "")
    states = [step["state"] for step in seen["steps"]]
    assert states == ["requested", "held", "approved", "submitted", "paid"]
    # At least once and in order: whatever came twice is the same event.
    steps = list(dict.fromkeys((heard.id, kind(heard)) for heard in receiver.taken if heard.subject == told))
    assert [name for _, name in steps] == [f"redemption.{state}" for state in states]
    webhooks.verify(secret, receiver.taken[-1].headers, receiver.taken[-1].body.encode())
    with closing(sqlite3.connect(folder / SANDBOX)) as sandbox:
        payouts = sandbox.execute("SELECT count(*) FROM document WHERE kind = 'Item'").fetchone()
    assert payouts == (1,), "one payment went out, before and after the kill"


def test_who_waits_for_a_stream_is_told_by_the_servers_own_rounds_once_whatever_is_killed(
    economy: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIVIERE_LOCAL_WEBHOOKS", "1")
    folder, key = economy
    with Receiver() as receiver:
        with running(folder, key) as server:
            endpoint = server.post("webhooks", url=receiver.url, kinds=["reminder.due"])["endpoint"]["id"]
            for name in ("ada", "bo"):
                server.post("users", id=name)
            soon = (clock.now() + timedelta(minutes=11)).isoformat()
            announced = server.post("users/ada/announcements", "one", title="Requests", starts_at=soon)["id"]
            assert server.app.put(f"/v1/users/bo/reminders/ada/{announced}").status_code == 204
            assert kill(server.process)
        ask(folder, "UPDATE riviere.announcement SET starts_at = now() + interval '9 minutes' RETURNING id")
        with running(folder, key) as server:
            assert receiver.wait_for(lambda: bool(receiver.taken))
            assert server.app.get(f"/v1/users/ada/announcements/{announced}").json()["reminded_at"] is not None
            assert kill(server.process)
        with running(folder, key) as server:
            server.app.delete(f"/v1/webhooks/{endpoint}")
            server.stops()
    assert {heard.id for heard in receiver.taken} == {receiver.taken[0].id}
    told = receiver.taken[0].told
    assert (told["type"], told["data"]["title"], told["data"]["viewers"]) == ("reminder.due", "Requests", ["bo"])


def kind(heard: Any) -> str:
    return str(heard.told["type"])


def redeemed(server: Running) -> str:
    """A creator earns ten thousand diamonds and redeems them, all over HTTP; the redemption's id."""
    server.post("policies", name="maturity_days", amount="0")
    for name in ("mira", "jo"):
        server.post("users", id=name)
    for number in range(2):
        server.post("users/mira/purchases", f"coins {number}", pack="pack-7000", card="card-ok")
    server.post("streams", creator="jo", id="live")
    server.post("gifts", "roses", sender="mira", creator="jo", stream="live", gift="rose", count=10_000)
    server.put("users/jo/identity", state="verified")
    server.put("users/jo/payout-method", method="paypal", currency="USD", receiver="jo@example.com")
    quote = server.post("users/jo/quotes", diamonds="10000")
    assert quote["refusals"] == []
    return str(server.post("users/jo/redemptions", "one", quote=quote["id"])["id"])


def test_told_to_stop_it_answers_what_was_asked_and_waits_for_no_idle_client(economy: tuple[Path, str]) -> None:
    folder, key = economy
    with running(folder, key) as server, connected(server.url) as idle, idle.makefile("rb") as answers:
        idle.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" in answers.readline()
        under_way = UnderWay(server.url, key)
        at = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(2)  # longer than it needs to end everything else
        assert server.process.poll() is None, "it did not wait for the request under way"
        status, body = under_way.finish()
        said = ended(server.process)
        took = time.monotonic() - at
    assert (status, [json.loads(line)["problem"]["code"] for line in body.splitlines()]) == (200, ["unknown_user"] * 2)
    assert (said.status, said.err) == (0, "")
    assert took < 10, "the grace it gives to what is under way, not to who says nothing"
    # The embedded server stops with the last process that uses it.
    assert not still_there(folder)


def connected(url: str) -> socket.socket:
    parts = httpx2.URL(url)
    return socket.create_connection((parts.host, parts.port))


class UnderWay:
    """A bulk request of which the server has half."""

    LINE = b'{"key": "%d", "sender": "nobody", "creator": "nobody", "gift": "rose", "stream": "live"}\n'

    def __init__(self, url: str, key: str) -> None:
        self._http = connected(url)
        head = "POST /v1/gifts/bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        self._http.sendall(f"{head}Authorization: Bearer {key}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        self._line(1)
        time.sleep(0.3)

    def finish(self) -> tuple[int, bytes]:
        """Sends the rest; the status and the body of the answer."""
        self._line(2)
        self._http.sendall(b"0\r\n\r\n")
        with self._http, self._http.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            while answer.readline().strip():
                pass
            body = b""
            while size := int(answer.readline(), 16):
                body += answer.read(size)
                answer.readline()
        return status, body

    def _line(self, number: int) -> None:
        line = self.LINE % number
        self._http.sendall(b"%x\r\n%s\r\n" % (len(line), line))


def test_a_port_that_is_taken_is_one_clear_line_and_nothing_is_left_running(lasting_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = ended(begin("up", "--data", lasting_folder, "--port", port, "--json"))
    assert (said.status, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"riviere: Port {port} of 127.0.0.1 cannot be used")
    assert "--port" in said.err
    assert not still_there(lasting_folder)


def test_a_setting_that_cannot_be_meant_is_one_clear_line_before_anything_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RIVIERE_PAYPAL_URL", "https://api-m.paypal.com")
    with pytest.raises(SystemExit) as ended_with:
        main(["up", "--data", str(tmp_path / "new"), "--port", "0"])
    said = capsys.readouterr()
    assert (ended_with.value.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith("riviere: RIVIERE_PAYPAL_CLIENT_ID, RIVIERE_PAYPAL_SECRET is not set")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "url", ["http://api-m.paypal.com", "api-m.paypal.com", "http://[::1", "https://", "https://a\nb", "", "//there"]
)
def test_credentials_for_payouts_never_go_to_an_address_that_is_open_or_none(url: str) -> None:
    with pytest.raises(OpenAddress, match="use an https address") as refused:
        PayPal(url, "us", "shh")
    assert "\n" not in str(refused.value)


def test_a_reader_that_has_gone_ends_it(lasting_folder: Path) -> None:
    process = begin("up", "--data", lasting_folder, "--port", 0, "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.wait(timeout=30) == 1
    assert not still_there(lasting_folder)
