"""Measures texts; shares no code with what it measures."""
