"""The domain: frozen, serialisable models. No I/O, no words for the screen, no Textual.

Nothing is re-exported here on purpose: `cockpit.models.run` costs only what it uses.
"""
