"""Keeping house: erasing people who ask for it, and letting go of what has been kept long enough."""
