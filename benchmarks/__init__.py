"""How fast the product is, in ratios within one run: `make bench`. What is measured and why: docs/performance.md."""
