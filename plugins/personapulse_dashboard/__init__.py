"""The dashboard inside Airflow: a page behind Airflow's login, and the entry in its menu that leads there."""
