"""What remembers: tables, the store, full-text search, migrations."""
