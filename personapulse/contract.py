"""The extract contract: which files a shop delivers each day, and which columns they hold.

`docs/extract-contract.md` tells the same in prose; the staging tables in `include/sql/setup` have the same columns.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extract:
    """One file of the contract.

    Parameters
    ----------
    name : str
        File name without its ending: `orders` is read from `orders.csv`, `orders.csv.gz` or `orders.parquet`.
    required : tuple of str
        Columns that must be in the header.
    never_empty : tuple of str
        Columns without which a row means nothing; a row where one is empty is quarantined.
    optional : tuple of str
        Columns that are used where they are delivered. Any other column is ignored, and reported.
    is_optional : bool
        Whether a day without the file is fine for every shop.
    """

    name: str
    required: tuple[str, ...]
    never_empty: tuple[str, ...]
    optional: tuple[str, ...] = ()
    is_optional: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is used, required ones first."""
        return self.required + self.optional


USERS = Extract("users", ("user_id",), ("user_id",), ("signup_date", "gender", "age", "location"))
PRODUCTS = Extract("products", ("product_id", "name", "category"), ("product_id",), ("price", "rating"))
# An order is either one line (product_id and amount here), or has its lines in order_items.
_ORDER = ("order_id", "user_id", "order_date", "payment_status")
ORDERS = Extract("orders", _ORDER, _ORDER, ("product_id", "amount"))
# Not every shop's lines name the customer; where they do, an anonymous line is told apart from a customer's.
_LINE = ("order_id", "line_no", "product_id", "quantity", "unit_price")
ORDER_ITEMS = Extract("order_items", _LINE, _LINE, ("user_id",))
# A return needs its order, or the customer and the amount where the shop cannot name the order.
RETURNS = Extract("returns", ("order_id",), (), ("product_id", "user_id", "return_reason", "returned_at", "amount"))
_VIEW = ("user_id", "product_id", "timestamp")
PRODUCT_VIEWS = Extract("product_views", _VIEW, _VIEW, ("category", "session_id", "event_type"))
CONTACTS = Extract(
    "contacts", ("user_id", "sent_at"), ("user_id", "sent_at"), ("campaign", "channel"), is_optional=True
)

EXTRACTS = (USERS, PRODUCTS, ORDERS, ORDER_ITEMS, RETURNS, PRODUCT_VIEWS, CONTACTS)
BY_NAME = {extract.name: extract for extract in EXTRACTS}

PAYMENT_STATUSES = ("Paid", "Failed", "Pending", "Refunded", "Cancelled")
EVENT_TYPES = ("view", "add_to_cart", "checkout")
