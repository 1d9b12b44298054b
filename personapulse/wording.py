"""How numbers are written for people: the same in every language, no comma that could be a decimal point."""

import datetime
import re
from decimal import Decimal
from typing import Any

import yaml

from personapulse.paths import SQL

THIN_SPACE = "\u202f"  # between thousands; does not break
NO_BREAK = "\u00a0"
MINUS = "\u2212"

# ISO 4217 minor units; every other currency has two
_WITHOUT_COINS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
_OF_THOUSAND_COINS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


def number(value: Decimal | float, digits: int = 0) -> str:
    """Write a number with thin spaces between thousands and a point before decimals, such as `8 911 407.90`."""
    text = f"{value:,.{digits}f}".replace(",", THIN_SPACE)
    if not text.strip(f"-0.{THIN_SPACE}"):
        return text.lstrip("-")  # what rounds to nothing is not negative
    return text.replace("-", MINUS)


def cents(value: Decimal | float, currency: str) -> str:
    """Write an amount to the currency's smallest coin, without its code."""
    return number(value, 0 if currency in _WITHOUT_COINS else 3 if currency in _OF_THOUSAND_COINS else 2)


def money(value: Decimal | float, currency: str) -> str:
    """Write an amount in whole units behind its ISO code, such as `GBP 8 911 408`."""
    return f"{currency}{NO_BREAK}{number(value)}"


def percent(share: Decimal | float, digits: int = 1) -> str:
    """Write a share from 0 to 1 as a percentage."""
    return f"{number(share * 100, digits)}{NO_BREAK}%"


def plain(value: Decimal) -> str:
    """Write a value with at most two decimals and no closing zeros, such as `176.8`."""
    digits = next(digits for digits in (0, 1, 2) if digits == 2 or round(value, digits) == round(value, 2))
    return number(value, digits)


def month(day: datetime.date) -> str:
    """Write a month as ISO does."""
    return f"{day:%Y-%m}"


def counted(count: int, noun: str) -> str:
    """Write a count with its noun, such as `1 row` or `2 rows`."""
    return f"{number(count)}{NO_BREAK}{noun}{'' if count == 1 else 's'}"


def dictionary(mart: str) -> dict[str, Any]:
    """Read a mart's dictionary page, `include/sql/marts/<mart>.yml`."""
    page: dict[str, Any] = yaml.safe_load((SQL / "marts" / f"{mart}.yml").read_text(encoding="utf-8"))
    return page


def in_words(text: str) -> str:
    """Write the column names in a definition as words: `paid_orders_to_date` becomes `paid orders`."""
    words = re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda name: name[0].removesuffix("_to_date").replace("_", " "), text)
    return words[:1].upper() + words[1:]
