"""Unspent coins that buyers give back: frozen, paid back where the money came from, gone; or back in the wallet.

The rules are in `ledger/refunding.py`. A request is kept before anything moves, coins are frozen before the
processor is asked, and leave only once it has paid; each step may be done again (docs/decisions/0025-frozen-first.md).
"""
