"""The checks of `validate_scores.py`: each measures a score on labelled data."""
