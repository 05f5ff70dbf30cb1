"""Tests here use a database with nobody in it, a gate before it, and a platform that signs its users in."""

from pass_office import PassOffice, office

__all__ = ["PassOffice", "office"]
