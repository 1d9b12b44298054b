"""Every kind of insight, the most useful first."""

from personapulse.insights import funnel, goods, months, personas
from personapulse.insights.model import FLOOR, Kind

CUSTOMERS = f"personas of fewer than {FLOOR} customers are not judged"
ORDERS = f"of what fewer than {FLOOR} customers bought nothing is said"
SHUFFLED = "permutation test of the ratio, customers shuffled"
BOTH = f"{SHUFFLED}; both parts must hold (larger p-value)"
FISHER = "Fisher's exact test"
SIGN = "exact binomial test"
CHANGE = "normal test of the change, by customer"

KINDS = (
    Kind(
        "highest_value", personas.highest_value, "know", "persona", "net revenue per customer in 28 days", SHUFFLED,
        CUSTOMERS, "because no persona's customers brought in more than others, beyond chance.",
    ),
    Kind(
        "under_contacted", personas.under_contacted, "act", "persona", "messages per customer in 28 days", BOTH,
        CUSTOMERS,
        "because the most valuable persona does not hear less from the shop than others, beyond chance.",
        numbers="highest_value",
    ),
    Kind(
        "returns_and_earnings", personas.returns_and_earnings, "act", "persona", "share of paid orders", BOTH,
        CUSTOMERS, "because no persona both returns more and leaves less per order than others, beyond chance.",
        numbers="persona_deeds", names_others=True,
    ),
    Kind(
        "funnel_loses_most", funnel.loses_most, "know", "step",
        "share of the losses after this step and the next largest", SIGN, f"fewer than {FLOOR} entrants are not judged",
        "because no step loses more customers than another, beyond chance.",
    ),
    Kind(
        "funnel_loses_whom", funnel.loses_whom, "act", "persona", "share of visits with a view", SHUFFLED, CUSTOMERS,
        "because no persona of buyers loses more of its visits after the view than others, beyond chance.",
        numbers="persona_deeds",
    ),
    Kind(
        "product_returns", goods.product_comes_back, "act", "product", "share of matured orders", SHUFFLED, ORDERS,
        "because no product comes back more than the others, beyond chance.",
        numbers="goods_returns", names_others=True,
    ),
    Kind(
        "category_returns", goods.category_comes_back, "act", "category", "share of matured orders", SHUFFLED, ORDERS,
        "because no category comes back more than the others, beyond chance.",
        numbers="goods_returns", names_others=True,
    ),
    Kind(
        "stays_away", personas.stays_away, "act", "persona", "share of earlier buyers", SHUFFLED, CUSTOMERS,
        "because no persona's buyers come back less than others, beyond chance.",
        numbers="persona_deeds", names_others=True,
    ),
    Kind(
        "revenue_change", months.revenue_changes, "watch", "shop", "share of the former 28 days' net revenue",
        "paired t test, by customer", f"fewer than {FLOOR} customers are not judged",
        "because net revenue did not change from the former 28 days, beyond chance.",
    ),
    Kind(
        "second_order", months.second_orders_change, "watch", "shop", "share of first-time buyers", FISHER,
        f"fewer than {FLOOR} first-time buyers in either period are not judged",
        "because first-time buyers order again as often as four weeks before, but for chance.",
    ),
    Kind(
        "cohort_retention", months.retention_changes, "watch", "month", "share of the cohort", FISHER,
        f"cohorts of fewer than {FLOOR} customers are not judged",
        "because the last cohort came back as the one before it, but for chance.",
    ),
    Kind(
        "persona_growing", personas.growing, "watch", "persona", "share of all customers", CHANGE,
        f"of fewer than {FLOOR} who came or left nothing is said", "because no persona grew, beyond chance.",
        numbers="persona_sizes",
    ),
    Kind(
        "persona_shrinking", personas.shrinking, "watch", "persona", "share of all customers", CHANGE,
        f"of fewer than {FLOOR} who came or left nothing is said", "because no persona shrank, beyond chance.",
        numbers="persona_sizes",
    ),
    Kind(
        "payment_failures", goods.payments_fail, "watch", "shop", "share of orders placed", SHUFFLED,
        f"fewer than {FLOOR} customers in either period are not judged",
        "because as many orders end unpaid as four weeks before, but for chance.",
    ),
    Kind(
        "return_reason", goods.main_reason, "know", "reason", "share of the customers who gave this reason or the next",
        SIGN,
        f"of fewer than {FLOOR} customers who gave one of two reasons nothing is said",
        "because no reason is given more often than another, beyond chance.",
    ),
)  # fmt: skip
