"""Purchase intent: how likely each customer is to buy soon, from a model that earned its place."""
