"""Both clients play the same stories; a server that is broken in the ways a story names; and a real one."""

import sys
from pathlib import Path

# Where the fixture of a real server lies.
sys.path.append(str(Path(__file__).parents[1] / "http"))

from broken_server import Broken, broken, kind
from front import front

__all__ = ["Broken", "broken", "front", "kind"]
