"""The scenarios here play in a small economy."""

from world import world

__all__ = ["world"]
