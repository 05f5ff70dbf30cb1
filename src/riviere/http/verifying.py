"""Whether the books hold: the last verification, a new one, and the signed head that an outsider keeps."""

from typing import Final

from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.http.problems import NoHead, NotVerified, VerificationBroke
from riviere.ledger.evidence import last_head
from riviere.ledger.proof import SignedHead as Head
from riviere.wire.verifying import Check, Progress, SignedHead, Started, Verification

_CHECK: Final = Check(name="provenance", ok=True, rows=1042, detail="every coin spent was bought, and spent once")

HEAD: Final = SignedHead(
    number=7,
    signed_at=EXAMPLE_TIME,
    entries=1042,
    hash="9f" * 32,
    previous="4b" * 32,
    public_key="7a" * 32,
    signature="3c" * 64,
)


@operation(
    "GET",
    "/v1/verify",
    id="getVerification",
    tag="Server",
    scope="ledger:read",
    raises=(NotVerified, VerificationBroke),
    answer=Verification(ok=True, finished_at=EXAMPLE_TIME, seconds=2.5, entries=1042, checks=[_CHECK]),
)
async def get_verification(call: Call) -> Verification:
    """Get the last verification of the books that this server finished."""
    verifying = call.office.verifying
    if verifying.broken_at is not None:
        raise VerificationBroke(at=verifying.broken_at.isoformat())
    if verifying.last is None:
        raise NotVerified
    report, finished_at = verifying.last
    return Verification(
        ok=report.ok,
        finished_at=finished_at,
        seconds=report.seconds,
        entries=report.entries,
        checks=[Check(name=one.name, ok=one.ok, rows=one.rows, detail=one.detail) for one in report.checks],
        running_since=verifying.running_since,
    )


@operation(
    "POST",
    "/v1/verify",
    id="startVerification",
    tag="Server",
    scope="ledger:read",
    status=202,
    answer=Started(running_since=EXAMPLE_TIME, started=True),
)
async def start_verification(call: Call) -> Started:
    """Start to verify the books, unless that is being done.

    Every invariant is recomputed from the journal, on one snapshot, while gifts arrive. One verification runs at a
    time; its report is at the same address once it has finished.
    """
    started, since = call.office.verifying.start(call.now)
    return Started(running_since=since, started=started)


@operation(
    "GET",
    "/v1/verify/progress",
    id="getVerificationProgress",
    tag="Server",
    scope="ledger:read",
    answer=Progress(running_since=EXAMPLE_TIME, check="provenance", done=512, total=1042),
)
async def get_verification_progress(call: Call) -> Progress:
    """Get how far the verification that this server runs has come."""
    verifying = call.office.verifying
    check, done, total = verifying.progress
    return Progress(running_since=verifying.running_since, check=check, done=done, total=total)


@operation(
    "GET",
    "/v1/heads/last",
    id="getLastHead",
    tag="Server",
    scope="ledger:read",
    raises=(NoHead,),
    answer=HEAD,
)
def get_last_head(call: Call) -> SignedHead:
    """Get the newest signed head of the ledger.

    It covers every entry before it. An outsider who keeps it, and the public key, sees later whether anything under it
    was altered: each head names the hash of the one before, and a statement shows the heads that its lines lie under.
    """
    with call.reading() as connection:
        head = last_head(connection)
    if head is None:
        raise NoHead
    return shown(head)


def shown(head: Head) -> SignedHead:
    """A head as an outsider keeps it."""
    return SignedHead(
        number=head.number,
        signed_at=head.signed_at,
        entries=head.entries,
        hash=head.hash.hex(),
        previous=head.previous.hex(),
        public_key=head.public_key.hex(),
        signature=head.signature.hex(),
    )
