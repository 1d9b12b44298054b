"""How insights put numbers and names into a sentence."""

from collections.abc import Sequence
from decimal import Decimal

from personapulse.insights.statistics import Estimate
from personapulse.wording import NO_BREAK, cents, money, number, percent

__all__ = ["amount", "interval", "listed", "number", "percent", "plural", "spread"]


def amount(value: Decimal | float, currency: str) -> str:
    """Write an amount behind its ISO code, with coins where they matter: below a hundred."""
    return money(value, currency) if abs(float(value)) >= 100 else f"{currency}{NO_BREAK}{cents(value, currency)}"


def interval(estimate: Estimate) -> str:
    """Write an interval of shares, such as `95 % interval 24.7 to 33.1 %`."""
    return f"95{NO_BREAK}% interval {number(estimate.low * 100, 1)} to {percent(estimate.high)}"


def spread(estimate: Estimate, digits: int = 0) -> str:
    """Write an interval of numbers, such as `95 % interval 287 to 333`."""
    return f"95{NO_BREAK}% interval {number(estimate.low, digits)} to {number(estimate.high, digits)}"


def plural(persona: str) -> str:
    """Name the customers of a persona: Loyalists, Price-Conscious, Others."""
    if persona.endswith("s"):
        return persona
    if persona.endswith("y") and not persona.endswith(("ay", "ey", "oy")):
        return f"{persona[:-1]}ies"
    return f"{persona}s"


def listed(names: Sequence[str]) -> str:
    """Write names as a list: `A`, `A and B`, `A, B and C`."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
