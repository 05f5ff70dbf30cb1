"""The database: the data folder, the embedded server or another, its migrations, and connections to it."""
