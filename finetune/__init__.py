"""What learns from feedback; empty until feedback training lands."""
