"""What goes over the wire: the requests and answers of the HTTP API, shared by the server and the Python client.

Coins are whole numbers. Diamonds are decimal text ("8420", "0.75"), never floats. Money is decimal text beside its ISO
4217 currency. Times are RFC 3339 in UTC. An answer may get new fields; a request with one that is not there is refused.
"""
