"""Whether the books hold."""

from riviere.client.call import Call, fields
from riviere.client.methods import asked, listed
from riviere.wire.common import Page, Paged
from riviere.wire.imports import RecordedImport
from riviere.wire.verifying import Progress, SignedHead, Started, Verification


class VerifyingCalls:
    """Verification, and the heads that hold it."""

    @asked
    def get_verification(self) -> Call[Verification]:
        """The last verification that finished, check by check."""
        return Call("GET", "/v1/verify", Verification)

    @asked
    def start_verification(self) -> Call[Started]:
        """Check every invariant of the books now; where a check runs already, nothing more is started."""
        return Call("POST", "/v1/verify", Started, once=True)

    @asked
    def get_verification_progress(self) -> Call[Progress]:
        """How far the verification that runs has come."""
        return Call("GET", "/v1/verify/progress", Progress)

    @listed
    def list_imports(self, query: Paged | None = None) -> Call[Page[RecordedImport]]:
        """The imports of recorded gifts, and who posted money behind each."""
        return Call("GET", "/v1/imports", Page[RecordedImport], query=fields(query))

    @asked
    def get_last_head(self) -> Call[SignedHead]:
        """The last signed head: whoever keeps it sees if an entry under it is altered later."""
        return Call("GET", "/v1/heads/last", SignedHead)
