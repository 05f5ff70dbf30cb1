"""What every command shares: where the data is, how it is shown, and how an error ends it."""

import getpass
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from riviere import settings
from riviere.errors import RiviereError
from riviere.services import Riviere

#: Where results go, and where progress, notes and errors go.
#: A pipe has no width: nothing is cut there. What people are called is shown as it is: "[b]" and ":rose:" are names.
out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

#: Spaces between two columns of a table, and the least that a folded column has.
_BETWEEN = 2
_NARROWEST = 20


class OnlyHere(RiviereError):
    """This command works on the data folder of this machine; leave out --url, and RIVIERE_URL in the environment."""

    code = "only_here"


class EitherOr(RiviereError):
    """--data names a folder and --url a server; one command works on one of them."""

    code = "either_or"


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    data: Annotated[Path | None, Parameter(name="--data", help="Data folder; a per-user folder if not given.")] = None
    json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object on standard output.")] = False
    verbose: Annotated[bool, Parameter(name="--verbose", negative=(), help="Show where an error came from.")] = False
    url: Annotated[str | None, Parameter(name="--url", help="Ask a running server, not the data folder.")] = None
    key_file: Annotated[Path | None, Parameter(name="--key-file", help="File with the API key for --url.")] = None

    @property
    def server(self) -> str | None:
        """The address of the server to ask, None where this machine's data folder is asked. Raises EitherOr."""
        if self.url and self.data:
            raise EitherOr
        return self.url or (None if self.data else os.environ.get("RIVIERE_URL"))

    def here(self) -> None:
        """Raises OnlyHere where a server is to be asked."""
        if self.server:
            raise OnlyHere

    @contextmanager
    def riviere(self) -> Iterator[Riviere]:
        """The open database of this command. Raises OnlyHere where a server is to be asked."""
        self.here()
        with Riviere(settings.from_environment(self.data)) as opened:
            yield opened

    def answer(self, result: Any, *shown: Any) -> None:
        """Prints `result` as JSON where that was asked for, else what is `shown` to people."""
        if self.json:
            print(msgspec.json.encode(result, enc_hook=str).decode(), flush=True)
        else:
            for part in shown:
                out.print(part)


#: No option was given.
NOTHING_SAID = Common()


def operator() -> str:
    """Who acts, as the records say it: the name this person has on this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> Table:
    """A plain table; a column whose head begins with ">" is set to the right, as numbers are.

    Only the last column may be folded: it is the one with sentences. Nothing is ever cut: in a terminal that is too
    narrow, lines run on.
    """
    made = Table(title=title, box=None, pad_edge=False, header_style="bold", title_justify="left")
    heads = [column.lstrip(">") for column in columns]
    for number, head in enumerate(heads):
        side: Literal["left", "right"] = "right" if columns[number].startswith(">") else "left"
        made.add_column(head, justify=side, no_wrap=number < len(heads) - 1, overflow="fold")
    for row in rows:
        made.add_row(*row)
    *fixed, folded = (max(map(cell_len, column)) for column in zip(heads, *rows, strict=True))
    needed = sum(fixed) + _BETWEEN * len(fixed) + min(folded, _NARROWEST)
    if needed > out.width:
        made.width = needed
    return made


@contextmanager
def progress(*, hidden: bool = False) -> Iterator[Progress]:
    """A bar with the time left on standard error, gone when the work is done; none where nobody looks."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=hidden or not err.is_terminal,
    ) as bar:
        yield bar
