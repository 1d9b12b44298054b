"""What a model is told of a customer, and how people call it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Feature:
    """What a model is told of a customer.

    Parameters
    ----------
    name : str
        Column of a snapshot frame.
    kind : str
        `number` (NaN where nothing is known) or `category` (text).
    label : str
        Noun phrase people read, such as "days since the last paid order".
    more, less : str
        What people say of a customer whose value is above, and below, what is usual: "has not bought for long",
        "bought a short while ago". They tell what is so, not whether it makes a purchase likelier. Of a category both
        are the same, with `{value}` for the customer's.
    missing : str
        What people say where there is no value; empty where there always is, or none for any customer.
    """

    name: str
    kind: str
    label: str
    more: str
    less: str
    missing: str = ""
