"""Metrics: every number people quote, defined once in `include/metrics.yaml`, and what it is made of."""

from personapulse.metrics.answers import Answer, StoredValue, answer
from personapulse.metrics.definitions import Catalogue, Metric, Population
from personapulse.metrics.loading import load_metrics

__all__ = ["Answer", "Catalogue", "Metric", "Population", "StoredValue", "answer", "load_metrics"]
