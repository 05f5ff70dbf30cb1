"""Riviere: coins, gifts, diamonds, and a ledger that proves itself."""

__version__ = "0.1.0"
