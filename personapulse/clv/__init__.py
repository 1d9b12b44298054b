"""Predicted lifetime value: BG/NBD and Gamma-Gamma by maximum likelihood (docs/lifetime-value.md)."""
