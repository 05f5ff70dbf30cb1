"""Commands here run on a small economy."""

from shell import run, surroundings
from world import world

__all__ = ["run", "surroundings", "world"]
