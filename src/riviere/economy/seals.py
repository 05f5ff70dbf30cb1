"""Whether rows that may change were changed by Riviere: users, the map to persons, and places carry a seal."""

from riviere.database.connection import Connection
from riviere.economy import people, places
from riviere.economy.people import SQL
from riviere.ledger.evidence import Signer
from riviere.ledger.verify import Check


def check_seals(connection: Connection, signer: Signer) -> Check:
    """Every seal of users, person and place, made anew. The first that differs is named."""
    rows = 0
    for user, created_at, level, region, seal in connection.execute(SQL["all_users"]):
        rows += 1
        if people.user_seal(signer, user, created_at, level, region) != seal:
            return Check("seals", False, rows, f"users {user}: changed behind Riviere's back")
    for external_id, user, seal in connection.execute(SQL["all_people"]):
        rows += 1
        if people.person_seal(signer, external_id, user) != seal:
            return Check("seals", False, rows, f"person {external_id!r}: changed behind Riviere's back")
    for *place, seal in connection.execute(SQL["all_places"]):
        rows += 1
        if places.place_seal(signer, places.Place(*place)) != seal:
            return Check("seals", False, rows, f"place {place[0]}: changed behind Riviere's back")
    return Check("seals", True, rows, "users, person and place carry the seals of this installation")
