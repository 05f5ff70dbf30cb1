"""Operators: the people who run the platform, each with one role. Every change is a row that stays.

Connections are in autocommit; a function that writes opens its own transaction.
"""

from datetime import datetime

import msgspec
from psycopg.rows import class_row

from riviere.access import scopes
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.money import shown

SQL = load("riviere.access")


class UnknownOperator(RiviereError):
    """There is no operator {name}; add them first, or correct the name."""

    code = "unknown_operator"


class OperatorExists(RiviereError):
    """There is an operator {name} already; change their role instead."""

    code = "operator_exists"


class OperatorDisabled(RiviereError):
    """The operator {name} was disabled at {at} for good; add them under a new name."""

    code = "operator_disabled"


class Operator(msgspec.Struct, frozen=True):
    """Somebody who runs the platform; `disabled_at` is None while they do."""

    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None


class Change(msgspec.Struct, frozen=True):
    """What an operator became at an instant, and who decided it."""

    operator: str
    number: int
    role: str
    disabled: bool
    at: datetime
    by: str


def create(connection: Connection, name: str, role: str, by: str, now: datetime) -> Operator:
    """A new operator. Raises BadText, UnknownRole or OperatorExists."""
    checks.text(name, "An operator's name", checks.LONGEST_NAME)
    scopes.of_role(role)
    operator = Operator(name, role, now, None)
    with connection.transaction():
        if connection.execute(SQL["add_operator"], msgspec.structs.asdict(operator)).fetchone() is None:
            raise OperatorExists(name=shown(name))
        _record(connection, operator, by, now)
    return operator


def set_role(connection: Connection, name: str, role: str, by: str, now: datetime) -> Operator:
    """Gives an operator another role: their keys do at once what it allows, and never more than they were made for.

    Raises UnknownRole, UnknownOperator or OperatorDisabled.
    """
    scopes.of_role(role)
    with connection.transaction():
        operator = _locked(connection, name)
        working(operator)
        if operator.role == role:
            return operator
        return _change(connection, msgspec.structs.replace(operator, role=role), by, now)


def disable(connection: Connection, name: str, by: str, now: datetime) -> Operator:
    """Ends an operator's work: their keys open nothing any more. Once more changes nothing. Raises UnknownOperator."""
    with connection.transaction():
        operator = _locked(connection, name)
        if operator.disabled_at is not None:
            return operator
        return _change(connection, msgspec.structs.replace(operator, disabled_at=now), by, now)


def find(connection: Connection, name: str) -> Operator:
    """The operator of a name. Raises UnknownOperator."""
    return _read(connection, "read_operator", name)


def working(operator: Operator) -> Operator:
    """`operator`, unless disabled: then OperatorDisabled is raised."""
    if operator.disabled_at is not None:
        raise OperatorDisabled(name=shown(operator.name), at=operator.disabled_at.isoformat())
    return operator


def listed(connection: Connection, after: str | None = None, most: int | None = None) -> list[Operator]:
    """Every operator by name, or up to `most` of those behind the name `after`."""
    with connection.cursor(row_factory=class_row(Operator)) as cursor:
        return cursor.execute(SQL["list_operators"], {"after": after, "most": most}).fetchall()


def changes(connection: Connection, name: str) -> list[Change]:
    """All that was ever decided about an operator, in order. Raises UnknownOperator."""
    find(connection, name)
    with connection.cursor(row_factory=class_row(Change)) as cursor:
        return cursor.execute(SQL["list_operator_changes"], {"name": name}).fetchall()


def _change(connection: Connection, operator: Operator, by: str, now: datetime) -> Operator:
    connection.execute(SQL["change_operator"], msgspec.structs.asdict(operator))
    _record(connection, operator, by, now)
    return operator


def _record(connection: Connection, operator: Operator, by: str, now: datetime) -> None:
    checks.text(by, "Who decides about an operator", checks.LONGEST_ID)
    row = {"name": operator.name, "role": operator.role, "disabled": operator.disabled_at is not None}
    connection.execute(SQL["add_operator_change"], row | {"at": now, "by": by})


def _locked(connection: Connection, name: str) -> Operator:
    return _read(connection, "lock_operator", name)


def _read(connection: Connection, query: str, name: str) -> Operator:
    if checks.is_text(name, checks.LONGEST_NAME):
        with connection.cursor(row_factory=class_row(Operator)) as cursor:
            found = cursor.execute(SQL[query], {"name": name}).fetchone()
        if found is not None:
            return found
    raise UnknownOperator(name=shown(name))
