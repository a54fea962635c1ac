"""Versioned templates and their one renderer."""
