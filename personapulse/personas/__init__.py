"""Persona rules: read from `include/personas.yaml`, checked, and rendered to SQL."""

from personapulse.personas.reading import RULES_FILE, load_rule_sets
from personapulse.personas.rules import Comparison, Rule, RuleSet, Threshold

__all__ = ["RULES_FILE", "Comparison", "Rule", "RuleSet", "Threshold", "load_rule_sets"]
