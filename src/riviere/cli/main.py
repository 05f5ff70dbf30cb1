"""`riviere`: the one entrance. Names the commands and turns every error into one line and an exit status."""

import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from psycopg import DatabaseError, OperationalError

from riviere import __version__
from riviere.cli.admin import admin
from riviere.cli.bench import bench
from riviere.cli.check_statement import check_statement
from riviere.cli.common import err
from riviere.cli.db import db
from riviere.cli.earnings import earnings
from riviere.cli.export import export
from riviere.cli.gift import buy, gift, provenance, reverse
from riviere.cli.law import law
from riviere.cli.people import post, stream, user
from riviere.cli.replay import replay
from riviere.cli.statement import balance, statement
from riviere.cli.up import up
from riviere.cli.verify import verify
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
app.command(law)
app.command(replay)
app.command(verify)
app.command(up)
app.command(bench)
app.command(earnings)
app.command(statement)
app.command(check_statement)
app.command(balance)
app.command(export)
app.command(gift)
app.command(buy)
app.command(reverse)
app.command(provenance)
app.command(user)
app.command(stream)
app.command(post)
app.command(admin)
app.command(db)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
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
