"""The registry: which models were trained, from what, and where their artifacts lie.

An artifact is the pickled model. Its version is the day it was trained for and the first digits of its SHA-256: trained
again to the same bytes, it is the same version. To unpickle is to run what the bytes say, so only bytes whose SHA-256
the warehouse knows are unpickled, and only with the library versions they were pickled with.
"""

import datetime
import hashlib
import importlib.metadata
import io
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import joblib
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from personapulse.errors import PersonaPulseError
from personapulse.ingest.files import reached

# Whose objects are in a pickle. scikit-learn promises nothing across its versions, not even across the smallest step.
LIBRARIES = ("joblib", "numpy", "pandas", "scikit-learn", "scipy")
DIGITS = 10  # of the SHA-256, in a version
ARTIFACT = "model.joblib"
COMPRESSION = ("zlib", 3)

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Training:
    """What a model was made of.

    Parameters
    ----------
    trained_for : datetime.date
        Shop day of the training: nothing later was known.
    horizon_days : int
        Days the label looks ahead.
    seed : int
        Of every draw.
    cut_offs : tuple of datetime.date
        Days the shop was looked at from to learn, oldest first.
    hold_out : datetime.date
        The cut-off it was judged on; none of `cut_offs`.
    rows_trained : int
        Customers times cut-offs.
    parameters : mapping
        Of the forest and the calibration, JSON-able.
    """

    trained_for: datetime.date
    horizon_days: int
    seed: int
    cut_offs: tuple[datetime.date, ...]
    hold_out: datetime.date
    rows_trained: int
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ModelVersion:
    """A trained model as the warehouse knows it: a row of `ml.model_versions`, whose columns its fields are.

    The first ones are those of `Training`; `artifact_bytes` is a size, `libraries` are versions by name.
    """

    model_version: str
    created_at: datetime.datetime
    trained_for: datetime.date
    horizon_days: int
    seed: int
    cut_offs: list[datetime.date]
    hold_out: datetime.date
    rows_trained: int
    parameters: Mapping[str, Any]
    libraries: Mapping[str, str]
    artifact_url: str
    artifact_sha256: str
    artifact_bytes: int
    card_url: str | None


@dataclass(frozen=True)
class Registry:
    """Where artifacts are kept.

    Parameters
    ----------
    folder : str
        A path or any fsspec URL; by default `Home.models`. Each version has a folder of its own below.
    """

    folder: str

    def save(self, connection: Connection, model: object, training: Training) -> ModelVersion:
        """Write a model's artifact, then its row: a version that is known can be loaded.

        Parameters
        ----------
        connection : psycopg.Connection
            From `personapulse.warehouse.connect`.
        model : object
            What `load` is to return.
        training : Training
            What it was made of.

        Returns
        -------
        ModelVersion
            The version; the one that was there if the same bytes were saved before.

        Raises
        ------
        PersonaPulseError
            If the folder cannot be written.
        """
        data = io.BytesIO()
        joblib.dump(model, data, compress=COMPRESSION)
        sha256 = hashlib.sha256(data.getbuffer()).hexdigest()
        version = f"{training.trained_for}-{sha256[:DIGITS]}"
        url = self._write(f"{version}/{ARTIFACT}", data.getvalue())
        row = vars(training) | {
            "model_version": version,
            "cut_offs": list(training.cut_offs),
            "parameters": Jsonb(dict(training.parameters)),
            "libraries": Jsonb(libraries()),
            "artifact_url": url,
            "artifact_sha256": sha256,
            "artifact_bytes": data.getbuffer().nbytes,
        }
        columns, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        connection.execute(
            f"insert into ml.model_versions ({columns}) values ({values})"  # noqa: S608 - names of our own
            " on conflict (model_version) do update set artifact_url = excluded.artifact_url".encode(),
            row,
        )
        return find(connection, version)

    def load(self, version: ModelVersion) -> Any:
        """Return a version's model.

        Raises
        ------
        PersonaPulseError
            If libraries have other versions than at its training, or its artifact is away, changed or unreadable.
        """
        _refuse_other_libraries(version)
        data = self._fetch(version)
        try:
            return joblib.load(io.BytesIO(data))
        except Exception as error:  # unpickling raises whatever the code it meets raises
            raise PersonaPulseError(
                f"Model {version.model_version} cannot be read by this version of PersonaPulse: {error}. "
                "Train a new one: personapulse model train"
            ) from error

    def verify(self, version: ModelVersion) -> None:
        """Raise what `load` would if libraries or the artifact are not what was recorded; nothing is unpickled."""
        _refuse_other_libraries(version)
        self._fetch(version)

    def keep_card(self, connection: Connection, version: ModelVersion, folder: Path) -> ModelVersion:
        """Copy a model card (`card.md` and its plots) from a local folder beside the artifact, and record where it is.

        Raises
        ------
        PersonaPulseError
            If the registry's folder cannot be written.
        """
        for file in sorted(folder.iterdir()):
            self._write(f"{version.model_version}/{file.name}", file.read_bytes())
        connection.execute(
            "update ml.model_versions set card_url = %s where model_version = %s",
            (self._url(f"{version.model_version}/card.md"), version.model_version),
        )
        return find(connection, version.model_version)

    def _fetch(self, version: ModelVersion) -> bytes:
        """Return an artifact's bytes, which are what was saved."""
        data = self._read(version)
        found = hashlib.sha256(data).hexdigest()
        if found != version.artifact_sha256:
            raise PersonaPulseError(
                f"{version.artifact_url} is not what was saved as {version.model_version}: its SHA-256 is "
                f"{found[:DIGITS]}..., not {version.artifact_sha256[:DIGITS]}... Nothing was loaded. Put the file back "
                "from a copy, or serve another version: personapulse model rollback"
            )
        return data

    def _read(self, version: ModelVersion) -> bytes:
        """Read an artifact where it was saved or, if the folder has moved since, where it would be saved now."""
        here = self._url(f"{version.model_version}/{ARTIFACT}")
        for url in dict.fromkeys((version.artifact_url, here)):
            with reached(url):
                filesystem, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
                try:
                    return bytes(filesystem.cat_file(path))
                except FileNotFoundError:
                    continue
        raise PersonaPulseError(
            f"The artifact of {version.model_version} is neither at {version.artifact_url} nor in {self.folder}. "
            "Put it back from a copy, or serve another version: personapulse model rollback"
        )

    def _write(self, name: str, data: bytes) -> str:
        """Write a file below the folder, whole or not at all; return its address."""
        url = self._url(name)
        with reached(url):
            filesystem, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
            filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            part = f"{path}.{uuid.uuid4().hex}"
            filesystem.pipe_file(part, data)
            filesystem.mv(part, path)
        return url

    def _url(self, name: str) -> str:
        return f"{self.folder.rstrip('/')}/{name}"


def libraries() -> dict[str, str]:
    """Return the versions of what an artifact is unpickled with: Python's without its last part."""
    return {"python": f"{sys.version_info.major}.{sys.version_info.minor}"} | {
        name: importlib.metadata.version(name) for name in LIBRARIES
    }


def versions(connection: Connection) -> list[ModelVersion]:
    """Return every version, the newest first."""
    with connection.cursor(row_factory=class_row(ModelVersion)) as cursor:
        return cursor.execute("select * from ml.model_versions order by created_at desc, model_version").fetchall()


def to_be_trained_anew(connection: Connection) -> list[str]:
    """Return the versions that learned from customers who have been erased since, by name."""
    return [name for (name,) in connection.execute("select model_version from ml.retraining order by model_version")]


def find(connection: Connection, name: str) -> ModelVersion:
    """Return the version of that name, or the only one whose name begins so.

    Raises
    ------
    PersonaPulseError
        If there is none, or several; the message lists them.
    """
    known = versions(connection)
    found = [one for one in known if one.model_version == name] or [
        one for one in known if name and one.model_version.startswith(name)
    ]
    if len(found) == 1:
        return found[0]
    if not known:
        raise PersonaPulseError("No model has been trained yet. Train one: personapulse model train")
    names = ", ".join(one.model_version for one in found or known)
    what = f"{len(found)} models begin with {name!r}" if found else f"No model is called {name!r}"
    raise PersonaPulseError(f"{what}. There {'are' if ', ' in names else 'is'}: {names}.")


def _refuse_other_libraries(version: ModelVersion) -> None:
    here = libraries()
    differing = [
        f"{name} {then} (here: {here.get(name, 'none')})"
        for name, then in sorted(version.libraries.items())
        if here.get(name) != then
    ]
    if differing:
        raise PersonaPulseError(
            f"Model {version.model_version} was trained with {', '.join(differing)}. With other versions it may say "
            "other things, so it is not loaded. Install those versions, or train a new model: personapulse model train"
        )
