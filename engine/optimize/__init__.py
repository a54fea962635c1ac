"""Prompts that learn: a search over strategies, then reflection (IDEALPrompt, arXiv 2412.19684)."""
