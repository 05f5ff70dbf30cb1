"""The root of every error that Riviere raises on purpose.

One class a condition, kept beside the rules that raise it. The class's docstring is the sentence a person reads;
`code` is what a program compares. A docstring may name attributes in braces.
"""

from typing import ClassVar


class RiviereError(Exception):
    """Something is wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, **facts: object) -> None:
        super().__init__()
        self.facts = facts
        self._said = facts

    def __str__(self) -> str:
        # Made when somebody reads it: most refusals of a crowd go out by their code.
        sentence = (type(self).__doc__ or "").strip().splitlines()[0]
        return sentence.format(**self._said)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class BadInput(RiviereError):
    """{detail}."""

    code = "bad_input"
