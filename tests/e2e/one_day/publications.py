"""What has become of the runs of `publish_dashboards`, asked of Airflow's API."""

import time

from personapulse.service.airflow import PUBLISH

PATIENCE = 240  # seconds


def newest_run(api, day):
    return max((run for run in api.runs() if run.dag == PUBLISH and run.day == str(day)), key=lambda run: run.since)


def tasks_of(api, run):
    tasks = api._all(f"/api/v2/dags/{PUBLISH}/dagRuns/{run.run}/taskInstances", "task_instances")
    return {task["task_id"]: task for task in tasks}


def states_of(api, run):
    return {name: task["state"] for name, task in tasks_of(api, run).items()}


def log_of(api, run, task):
    return " ".join(str(line) for line in api.log(tasks_of(api, run)[task]))


def until(found):
    """Wait until `found` returns something, and return that."""
    end = time.monotonic() + PATIENCE
    while not (it := found()):
        assert time.monotonic() < end
        time.sleep(1)
    return it


def pause(api, dag):
    api._call("PATCH", f"/api/v2/dags/{dag}", json={"is_paused": True})


def publish_again(api, day):
    """Trigger a day's publication by hand; return its run."""
    before = {run.run for run in api.runs()}
    api.trigger_day(PUBLISH, day)
    return until(lambda: next((run for run in api.runs() if run.dag == PUBLISH and run.run not in before), None))


def published(api, day):
    """Wait for a day's first publication, and for its end; return the run."""
    return ended(api, until(lambda: next((r for r in api.runs() if (r.dag, r.day) == (PUBLISH, str(day))), None)))


def ended(api, run):
    """Wait for a run's end; return it as it is then."""
    return until(lambda: (now := api.run(PUBLISH, run.run)).state in {"success", "failed"} and now)
