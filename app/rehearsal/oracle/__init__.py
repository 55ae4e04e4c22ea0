"""The database of the rehearsal site: an Oracle listener over SQLite. ``listener`` is its port, the rest its inside."""
