"""Numbered SQL files, applied in order by riviere.database.migrate and never edited once released."""
