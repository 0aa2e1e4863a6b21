"""Incidents: what the journal makes of them, their life cycle, and the gates between its phases."""
