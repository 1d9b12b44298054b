"""Loads what tasks need into a Celery worker, before it forks: `[celery] extra_celery_config` names it in `imports`."""

from personapulse_preload import load_for_tasks

load_for_tasks()
