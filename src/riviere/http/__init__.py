"""The HTTP API: a table of operations, one way to answer them, and the document made from the same table.

A gift arrives in `gifts.py`. An area of the API is one module of operations here and one of shapes in `riviere.wire`.
"""
