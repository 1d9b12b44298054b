"""The dashboard's addresses: the page, its days and their documents, for people who are logged in to Airflow."""

import datetime
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import psycopg
from airflow.api_fastapi.core_api.security import requires_authenticated
from airflow.models.connection import Connection
from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from psycopg.conninfo import make_conninfo

from personapulse import warehouse
from personapulse.dashboard import frontend, store

WAREHOUSE, DASHBOARD = "shop_warehouse", "shop_dashboard"  # Airflow connections; the second may be absent
MINUTE, YEAR = 60, 31_536_000

HEADERS = {
    # plotly.js writes style elements and shows what it draws as data and blobs; nothing comes from elsewhere
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
Day = Annotated[datetime.date, Path(description="A day that is kept, such as 2026-01-31")]


@contextmanager
def _warehouse() -> Iterator[psycopg.Connection[Any]]:
    """Open the warehouse as the role that can read documents and nothing else."""
    try:
        address = Connection.get_connection_from_secrets(DASHBOARD)
    except Exception:  # noqa: BLE001 - the class differs between Airflow's secrets backends
        address = Connection.get_connection_from_secrets(WAREHOUSE)
    conninfo = make_conninfo(
        host=address.host,
        port=address.port,
        user=address.login,
        password=address.password,
        dbname=address.schema,
        connect_timeout=5,
        **address.extra_dejson,
    )
    with warehouse.connect(conninfo) as connection:
        connection.execute(
            "set default_transaction_read_only = on; set statement_timeout = '10s'; set role personapulse_dashboard"
        )
        yield connection


@cache
def the_app() -> FastAPI:
    """Return the app; every address of it wants a user."""
    app = FastAPI(
        title="PersonaPulse dashboard",
        dependencies=[Depends(requires_authenticated())],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )

    @app.middleware("http")
    async def _with_headers(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(psycopg.OperationalError)
    async def _away(_request: Request, _error: Exception) -> Response:
        told = {
            "detail": "The warehouse does not answer.",
            "remedy": "Is PostgreSQL running, and right in the Airflow connection shop_dashboard or shop_warehouse?",
        }
        return JSONResponse(told, status_code=503)

    _add_page(app)
    _add_documents(app)
    return app


def _add_page(app: FastAPI) -> None:
    texts = {
        "app.js": (frontend.script, "text/javascript"),
        "theme.js": (frontend.theme_script, "text/javascript"),
        "style.css": (frontend.style, "text/css"),
    }

    @app.get("/")
    def page() -> Response:
        return Response(frontend.page(), media_type="text/html", headers={"Cache-Control": "no-cache"})

    @app.get("/{name}")
    def file(name: str, v: str = "") -> Response:
        # an address with a version never changes what it answers
        age = YEAR if v in {frontend.version(), frontend.plotly_version()} else MINUTE
        kept = {"Cache-Control": f"private, max-age={age}{', immutable' if age == YEAR else ''}"}
        if name == "plotly.min.js":
            return FileResponse(frontend.plotly_file(), media_type="text/javascript", headers=kept)
        if name not in texts:
            raise HTTPException(404, "There is no such file.")
        text, kind = texts[name]
        return Response(text(), media_type=kind, headers=kept)


def _add_documents(app: FastAPI) -> None:
    @app.get("/api/days")
    def days() -> Response:
        with _warehouse() as connection:
            content = store.index(connection)
        return Response(
            json.dumps(content | {"today": _today()}),
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    @app.get("/api/days/{day}")
    def document(day: Day, request: Request) -> Response:
        with _warehouse() as connection:
            found = store.kept(connection, day)
        if not found:
            raise HTTPException(404, f"{day} is not among the days kept.")
        headers = {"ETag": f'"{found.etag}"', "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        headers["Content-Encoding"] = "gzip"  # every browser takes it
        return Response(found.packed, media_type="application/json", headers=headers)

    @app.get("/run/day")
    def run(dag_id: Annotated[str, Query(max_length=250)], run_id: Annotated[str, Query(max_length=250)]) -> Response:
        return RedirectResponse(f"../#page=summary&day={_day_of(dag_id, run_id)}")


def _day_of(dag_id: str, run_id: str) -> str:
    """Return the shop day of a run; empty if it has none, which shows the newest."""
    from airflow.models.dagrun import DagRun  # noqa: PLC0415
    from airflow.utils.session import create_session  # noqa: PLC0415

    with create_session() as session:
        found = session.query(DagRun.partition_key).filter_by(dag_id=dag_id, run_id=run_id).first()
    try:
        return datetime.date.fromisoformat(found[0]).isoformat() if found else ""
    except (TypeError, ValueError):
        return ""


def _today() -> str | None:
    """Return the shop's day of today; None for a shop whose last day has been delivered."""
    today = datetime.datetime.now(ZoneInfo(os.environ.get("PERSONAPULSE_TIME_ZONE") or "UTC")).date()
    first_night = os.environ.get("PERSONAPULSE_FIRST_NIGHT") or ""
    return None if first_night > today.isoformat() else today.isoformat()
