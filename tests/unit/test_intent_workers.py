"""A forest is the same whoever grows it: threads, or two workers of a real Dask cluster."""

from collections.abc import Iterator

import numpy as np
import pytest
from distributed import Client, LocalCluster
from intent_shop import FEATURES, shop
from sklearn.pipeline import Pipeline

from personapulse.errors import PersonaPulseError
from personapulse.intent import training, workers
from personapulse.intent.model import Settings

TREES = 12


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        yield cluster


def fit() -> tuple[Pipeline, np.ndarray]:
    frame = shop().training
    pipeline = training.fit(frame, FEATURES, Settings(leaf=10), seed=5, trees=TREES)
    return pipeline, pipeline.predict_proba(frame)


def test_two_workers_grow_the_same_forest_as_threads(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    _, told_by_one = fit()
    monkeypatch.setattr(workers, "WORTH_SHARING", 0)
    _, told = fit()
    assert np.array_equal(told, told_by_one)
    monkeypatch.setenv(workers.BACKEND, "dask")
    monkeypatch.setenv(workers.SCHEDULER, cluster.scheduler_address)
    with Client(cluster) as onlooker:
        pipeline, told_by_workers = fit()
        grown = onlooker.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(pipeline.named_steps["forest"].estimators_) == TREES
    assert len(grown) == 2
    assert all(grown.values())  # neither was idle
    assert np.array_equal(told, told_by_workers)


@pytest.mark.parametrize(
    ("backend", "scheduler", "said"),
    [
        ("spark", "", "PERSONAPULSE_TRAINING_BACKEND is 'spark'; it can be threads or dask."),
        ("dask", "", "PERSONAPULSE_DASK_SCHEDULER must say where its scheduler is"),
        ("dask", "tcp://127.0.0.1:9", "No Dask scheduler answers at tcp://127.0.0.1:9"),
    ],
)
def test_a_wrong_setting_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, backend: str, scheduler: str, said: str
) -> None:
    monkeypatch.setenv(workers.BACKEND, backend)
    monkeypatch.setenv(workers.SCHEDULER, scheduler)
    monkeypatch.setattr(workers, "PATIENCE", "1s")
    with pytest.raises(PersonaPulseError, match=said), workers.hired():
        pass
