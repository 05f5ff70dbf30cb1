"""The house rules hold for every file here, and each rule can be broken."""

import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import tidy_rules as rules
from tidy_rules import Module

ROOT = Path(__file__).resolve().parent.parent
SOURCE = rules.read(ROOT, "src")
TESTS = rules.read(ROOT, "tests")
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
WRITTEN = {".py", ".sql", ".md", ".toml", ".yml", ".sh", ".css", ".js", ".html", ""}


def committed() -> list[tuple[str, str]]:
    """Path and text of each file that is ours to write: tracked, or new and not ignored. Not data, licence or lock."""
    listing = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):  # an unpacked source archive
        folders = ("src", "tests", "docs")
        names = [p.relative_to(ROOT).as_posix() for f in folders for p in (ROOT / f).rglob("*") if p.suffix in WRITTEN]
    paths = [name for name in names if Path(name).suffix in WRITTEN and name != "LICENSE" and (ROOT / name).is_file()]
    return [(name, (ROOT / name).read_text("utf-8")) for name in paths if not name.startswith("examples/")]


def source(*folders: str, outside: tuple[str, ...] = ()) -> list[Module]:
    """Our own modules under the folders of src/riviere (all of them by default), less those `outside` names."""
    within = tuple(f"src/riviere/{name}" for name in folders or ("",))
    without = tuple(f"src/riviere/{name}" for name in outside)
    return [m for m in SOURCE if m.path.startswith(within) and not (without and m.path.startswith(without))]


def every(rule: Callable[[Module], Iterable[str]], modules: Iterable[Module]) -> list[str]:
    """What one rule finds in several files."""
    return [finding for module in modules for finding in rule(module)]


def none(findings: Iterable[str], advice: str) -> None:
    """Fails with every finding and what to do about them."""
    found = list(findings)
    assert not found, "\n".join([advice, *found])


def test_every_file_of_tests_has_a_name_of_its_own() -> None:
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    assert len(paths) > 100, "the files of tests were not found: the rule would hold nothing"
    none(rules.shared_names(paths), "pytest runs none of the tests of the second: rename it.")


def test_modules_are_short() -> None:
    none(
        every(rules.long_module, SOURCE + TESTS),
        "Split it by what changes together: 150 lines are usual, 400 the most.",
    )


def test_functions_are_short() -> None:
    none(every(rules.long_function, SOURCE + TESTS), "Name a step and move it out: 60 lines are the most.")


def test_every_module_is_imported_by_another() -> None:
    # Commands start in an entry point; the memory engine is the oracle that tests hold the other one against.
    entries = rules.entry_points(PYPROJECT) | {"riviere.ledger.memory"}
    none(rules.unimported(SOURCE, entries), "Use it or remove it.")


def test_public_names_are_documented() -> None:
    none(every(rules.undocumented, SOURCE), "Say what it is, its units, what it raises, where a figure comes from.")


def test_no_float_comes_near_an_amount() -> None:
    # Pictures are geometry: no amount passes through them.
    modules = source("ledger/", "economy/", "money.py", outside=("economy/pictures", "ledger/verify/model"))
    none(
        every(rules.floating, modules), "Amounts are integers: use // and say which way it rounds, or Decimal for text."
    )


def test_sql_lies_in_sql_files() -> None:
    none(
        every(rules.sql_in_strings, source(outside=("database/",))),
        "Name it in the package's queries.sql.",
    )


def test_only_the_command_line_prints() -> None:
    none(every(rules.printing, source(outside=("cli/",))), "Return it, or let riviere.cli show it.")


def test_only_the_clock_reads_the_clock() -> None:
    none(
        every(rules.clock_reading, source(outside=("clock.py",))),
        "Take the time as an argument, or ask riviere.clock.now.",
    )


def test_chance_comes_from_ids_and_evidence() -> None:
    modules = source(outside=("ids.py", "ledger/evidence"))
    none(every(rules.drawing, modules), "Take it as an argument, or ask riviere.ids.random_id.")


def test_pure_modules_ask_for_nothing() -> None:
    pure = rules.pure_modules(PYPROJECT)
    assert pure <= {module.name for module in SOURCE}, "pyproject.toml calls a module pure that is not there"
    none(every(rules.impure, [m for m in SOURCE if m.name in pure]), "Take the time or the id as an argument.")


def test_every_error_has_a_code_of_its_own() -> None:
    none(
        rules.bad_codes(rules.conditions(SOURCE)),
        "Give the class `code`, lower case with underscores, used nowhere else.",
    )


def test_every_error_is_one_sentence() -> None:
    found = rules.conditions(SOURCE)
    assert {"RiviereError", "BadInput"} <= {condition.name for condition in found}
    none(
        (f for c in found for f in rules.unsaid(c)),
        "The docstring's first line is what a person reads: a whole sentence.",
    )


def test_errors_are_raised_with_the_facts_they_name() -> None:
    none(
        rules.missing_facts(rules.conditions(SOURCE), SOURCE + TESTS), "Pass the fact, or take it out of the sentence."
    )


def test_every_query_is_used_and_every_used_one_exists() -> None:
    files = {path: path.read_text("utf-8") for path in sorted((ROOT / "src").rglob("queries.sql"))}
    assert files, "no queries.sql was found: the rule would hold nothing"
    for path, text in files.items():
        folder = path.parent.relative_to(ROOT).as_posix()
        none(rules.loose_queries(folder, text, SOURCE), "Use the statement or remove it; name one that is there.")


def test_every_route_is_tested() -> None:
    from riviere.ledger.law import ROUTES

    told = "\n".join(module.text for module in TESTS if module.path != "tests/test_tidy.py")
    untold = [route.name for route, law in ROUTES.items() if not rules.mentions_route(told, route.name, law.name)]
    none(untold, "Write a scenario that takes this route, and name it there as Route.NAME.")


def test_every_migration_is_tested() -> None:
    told = "\n".join(module.text for module in TESTS if module.path != "tests/test_tidy.py")
    files = sorted((ROOT / "src/riviere/database/migrations").glob("*.sql"))
    assert files, "no migration was found: the rule would hold nothing"
    none((f.name for f in files if f.stem not in told), "Say in tests/test_catalog_lint.py what this migration makes.")


def test_every_page_has_one_title() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]
    named = [(page.relative_to(ROOT).as_posix(), page.read_text("utf-8")) for page in pages]
    none((f for path, text in named for f in rules.headings(path, text)), "A page has one line that begins with `# `.")


def test_python_has_no_tabs() -> None:
    none(every(rules.tabs, SOURCE + TESTS), "Indent with four spaces.")


def test_nothing_names_one_machine() -> None:
    none(
        (f for path, text in committed() for f in rules.places(path, text)),
        "Use a relative path, or a temporary folder.",
    )


def test_nothing_names_a_registry() -> None:
    none((f for path, text in committed() for f in rules.hosts(path, text)), "pip and uv know where packages are.")


def test_nothing_is_left_for_later() -> None:
    none((f for path, text in committed() for f in rules.postponed(path, text)), "Do it now, or open an issue.")


LONG = "def f():\n" + "    x = 1\n" * 60

BROKEN: list[tuple[Callable[[Module], Iterable[str]], str, str]] = [
    (rules.long_module, "x = 1\n" * 401, "x = 1\n" * 400),
    (rules.long_function, LONG, LONG.replace("    x = 1\n", "", 1)),
    (rules.undocumented, '"""M."""\ndef f(): pass', '"""M."""\ndef _f(): pass'),
    (
        rules.undocumented,
        '"""M."""\nclass C:\n    """C."""\n    def m(self): pass',
        '"""M."""\nclass C:\n    """C."""\n    def m(self): ...',
    ),
    (rules.undocumented, "x = 1", '"""M."""'),
    (rules.floating, "x = 0.5", "time.sleep(0.5)"),
    (rules.floating, "x = float(y)", "x = int(y)"),
    (rules.floating, "def f(x: float): ...", "def f(x: int): ..."),
    (rules.floating, "x = a / b", "x = a // b"),
    (rules.floating, "x /= b", "x = folder / 'name.csv'"),
    (rules.floating, "x = a / NAME", "NAME: Final = 'name.csv'\nx = folder / NAME"),
    (rules.sql_in_strings, "q = 'SELECT 1'", "q = 'Select a gift from the list'"),
    (rules.sql_in_strings, "q = f'delete from {table}'", "q = 'deleted from the list'"),
    (rules.sql_in_strings, "q = '''\n  insert into entry values (1)'''", "def f():\n    'UPDATE is refused.'"),
    (rules.sql_in_strings, "q = b'COPY entry FROM STDIN'", "q = b'COPYRIGHT'"),
    (rules.printing, "print(1)", "console.print(1)"),
    (rules.clock_reading, "datetime.now(UTC)", "clock.now()"),
    (rules.clock_reading, "import time\ntime.time()", "import time\ntime.perf_counter()"),
    (rules.clock_reading, "from time import time", "from time import sleep"),
    (rules.clock_reading, "datetime.datetime.utcnow()", "datetime.datetime.min"),
    (rules.drawing, "import random", "import string"),
    (rules.drawing, "from secrets import randbits", "from string import digits"),
    (rules.drawing, "uuid.uuid4()", "uuid.UUID(int=1)"),
    (rules.drawing, "from os import urandom", "from os import path"),
    (rules.impure, "clock.now()", "clock.parse(x)"),
    (rules.impure, "from riviere.ids import random_id", "from riviere.ids import client_id"),
    (rules.tabs, "if x:\n\ty = 1", "if x:\n    y = 1"),
]


@pytest.mark.parametrize(("rule", "bad", "good"), BROKEN)
def test_a_rule_tells_bad_from_good(rule: Callable[[Module], Iterable[str]], bad: str, good: str) -> None:
    assert list(rule(Module("src/riviere/sample.py", bad)))
    assert not list(rule(Module("src/riviere/sample.py", good)))


def test_a_module_on_its_own_is_found() -> None:
    main = Module("src/riviere/main.py", "from riviere import used\nimport riviere.other\nlazy = 'riviere.late:run'")
    rest = [Module(f"src/riviere/{name}.py", "x = 1") for name in ("used", "other", "late", "alone")]
    assert list(rules.unimported([main, *rest], {"riviere.main"})) == ["src/riviere/alone.py: nothing imports it"]


ERRORS = '''
class Locked(RiviereError):
    """{gift} opens at level {level.number}."""
    code = "locked"
class Deeper(Locked):
    """Same code, and no full stop"""
    code = "locked"
class Slug(RiviereError):
    """Fine."""
    code = "Not A Slug"
class Stranger(Exception):
    """Not ours"""
Locked(gift=1)
Locked(gift=1, level=2)
Locked(**facts)
'''


def test_errors_that_break_the_rules_are_found() -> None:
    sample = Module("src/riviere/sample.py", ERRORS)
    found = rules.conditions([sample])
    assert [condition.name for condition in found] == ["Locked", "Deeper", "Slug"]
    assert [finding.split(": ", 1)[1] for finding in rules.bad_codes(found)] == [
        "Deeper: code 'locked' is also Locked's",
        "Slug: code 'Not A Slug' is no slug",
    ]
    assert list(rules.missing_facts(found, [sample])) == ["src/riviere/sample.py:13: Locked without level"]
    assert [len(list(rules.unsaid(condition))) for condition in found] == [0, 1, 0]


def test_files_of_tests_that_share_a_name_are_found() -> None:
    paths = [Path("tests/http/test_limits.py"), Path("tests/http/test_gifts.py"), Path("tests/payments/test_limits.py")]
    assert list(rules.shared_names(paths)) == ["tests/payments/test_limits.py: tests/http/test_limits.py has its name"]


def test_pages_and_paths_that_break_the_rules_are_found() -> None:
    assert not list(rules.headings("a.md", "# One\n## Two\n```sh\n# a comment\n```\n"))
    assert list(rules.headings("a.md", "# One\n# Two\n"))
    assert list(rules.headings("a.md", "## None\n"))
    assert list(rules.places("a.py", "x\ncd /ro" + "ot/x")) == ["a.py:2: a path of one machine"]
    assert list(rules.hosts("a.md", "https://py" + "pi.org/simple"))
    assert list(rules.postponed("a.py", "# TO" + "DO: later"))
    assert not list(rules.postponed("a.py", "# nothing to do"))


def test_queries_that_nobody_runs_or_nobody_wrote_are_found() -> None:
    text = "-- name: one\nSELECT 1;\n-- name: two\nSELECT 2;\n-- name: three\nSELECT 3;\n"
    store = Module("src/riviere/room/store.py", "SQL = load('riviere.room')\nrun(SQL['one'], SQL['gone'])\nrun('two')")
    other = Module("src/riviere/other.py", "from riviere.room.store import SQL\nx = SQL['lost']\ny = {}['three']")
    alone = Module("src/riviere/alone.py", "SQL = load('riviere.house')\nx = SQL['three']")
    assert list(rules.loose_queries("src/riviere/room", text, [store, alone])) == [
        "src/riviere/room/store.py:2: src/riviere/room/queries.sql has no 'gone'",
        "src/riviere/room/queries.sql: nothing runs 'three'",
    ]
    assert list(rules.loose_queries("src/riviere/room", text, [store, other])) == [
        "src/riviere/room/store.py:2: src/riviere/room/queries.sql has no 'gone'",
        "src/riviere/other.py:2: src/riviere/room/queries.sql has no 'lost'",
    ]


def test_routes_that_no_test_takes_are_found() -> None:
    told = "book(Route.GIFT_BONUS); settle('import.back')"
    assert rules.mentions_route(told, "GIFT_BONUS", "gift.bonus")
    assert rules.mentions_route(told, "IMPORT_BACK", "import.back")
    assert not rules.mentions_route(told, "GIFT", "gift")
    assert not rules.mentions_route(told, "IMPORT", "import")


def test_committed_files_are_read() -> None:
    names = {name for name, _ in committed()}
    assert {"src/riviere/money.py", "tests/test_tidy.py", "Makefile", "pyproject.toml"} <= names
    assert not any(re.match(r"\.venv|examples/", name) for name in names)
