"""The house rules as functions: a file in, findings out, each `path:line: what is wrong`. Tests: test_tidy.py."""

import ast
import re
import string
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_SQL = re.compile(
    r"\s*(select\s.*\sfrom\s|select [\w.]+\(|insert into\s|update \w+ set\s|delete from\s|copy \w+ ?\(|truncate \w"
    r"|(create|alter|drop) (table|view|index|unique|function|trigger|role|schema|extension)\s)",
    re.DOTALL,
)
_SQL_SHOUTED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|COPY|CREATE)\s")
_DATES = {"now", "utcnow", "today"}
_CLOCKS = {"time", "time_ns"}
_CHANCE = {"random", "secrets", "numpy.random"}
_CALLED_CHANCE = {"urandom", "getrandom", "uuid1", "uuid4", "uuid6", "uuid7"}
_PLACES = re.compile("|".join(["/wor" + "k/", "/tmp/" + "bash", "/ro" + "ot/", "/ho" + r"me/\w"]))
_HOSTS = re.compile("|".join(["py" + r"pi\.org", "python" + r"hosted\.org"]))
_LATER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
_NAMED_MODULE = re.compile(r"^(riviere(?:\.\w+)+)(?::\w+)?$")


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root of the repository, and its text."""

    path: str
    text: str
    tree: ast.Module = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", ast.parse(self.text, self.path))

    @property
    def name(self) -> str:
        """The dotted name: src/riviere/money.py is riviere.money."""
        return self.path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.AST, what: str) -> str:
        """A finding at a node of this file."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


def read(root: Path, *folders: str) -> list[Module]:
    """Every Python file under the folders."""
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return [Module(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in paths]


def long_module(module: Module) -> Iterator[str]:
    """More than 400 lines."""
    lines = len(module.text.splitlines())
    if lines > LONGEST_MODULE:
        yield f"{module.path}: {lines} lines"


def long_function(module: Module) -> Iterator[str]:
    """A function of more than 60 lines, its docstring counted."""
    for node in ast.walk(module.tree):
        if isinstance(node, FUNCTIONS) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield module.at(node, f"{node.name} has {lines} lines")


def undocumented(module: Module) -> Iterator[str]:
    """A public module, class, function or method that does not say what it is."""
    if not ast.get_docstring(module.tree):
        yield f"{module.path}: the module has no docstring"
    waiting: list[ast.Module | ast.ClassDef] = [module.tree]
    while waiting:
        for node in waiting.pop().body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("_") or "overload" in map(ast.unparse, node.decorator_list):
                continue
            stub = ast.unparse(node.body[-1]) == "..."  # of a Protocol, whose own docstring says what its members are
            if not ast.get_docstring(node) and not stub:
                yield module.at(node, f"{node.name} has no docstring")
            if isinstance(node, ast.ClassDef):
                waiting.append(node)


def unimported(modules: Iterable[Module], entries: set[str]) -> Iterator[str]:
    """A module that no other imports and no entry point names. Packages come with what they hold and their main."""
    modules = list(modules)
    reached = set(entries)
    for module in modules:
        names = imports(module) | {
            match[1]
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if (match := _NAMED_MODULE.match(node.value))
        }
        reached |= names - {module.name}
    for module in modules:
        if not module.path.endswith(("__init__.py", "__main__.py")) and module.name not in reached:
            yield f"{module.path}: nothing imports it"


@cache
def imports(module: Module) -> set[str]:
    """The dotted names a file imports: modules, and what it takes from them, which may be modules too."""
    names: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def floating(module: Module) -> Iterator[str]:
    """A float where amounts live: a literal, the type or its call, or a division that makes one.

    A path may be divided by a name, and a wait may last parts of a second.
    """
    texts = {
        ast.unparse(target)
        for node in module.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_text(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    waits = {
        id(wait)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("sleep", "wait")
        for wait in node.args
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and id(node) not in waits:
            yield module.at(node, f"the float {node.value}")
        elif isinstance(node, ast.Name) and node.id == "float":
            yield module.at(node, "float")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            divisor = node.right if isinstance(node, ast.BinOp) else node.value
            if not _is_text(divisor) and ast.unparse(divisor) not in texts:
                yield module.at(node, f"a division that makes a float: {ast.unparse(node)}")


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def sql_in_strings(module: Module) -> Iterator[str]:
    """A string that is a statement."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            value = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            if isinstance(value, str) and (_SQL.match(value) or _SQL_SHOUTED.match(value)):
                yield module.at(node, f"SQL: {value.strip()[:40]}")


def printing(module: Module) -> Iterator[str]:
    """A call of print."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield module.at(node, "print")


def clock_reading(module: Module) -> Iterator[str]:
    """A look at the wall clock that does not go through riviere.clock."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            holder = ast.unparse(node.value).rpartition(".")[2]
            of_date = holder in ("datetime", "date") and node.attr in _DATES
            if of_date or (holder == "time" and node.attr in _CLOCKS):
                yield module.at(node, ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and node.module == "time" and _CLOCKS & {a.name for a in node.names}:
            yield module.at(node, ast.unparse(node))


def drawing(module: Module) -> Iterator[str]:
    """A source of chance: random, secrets, urandom, random UUIDs."""
    for node in ast.walk(module.tree):
        named: set[str] = set()
        if isinstance(node, ast.Import):
            named = {alias.name for alias in node.names} & _CHANCE
        elif isinstance(node, ast.ImportFrom):
            named = ({node.module or ""} & _CHANCE) | ({alias.name for alias in node.names} & _CALLED_CHANCE)
        elif isinstance(node, ast.Attribute):
            named = {node.attr} & _CALLED_CHANCE
        for name in sorted(named):
            yield module.at(node, name)


def impure(module: Module) -> Iterator[str]:
    """A pure module that asks for the present or for a new id, which its contract of imports cannot see."""
    asking = {"riviere.clock.now", "riviere.ids.random_id"}
    for name in sorted(imports(module) & asking):
        yield f"{module.path}: imports {name}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("clock.now", "ids.random_id"):
            yield module.at(node, ast.unparse(node))


@dataclass(frozen=True)
class Condition:
    """An error class: where it is, its code, and the facts its sentence needs (None where it makes its own)."""

    where: str
    name: str
    code: str | None
    sentence: str
    facts: frozenset[str] | None


def conditions(modules: Iterable[Module]) -> list[Condition]:
    """Every class that descends from RiviereError, by name."""
    classes = [(module, node) for module in modules for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    family = {"RiviereError"}
    while more := {n.name for _, n in classes if {ast.unparse(b).split(".")[-1] for b in n.bases} & family} - family:
        family |= more
    return [_condition(module, node) for module, node in classes if node.name in family]


def _condition(module: Module, node: ast.ClassDef) -> Condition:
    code, makes_own = None, False
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if "code" in map(ast.unparse, targets) and isinstance(statement.value, ast.Constant):
                code = str(statement.value.value)
        elif isinstance(statement, FUNCTIONS) and statement.name == "__init__":
            makes_own = node.name != "RiviereError"
    sentence = (ast.get_docstring(node) or "").partition("\n")[0]
    facts = {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(sentence) if name}
    return Condition(module.at(node, node.name), node.name, code, sentence, None if makes_own else frozenset(facts))


def bad_codes(found: Iterable[Condition]) -> Iterator[str]:
    """An error class without a code of its own, or with one that is no slug or is taken."""
    seen: dict[str, str] = {}
    for condition in found:
        if condition.code is None or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", condition.code):
            yield f"{condition.where}: code {condition.code!r} is no slug"
        elif condition.code in seen:
            yield f"{condition.where}: code {condition.code!r} is also {seen[condition.code]}'s"
        else:
            seen[condition.code] = condition.name


def missing_facts(found: Iterable[Condition], modules: Iterable[Module]) -> Iterator[str]:
    """An error raised without a fact that its sentence names."""
    needed = {condition.name: condition.facts for condition in found if condition.facts is not None}
    for module in modules:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or any(keyword.arg is None for keyword in node.keywords):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            absent = needed.get(name, frozenset()) - {keyword.arg for keyword in node.keywords}
            if absent:
                yield module.at(node, f"{name} without {', '.join(sorted(absent))}")


def unsaid(condition: Condition) -> Iterator[str]:
    """A sentence that is none: it is empty or does not end in a full stop on its first line."""
    if not condition.sentence.endswith("."):
        yield f"{condition.where}: the first line {condition.sentence!r} is not a sentence"


def mentions_route(told: str, member: str, name: str) -> bool:
    """Whether the text takes a route: by its member, or by a dotted name of its own ("gift" alone is a word)."""
    quoted = "." in name and re.search(rf"""["']{re.escape(name)}["']""", told)
    return bool(quoted or re.search(rf"\bRoute\.{member}\b", told))


def loose_queries(folder: str, text: str, modules: Iterable[Module]) -> Iterator[str]:
    """A statement of the folder's queries.sql that no module runs, or a name that a module asks for in vain.

    A module runs them where it loads that package's file, or imports what was loaded.
    """
    modules = list(modules)
    package = folder.removeprefix("src/").replace("/", ".")
    there = set(re.findall(r"^-- name: *(\w+)", text, re.MULTILINE))
    holders: dict[str, set[str]] = {}
    for module in modules:
        for node in ast.walk(module.tree) if package in module.text else ():
            if isinstance(node, ast.Assign) and ast.unparse(node.value).endswith(f"load({package!r})"):
                holders.setdefault(module.name, set()).update(map(ast.unparse, node.targets))
    shared = {f"{module}.{name}" for module, names in holders.items() for name in names}
    used: set[str] = set()
    for module in modules:
        names = holders.get(module.name, set()) | {name.rpartition(".")[2] for name in imports(module) & shared}
        for node in ast.walk(module.tree) if names else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value)
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) in names:
                asked = node.slice.value if isinstance(node.slice, ast.Constant) else None
                if asked is not None and asked not in there:
                    yield module.at(node, f"{folder}/queries.sql has no {asked!r}")
    yield from (f"{folder}/queries.sql: nothing runs {name!r}" for name in sorted(there - used))


def shared_names(paths: Iterable[Path]) -> Iterator[str]:
    """A file whose name one before it has: pytest imports both under that name, and takes one for the other."""
    first: dict[str, Path] = {}
    for path in paths:
        if first.setdefault(path.name, path) is not path:
            yield f"{path}: {first[path.name]} has its name"


def headings(path: str, text: str) -> Iterator[str]:
    """A page with no title or with two, fenced code apart."""
    prose = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    titles = len(re.findall(r"^# ", prose, re.MULTILINE))
    if titles != 1:
        yield f"{path}: {titles} titles"


def tabs(module: Module) -> Iterator[str]:
    """A tab in Python."""
    yield from _lines(module.path, module.text, re.compile("\t"), "a tab")


def places(path: str, text: str) -> Iterator[str]:
    """A path of one machine."""
    yield from _lines(path, text, _PLACES, "a path of one machine")


def hosts(path: str, text: str) -> Iterator[str]:
    """The address of a package registry."""
    yield from _lines(path, text, _HOSTS, "the address of a registry")


def postponed(path: str, text: str) -> Iterator[str]:
    """A note that something is to be done later."""
    yield from _lines(path, text, _LATER, "a note for later")


def _lines(path: str, text: str, pattern: re.Pattern[str], what: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.search(line):
            yield f"{path}:{number}: {what}"


def pure_modules(pyproject: str) -> set[str]:
    """The modules that the import contract calls pure."""
    contracts = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    return set(next(contract for contract in contracts if contract["id"] == "pure")["source_modules"])


def entry_points(pyproject: str) -> set[str]:
    """The modules that the installed commands start in."""
    return {target.partition(":")[0] for target in tomllib.loads(pyproject)["project"]["scripts"].values()}
