"""Which account a request means."""

from typing import Final

from riviere.database.connection import Connection
from riviere.economy.telling import usual_account
from riviere.ledger.law import KINDS, Kind, is_users

#: A user's accounts by the names that the API has for them.
KIND_OF: Final = {law.name: kind for kind, law in KINDS.items() if is_users(kind)}


def meant(connection: Connection, user: int, account: str | None) -> Kind:
    """The account of that name; where none is named, the one that a person asks about first."""
    return usual_account(connection, user) if account is None else KIND_OF[account]
