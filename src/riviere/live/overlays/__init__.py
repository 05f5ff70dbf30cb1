"""Overlays: a creator's widgets as pages that broadcasting software lays over the picture, each at a secret address.

`model.py` has what an overlay is, `keeping.py` what creators and the pages do with one, `telling.py` what its page
hears beside the creator's feed.
"""
