"""`riviere`: the one entrance. Names the commands and turns every error into one line and an exit status."""

import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from psycopg import DatabaseError, OperationalError

from riviere import __version__
from riviere.cli.common import err
from riviere.database.connection import first_line
from riviere.errors import RiviereError

#: Exit statuses: done, done but not well (a row rejected, a check broken), not done, stopped by Ctrl-C.
DONE, NOT_WELL, NOT_DONE, STOPPED = 0, 1, 2, 130

_AGAIN = "run the same command again"
_WHERE = "--verbose shows where it was asked"

app = App(
    name="riviere",
    version=__version__,
    help="The gifting economy of a live platform, as software you can run.",
    suppress_keyboard_interrupt=False,  # main says what Ctrl-C did
)
# Named and not imported: a command loads what it needs, and `riviere law` needs no web server.
for where in (
    "riviere.cli.law:law",
    "riviere.cli.replay:replay",
    "riviere.cli.verify:verify",
    "riviere.cli.up:up",
    "riviere.cli.bench.commands:bench",
    "riviere.cli.earnings:earnings",
    "riviere.cli.statement:statement",
    "riviere.cli.check_statement:check_statement",
    "riviere.cli.statement:balance",
    "riviere.cli.export:export",
    "riviere.cli.gift:gift",
    "riviere.cli.gift:buy",
    "riviere.cli.reverse:reverse",
    "riviere.cli.reverse:provenance",
    "riviere.cli.people:user",
    "riviere.cli.people:stream",
    "riviere.cli.people:post",
    "riviere.cli.admin:admin",
    "riviere.cli.db:db",
):
    app.command(where)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("--help", "-h"):
        # What each command is for stands in its own module.
        for name in app:
            _ = app[name]
    try:
        status = app(given, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as wrong:
        _one_line(str(wrong) + " (--help shows what there is)")
        sys.exit(NOT_DONE)
    except RiviereError as refused:
        _one_line(str(refused))
        if "--verbose" in given:
            traceback.print_exc()
        sys.exit(NOT_DONE)
    except DatabaseError as lost:
        went_away = isinstance(lost, OperationalError)
        what = "went away" if went_away else "refused this"
        _one_line(f"The database {what} ({first_line(lost)}); {_AGAIN if went_away else _WHERE}")
        if "--verbose" in given:
            traceback.print_exc()
        sys.exit(NOT_DONE)
    except OSError as unwritten:
        # A reader like head that has had enough is no news; a full disk is.
        if not isinstance(unwritten, BrokenPipeError):
            _one_line(f"The answer cannot be written ({unwritten.strerror}); what was done stands")
        # What is left in the buffer would fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(NOT_WELL)
    except KeyboardInterrupt:
        _one_line("stopped; what was answered is kept, run the same command to go on")
        sys.exit(STOPPED)
    sys.exit(DONE if status is None else int(status))


def _one_line(text: str) -> None:
    err.print("riviere: " + " ".join(text.split()), style=None, markup=False)
