"""When a combo is over: nobody says so, it has been quiet for a while. Whichever server looks notices it, once."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from riviere import notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.ids import system_id
from riviere.ledger.store import read_known

SQL = load("riviere.live")

#: A combo that took no step for this long is over.
QUIET: Final = timedelta(seconds=5)

#: How long a step may take from its time of booking until it can be read. It is looked for so far back.
_LATE: Final = timedelta(seconds=15)


class Over(msgspec.Struct, frozen=True):
    """The data of the notice. It names nobody: who is forgotten is so here as well."""

    owner: int
    id: UUID
    item: int
    count: int
    coins: int
    diamonds: int


def finish(connection: Connection, now: datetime) -> int:
    """Notices the combos that are over by now; how many there were. Any server may do this at any time."""
    with connection.transaction():
        looked = connection.execute(SQL["look_at_combos"]).fetchone()
        if looked is None:
            return 0
        until = now - QUIET
        rows = connection.execute(SQL["read_quiet_combos"], {"since": looked[0] - _LATE, "until": until}).fetchall()
        undone = read_known(connection, {(row[0], system_id("reverse", row[1])) for row in rows})
        over = {
            (creator, system_id("combo finished", owner, combo, count)): (
                place,
                Over(owner, combo, item, count, coins, diamonds),
            )
            for owner, combo, creator, place, item, count, coins, diamonds in rows
            if (owner, system_id("reverse", combo)) not in undone
        }
        asked = {"creators": [creator for creator, _ in over], "causes": [cause for _, cause in over]}
        noticed = set(connection.execute(SQL["read_noticed"], asked).fetchall()) if over else set()
        new = {key: told for key, told in over.items() if key not in noticed}
        for (creator, cause), (place, told) in new.items():
            notices.put(connection, creator, place, notices.COMBO_FINISHED, told, now, cause)
        connection.execute(SQL["looked_at_combos"], {"until": until})
    return len(new)
