"""What creators put up: what their streams and posts are called, and where the picture comes from."""
