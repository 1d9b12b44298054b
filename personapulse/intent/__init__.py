"""Purchase intent: who will buy within the next days, learnt from what was known of customers before they did."""
