"""What Airflow is told: the app, its entry in the menu, and the day's dashboard beside each run."""

from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/personapulse"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve a request; the app is made by the first one, so that schedulers and workers never load it."""
    from personapulse_dashboard.api import the_app  # noqa: PLC0415

    await the_app()(scope, receive, send)


class DashboardPlugin(AirflowPlugin):
    """The dashboard."""

    name = "personapulse_dashboard"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": "PersonaPulse dashboard"}]  # noqa: RUF012 - as Airflow reads it
    external_views = [  # noqa: RUF012
        {
            "name": "Dashboard",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "personapulse",
            "nav_top_level": True,
        },
        {
            "name": "Dashboard",
            "href": f"{PREFIX}/run/day?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "personapulse-day",
        },
    ]
