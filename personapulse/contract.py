"""The extract contract: which files a shop delivers each day, and which columns they hold.

`docs/extract-contract.md` tells the same in prose; the staging tables in `include/sql/setup` have the same columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    key : tuple of str
        Columns that tell a row from every other in the file; empty where rows may be equal.
    dates : mapping of str to bool
        Columns that hold a date, and whether with a time of day.
    filled : tuple of str
        Optional columns that are filled with a default where they are empty or not delivered.
    is_event : bool
        Whether rows tell of something that happened at a moment and is not told anew (see `core.product_views`).
    is_optional : bool
        Whether a day without the file is fine for every shop.
    """

    name: str
    required: tuple[str, ...]
    never_empty: tuple[str, ...]
    optional: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    dates: Mapping[str, bool] = field(default_factory=dict)
    filled: tuple[str, ...] = ()
    is_event: bool = False
    is_optional: bool = False

    @staticmethod
    def stored_as(column: str) -> str:
        """Name of a column in the warehouse; `timestamp` says too little beside the other tables' times."""
        return "viewed_at" if column == "timestamp" else column

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is used, required ones first."""
        return self.required + self.optional


USERS = Extract(
    "users",
    required=("user_id",),
    never_empty=("user_id",),
    optional=("signup_date", "gender", "age", "location"),
    key=("user_id",),
    dates={"signup_date": False},
)
PRODUCTS = Extract(
    "products",
    required=("product_id", "name", "category"),
    never_empty=("product_id",),
    optional=("price", "rating"),
    key=("product_id",),
)
# An order is either one line (product_id and amount here), or has its lines in order_items.
ORDERS = Extract(
    "orders",
    required=("order_id", "user_id", "order_date", "payment_status"),
    never_empty=("order_id", "user_id", "order_date", "payment_status"),
    optional=("product_id", "amount"),
    key=("order_id",),
    dates={"order_date": True},
)
# Not every shop's lines name the customer; where they do, an anonymous line is told apart from a customer's.
ORDER_ITEMS = Extract(
    "order_items",
    required=("order_id", "line_no", "product_id", "quantity", "unit_price"),
    never_empty=("order_id", "line_no", "product_id", "quantity", "unit_price"),
    optional=("user_id",),
    key=("order_id", "line_no"),
)
# A return needs its order, or the customer and the amount where the shop cannot name the order.
RETURNS = Extract(
    "returns",
    required=("order_id",),
    never_empty=(),
    optional=("product_id", "user_id", "return_reason", "returned_at", "amount"),
    dates={"returned_at": True},
)
PRODUCT_VIEWS = Extract(
    "product_views",
    required=("user_id", "product_id", "timestamp"),
    never_empty=("user_id", "product_id", "timestamp"),
    optional=("category", "session_id", "event_type"),
    key=("user_id", "timestamp", "product_id", "event_type", "session_id"),
    dates={"timestamp": True},
    filled=("event_type", "session_id"),
    is_event=True,
)
CONTACTS = Extract(
    "contacts",
    required=("user_id", "sent_at"),
    never_empty=("user_id", "sent_at"),
    optional=("campaign", "channel"),
    key=("user_id", "sent_at", "campaign", "channel"),
    filled=("campaign", "channel"),
    dates={"sent_at": True},
    is_event=True,
    is_optional=True,
)

EXTRACTS = (USERS, PRODUCTS, ORDERS, ORDER_ITEMS, RETURNS, PRODUCT_VIEWS, CONTACTS)
BY_NAME = {extract.name: extract for extract in EXTRACTS}

PAYMENT_STATUSES = ("Paid", "Failed", "Pending", "Refunded", "Cancelled")
EVENT_TYPES = ("view", "add_to_cart", "checkout")
