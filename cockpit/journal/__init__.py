"""The append-only, hash-chained log of what operators did. Knows no kinds of event."""
