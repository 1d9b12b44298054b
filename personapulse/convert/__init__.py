"""Turns what a shop has lying about into extracts that keep the contract."""
