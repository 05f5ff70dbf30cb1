"""What can be asked of the API: a class an area, mirrored by `riviere.wire`; `client.py` puts them together."""
