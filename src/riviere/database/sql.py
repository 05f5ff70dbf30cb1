"""Named statements out of a package's queries.sql.

-- name: balance
-- What a user has in one account.
SELECT credits - debits FROM account WHERE user_id = %(user)s AND kind = %(kind)s;
"""

import re
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType
from uuid import UUID

import msgspec

from riviere.errors import RiviereError

_NAME = re.compile(r"-- name:\s*(.*?)\s*")
_GOOD_NAME = re.compile(r"[a-z][a-z0-9_]*")


class BadQueries(RiviereError):
    """{where}, line {line}: {problem}."""

    code = "bad_queries"


def load(package: str) -> Mapping[str, str]:
    """The statements of `package`'s queries.sql by name, without the comments that describe them.

    Raises BadQueries for a name that is malformed, taken twice or has no statement, and for SQL before the first name.
    """
    return parse(resources.files(package).joinpath("queries.sql").read_text("utf-8"), f"{package}/queries.sql")


def parse(text: str, where: str) -> Mapping[str, str]:
    """The same out of `text`; `where` is what an error calls it."""
    found: dict[str, list[str]] = {}
    started = {}
    name = ""
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _NAME.fullmatch(line):
            name = heading[1]
            if not _GOOD_NAME.fullmatch(name) or name in found:
                problem = "named twice" if name in found else "not a name (lower case, digits, _)"
                raise BadQueries(where=where, line=number, problem=f"{name!r} is {problem}")
            found[name], started[name] = [], number
        elif line.strip() and not (line.startswith("--") and not found.get(name)):
            if not name:
                raise BadQueries(where=where, line=number, problem="SQL before the first '-- name:'")
            found[name].append(line)
    for empty in (name for name, lines in found.items() if not lines):
        raise BadQueries(where=where, line=started[empty], problem=f"{empty!r} has no statement")
    return MappingProxyType({name: "\n".join(lines) for name, lines in found.items()})


def array(values: Iterable[int]) -> str:
    """Numbers as the text of a PostgreSQL array, for a parameter with a cast; cheaper than a list."""
    # JSON's text is the array's, but for the brackets, and is made four times as fast as by str and join.
    return "{" + msgspec.json.encode([*values])[1:-1].decode() + "}"


def uuids(values: Iterable[UUID]) -> str:
    """Ids as the text of a PostgreSQL array; without hyphens, which take longer to write than to do without."""
    return "{" + ",".join([value.hex for value in values]) + "}"
