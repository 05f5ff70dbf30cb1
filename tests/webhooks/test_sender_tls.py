"""Over https the certificate must be of the name in the URL, whatever address the connection goes to."""

import socket
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from office import Office
from receiver import Receiver

from riviere import clock
from riviere.webhooks import endpoints
from world import World

NAMES = ("hooks.example", "other.example")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that signs itself, for one name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = clock.now()
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    private.write_bytes(encoded)
    return public, private


def test_the_name_is_checked_and_sent(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def look_up(host: str, *args: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host in NAMES else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    public, private = certificate(tmp_path, NAMES[0])
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(public, private)
    asked: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    office = Office(world)
    with Receiver(tls=tls) as receiver:
        good, bad = (
            endpoints.create(
                world.connection, f"https://{name}:{receiver.port}/", ["*"], "", "ops", world.now, allow_local=True
            )[0].id
            for name in NAMES
        )
        office.tell("user/ben", 1)
        assert office.send() == 2
        (heard,) = receiver.taken
        assert heard.headers["host"] == f"{NAMES[0]}:{receiver.port}"
        assert sorted(filter(None, asked)) == sorted(NAMES)
    assert [delivery.state for delivery in office.deliveries(good)] == ["delivered"]
    (attempt,) = office.deliveries(bad)[0].attempts
    assert attempt.status is None
    assert "Hostname mismatch" in attempt.answer
