"""Models to rows and texts: pure functions of (model, now, width); the one place that picks words and tones."""
