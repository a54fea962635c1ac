"""Reads an author's samples into a StyleProfile."""
