"""The moving parts: scanner, watcher, tail, board, index and the one reader of evidence. No Textual."""
