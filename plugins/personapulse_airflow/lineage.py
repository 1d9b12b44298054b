"""What a task reads and writes, told to Airflow's collector of lineage; nothing happens unless somebody collects it."""

from typing import TYPE_CHECKING

from airflow.sdk import Connection, get_current_context
from airflow.sdk.lineage import NoOpCollector, get_hook_lineage_collector

from personapulse_airflow import shared

if TYPE_CHECKING:
    from personapulse.lineage import Flow


def tell(flow: "Flow", *files: str) -> None:
    """Tell which tables of the warehouse the running task reads and writes, and which files it reads.

    Parameters
    ----------
    flow : Flow
        From `personapulse.lineage`.
    *files : str
        Addresses, such as `s3://shop/2026-03-01`.
    """
    collector = get_hook_lineage_collector()
    if isinstance(collector, NoOpCollector):
        return
    task = get_current_context()["ti"].task
    address = Connection.get(shared.WAREHOUSE)
    # a socket's folder is no host; who reads lineage needs a name that stays
    host = "localhost" if (address.host or "/").startswith("/") else address.host
    where = {"host": host, "port": address.port or 5432, "database": address.schema}
    for add, tables in ((collector.add_input_asset, flow.reads), (collector.add_output_asset, flow.writes)):
        for name in tables:
            schema, _, table = name.partition(".")
            add(task, scheme="postgres", asset_kwargs=where | {"schema": schema, "table": table})
    for file in files:
        collector.add_input_asset(task, uri=file if "://" in file else f"file://{file}")
