"""What happens live: who gives what, in which stream, told to everyone who watches within a moment.

A gift comes here from the journal, where `ledger/batch.py` wrote it: `reading.py` finds it by the creator's own
numbers, `hub.py` asks for all that is watched and hands it to `channel.py`, and `http/feed.py` sends it.
"""
