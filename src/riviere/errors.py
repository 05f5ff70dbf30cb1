"""The root of every error that Riviere raises on purpose.

One class a condition, kept beside the rules that raise it. The class's docstring is the sentence a person reads;
`code` is what a program compares. A docstring may name attributes in braces.
"""

from typing import ClassVar


class RiviereError(Exception):
    """Something is wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        sentence = (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(sentence.format(**facts))


class BadInput(RiviereError):
    """{detail}."""

    code = "bad_input"
