"""Models to rows and texts: pure functions of (model, now, width); the only place that picks words, glyphs and tones."""
