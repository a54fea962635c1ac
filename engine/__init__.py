"""What writes and what measures: no database, no web page."""
