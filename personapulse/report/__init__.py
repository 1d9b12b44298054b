"""The report, for printing and for who runs no scripts: one self-contained page with a shop's figures as of one day."""

from personapulse.marts.days import built_days
from personapulse.report.page import write_report

__all__ = ["built_days", "write_report"]
