"""The dags as Airflow reads them, in an Airflow home of their own."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Airflow reads its settings on import, so they come first.
_HOME = tempfile.TemporaryDirectory(prefix="personapulse-dags-")  # goes away with the test session
os.environ["AIRFLOW_HOME"] = _HOME.name
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(ROOT / "dags")
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
sys.path.insert(0, str(ROOT / "plugins"))


@pytest.fixture(scope="session")
def read_dags():
    """Return a function that reads the dag files anew, the way the dag processor does."""
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - after the settings above

    return lambda: DagBag(ROOT / "dags")


@pytest.fixture(scope="session")
def bag(read_dags):
    return read_dags()


@pytest.fixture(scope="session")
def running_double(tmp_path_factory):
    from personapulse.powerbi_service.double import PowerBIDouble  # noqa: PLC0415 - few tests need it

    with PowerBIDouble(tmp_path_factory.mktemp("double")) as running:
        yield running


@pytest.fixture
def double(running_double, monkeypatch):
    """Power BI's double with an empty history, and the Airflow connection to it."""
    from airflow.providers.microsoft.azure.hooks.msgraph import KiotaRequestAdapterHook  # noqa: PLC0415

    running_double.model.reset()
    running_double.forget_tokens()
    for name, value in running_double.environment().items():
        monkeypatch.setenv(name, value)
    KiotaRequestAdapterHook.cached_request_adapters.clear()
    return running_double


@pytest.fixture
def power_bi(double):
    return double.model
