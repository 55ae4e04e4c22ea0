"""The project folder: the append-only, hash-chained journal, its attachments, and the union of two journals."""
