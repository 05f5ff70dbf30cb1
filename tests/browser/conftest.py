"""A real Chromium in front of the pages. Where there is none its tests skip, and say so."""

from chromium import chromium, house, people

__all__ = ["chromium", "house", "people"]
