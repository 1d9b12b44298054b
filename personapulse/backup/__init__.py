"""A home's backup: its databases, roles, models and keys in one folder, whole or not there, and back again."""
