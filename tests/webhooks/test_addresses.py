"""Webhooks never go into the network that Riviere runs in, however its addresses are written."""

import socket
from datetime import timedelta

import pytest
from office import Office
from receiver import Receiver

from riviere.errors import RiviereError
from riviere.webhooks import addresses, endpoints
from riviere.webhooks.addresses import BadUrl, InternalAddress, check, check_url
from riviere.webhooks.delivery import deliver_due
from riviere.webhooks.dispatch import fan_out
from world import World

INTERNAL = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1", "100::1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1",
    "5f00::1", "4000::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]
TRICKS = [
    "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "0300.0250.1", "127.0.0.1.", "[::ffff:7f00:1]",
    "[::1]", "[::ffff:169.254.169.254]", "localhost", "LOCALHOST", "localhost.", "some.localhost", "169.254.169.254",
]  # fmt: skip
BAD = [
    "http://example.com/", "ftp://example.com/", "//example.com/", "example.com", "", "https://", "https:///path",
    "https://user@example.com/", "https://user:pass@example.com/", "https://example.com/#part", "https://example.com:0/",
    "https://example.com:99999/", "https://example.com:x/", "https://exa mple.com/", "https://example.com/a\nb",
    "https://b\u00fccher.example/", "https://[::1", "https://[fe80::1%25eth0]/", "https://example.com\\@127.0.0.1/",
    "https://example.com/" + "x" * 2_000, "file:///etc/passwd", "javascript:alert(1)", "https://a%2eb/",
]  # fmt: skip
GOOD = [
    "https://example.com", "https://hooks.example.com:8443/a/b?c=d", "https://8.8.8.8/", "https://[2606:4700::1111]/",
    "https://notlocalhost/", "https://xn--bcher-kva.example/",
]  # fmt: skip


@pytest.mark.parametrize("address", INTERNAL)
def test_no_internal_address_is_connected_to(address: str) -> None:
    with pytest.raises(InternalAddress):
        check(address, allow_local=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert check(address, allow_local=False) == address


def test_in_development_this_machine_is_and_no_other_inside() -> None:
    for address in INTERNAL:
        try:
            check(address, allow_local=True)
        except InternalAddress:
            continue
        assert address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1")


@pytest.mark.parametrize("host", TRICKS)
def test_an_internal_host_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(InternalAddress):
        check_url(f"https://{host}/", allow_local=False)


@pytest.mark.parametrize("url", BAD)
def test_a_url_that_may_not_be_an_endpoint(url: str) -> None:
    with pytest.raises((BadUrl, InternalAddress)) as raised:
        check_url(url, allow_local=False)
    assert isinstance(raised.value, RiviereError)


@pytest.mark.parametrize("url", GOOD)
def test_a_url_that_may(url: str) -> None:
    assert check_url(url, allow_local=False) == url


def test_plain_http_is_for_development_only() -> None:
    assert check_url("http://localhost:8000/", allow_local=True)
    for url in ("http://10.0.0.1/", "ftp://localhost/", "http://169.254.169.254/latest/"):
        with pytest.raises((BadUrl, InternalAddress)):
            check_url(url, allow_local=True)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What names resolve to: one list of addresses a look-up, the last one for ever."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: object, **more: object) -> list[object]:
        if host not in known:
            return real(host, port, *args, **more)  # type: ignore[arg-type]
        found = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [answer for ip in found for answer in real(ip, port, *args, **more)]  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def test_a_name_that_points_inside_is_not_followed(world: World, names: dict[str, list[list[str]]]) -> None:
    office = Office(world)
    inside = [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]]
    for number, found in enumerate(inside):
        names[f"host-{number}.example"] = [found]
        endpoints.create(
            world.connection, f"https://host-{number}.example/", ["*"], "", "ops", world.now, allow_local=False
        )
    office.tell("user/ben", 1)
    fan_out(world.connection, world.now)
    assert deliver_due(world.connection, world.now) == 4
    for endpoint in endpoints.listed(world.connection):
        (attempt,) = office.deliveries(endpoint.id)[0].attempts
        assert attempt.answer.startswith("InternalAddress"), attempt


def test_the_address_that_was_checked_is_the_one_connected_to(
    world: World, receiver: Receiver, names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers something else the second time gains nothing: there is no second look-up."""
    office = Office(world)
    checked: list[str] = []
    real = addresses.check

    def noting(address: str, *, allow_local: bool) -> str:
        checked.append(address)
        return real(address, allow_local=allow_local)

    monkeypatch.setattr(addresses, "check", noting)
    names["hooks.example"] = [["127.0.0.1"], ["169.254.169.254"]]
    url = f"http://hooks.example:{receiver.port}/hooks"
    endpoints.create(world.connection, url, ["*"], "", "ops", world.now, allow_local=True)
    office.tell("user/ben", 1)
    assert office.send() == 1
    (heard,) = receiver.taken
    assert heard.headers["host"] == f"hooks.example:{receiver.port}"
    assert checked == ["127.0.0.1"]


def test_a_proxy_in_the_environment_changes_nothing(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    office = Office(world)
    office.endpoint(receiver)
    office.tell("user/ben", 1)
    office.send()
    assert len(receiver.taken) == 1
    assert office.later(timedelta(days=1)) == 0
