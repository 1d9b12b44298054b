"""Insights: what may be said of a shop, with its figures, how sure it is, and the query behind it."""
