"""Purchase intent: how likely each customer is to buy in the next days, and whether a model may say so."""
