"""What may come of a request but its answer: a problem that the server names, nothing at all, or something strange."""

from riviere.errors import RiviereError
from riviere.wire.common import Problem


class ProblemError(RiviereError):
    """{detail}."""

    code = "problem"

    def __init__(self, problem: Problem, key: str | None) -> None:
        """`problem` as the server sent it; `key` is the idempotency key of the request, where it had one."""
        super().__init__(detail=problem.detail.removesuffix("."))
        self.problem = problem
        #: The problem's own code, such as not_enough_coins: this is what a program compares.
        self.code = problem.code  # type: ignore[misc]
        self.facts = problem.facts
        self.key = key

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def detail(self) -> str:
        """What is wrong and what to do, for a person."""
        return self.problem.detail

    @property
    def request_id(self) -> str:
        """What finds the request in the server's log."""
        return self.problem.request_id


class NoAnswer(RiviereError):
    """No answer from {url} ({reason}); {advice}."""

    code = "no_answer"

    def __init__(self, url: str, reason: str, key: str | None, *, repeatable: bool) -> None:
        """`key` is the idempotency key of the request, where it had one; nobody knows whether it was done.

        `repeatable` says that it may be sent again all the same.
        """
        if key is not None:
            advice = f"it may have been done: try again later with the key {key}"
        else:
            advice = "try again later" if repeatable else "it may have been done: look before you send it again"
        super().__init__(url=url, reason=reason, advice=advice)
        self.key = key


class StrangeAnswer(RiviereError):
    """The answer from {url} is not one of Riviere's ({reason}); check the address, and what stands in between."""

    code = "strange_answer"

    def __init__(self, url: str, reason: str, key: str | None) -> None:
        super().__init__(url=url, reason=reason)
        self.key = key


class BadAddress(RiviereError):
    """A server's address is like https://gifts.example.com, not {got}."""

    code = "bad_address"


class UnsendableKey(RiviereError):
    """An idempotency key goes in a header: 1 to 255 plain ASCII characters, no space at either end, not {got}."""

    code = "unsendable_key"


class BadClientKey(RiviereError):
    """An API key or token is one word of plain characters; copy it as it was shown."""

    code = "bad_client_key"
