"""What the surroundings decide: where the data lies and which database holds it."""

import os
from pathlib import Path

import msgspec
import platformdirs


class Settings(msgspec.Struct, frozen=True):
    """Where Riviere keeps things.

    `data` is the folder of the embedded database, the signing key and the reject files. `database_url`, where it is
    not None, names a PostgreSQL server that takes the embedded one's place.
    """

    data: Path
    database_url: str | None


def from_environment(data: Path | None = None) -> Settings:
    """Settings out of `data` (else RIVIERE_DATA, else the user's own data folder) and RIVIERE_DATABASE_URL."""
    chosen = data or os.environ.get("RIVIERE_DATA") or platformdirs.user_data_dir("riviere")
    return Settings(Path(chosen), os.environ.get("RIVIERE_DATABASE_URL") or None)
