"""The pages: what people see in a browser. Thin: a page asks operations of the API and shows what they answer.

A gift that is sent by a press on the tray (`stream.py`) goes on like any other: to `http/gifts.py`.
"""
