"""Starting, following and stopping Airflow and PostgreSQL for `personapulse up`; Airflow itself is never imported."""
