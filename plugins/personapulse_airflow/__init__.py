"""What the dags share: assets, the run's clock, the way into the warehouse."""
