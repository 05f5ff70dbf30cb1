"""The gift desk in a process of its own: one interpreter parses requests, another prices, decides and writes gifts.

`desk.py` keeps that process running, `link.py` speaks with it in the server's event loop, `frames.py` is what they say,
`child.py` is the process. What it gives and what it costs: docs/decisions/0017-the-desk-apart.md
"""
