"""`riviere bench`: what Riviere does here, measured on a throw-away database with nothing switched off.

`commands.py` names the commands, each a module of its own; `docs/performance.md` says what their figures mean.
"""
