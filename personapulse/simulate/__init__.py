"""An invented shop: customers with hidden traits, and the extracts they would leave behind. Seeded, without a clock."""
