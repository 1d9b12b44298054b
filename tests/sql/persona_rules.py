"""Rules of a test's own in place of the shop's, and days of a customer written by what they add up to."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from personapulse.personas import reading


def use_rules(monkeypatch: pytest.MonkeyPatch, folder: Path, thresholds: dict[str, Any], **rules: str) -> None:
    """Let the default rule set be these rules, by persona, and Others; by the classic one everybody is the same."""
    words = {"description": "d", "action": "a"}
    body = {
        "description": "d",
        "thresholds": {name: {"meaning": "m", **told} for name, told in thresholds.items()},
        "rules": [{"persona": persona, "when": when, **words} for persona, when in rules.items()],
        "otherwise": {"persona": "Others", **words},
    }
    anybody = {"persona": "Anybody", "when": "paid_orders >= 0", **words}
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"default": body, "classic": body | {"rules": [anybody], "thresholds": {}}}))
    monkeypatch.setattr(reading, "RULES_FILE", file)


def views(day: str, **counts: int) -> str:
    """Write so many views of each customer on a day."""
    lines = [f"{user},pen,{day} {n // 60:02}:{n % 60:02}:00" for user, count in counts.items() for n in range(count)]
    return "\n".join(["user_id,product_id,timestamp", *lines])


def orders(day: str, *users: str, price: int = 10, status: str = "Paid") -> dict[str, str]:
    """Write one order of each customer on a day, as the files `orders` and `order_items`."""
    return {
        "orders": "\n".join(
            ["order_id,user_id,order_date,payment_status", *(f"{user}-{day},{user},{day},{status}" for user in users)]
        ),
        "order_items": "\n".join(
            ["order_id,line_no,product_id,quantity,unit_price", *(f"{user}-{day},1,pen,1,{price}" for user in users)]
        ),
    }
