"""The registry gives back just the model that was saved, or says why it does not."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import psycopg
import pytest

from personapulse.errors import PersonaPulseError
from personapulse.intent import registry
from personapulse.intent.registry import Registry, find, versions

from .models import TRAINING, Chances, save

Warehouse = psycopg.Connection[Any]


def artifact(folder: Path) -> Path:
    (file,) = folder.glob("*/*")
    return file


def test_a_model_comes_back_as_it_was_saved_with_what_it_was_made_of(warehouse: Warehouse, tmp_path: Path) -> None:
    saved = Registry(str(tmp_path)).save(warehouse, Chances("the one"), TRAINING)
    assert Registry(str(tmp_path)).load(saved) == Chances("the one")
    assert find(warehouse, saved.model_version) == saved
    told = {name: getattr(saved, name) for name in vars(TRAINING)}
    assert told | {"cut_offs": tuple(told["cut_offs"])} == vars(TRAINING)
    assert saved.model_version == f"2026-03-31-{saved.artifact_sha256[:10]}"
    assert saved.artifact_bytes == artifact(tmp_path).stat().st_size
    assert set(saved.libraries) == {"python", "joblib", "numpy", "pandas", "scikit-learn", "scipy"}


def test_the_same_model_saved_again_is_the_same_version_and_another_is_another(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    first, again, other = (save(warehouse, tmp_path, name) for name in ("a", "a", "b"))
    assert again == first
    assert [one.model_version for one in versions(warehouse)] == [other.model_version, first.model_version]


class Marker:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.file,)


def test_a_changed_artifact_is_refused_and_never_unpickled(warehouse: Warehouse, tmp_path: Path) -> None:
    saved = save(warehouse, tmp_path / "models")
    artifact(tmp_path / "models").write_bytes(pickle.dumps(Marker(tmp_path / "ran")))
    with pytest.raises(PersonaPulseError, match=rf"model\.joblib is not what was saved as {saved.model_version}"):
        Registry(str(tmp_path / "models")).load(saved)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(PersonaPulseError, match="is not what was saved"):
        Registry(str(tmp_path / "models")).verify(saved)


def test_an_artifact_that_lost_one_bit_is_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    saved, file = save(warehouse, tmp_path), artifact(tmp_path)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(PersonaPulseError, match="Put the file back from a copy, or serve another"):
        Registry(str(tmp_path)).load(saved)


@pytest.mark.parametrize("library", registry.libraries())
def test_a_model_of_other_library_versions_is_refused_naming_both(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    saved = save(warehouse, tmp_path)
    there = saved.libraries[library]
    monkeypatch.setattr(registry, "libraries", lambda: dict(saved.libraries) | {library: "0.1"})
    for refuse in (Registry(str(tmp_path)).load, Registry(str(tmp_path)).verify):
        with pytest.raises(PersonaPulseError, match=rf"trained with {library} {there} \(here: 0\.1\)"):
            refuse(saved)


def test_an_artifact_whose_code_is_gone_is_told_as_such(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = save(warehouse, tmp_path)
    monkeypatch.delattr("tests.sql.models.Chances")
    with pytest.raises(PersonaPulseError, match=r"cannot be read by this version of PersonaPulse: .*Chances"):
        Registry(str(tmp_path)).load(saved)


def test_an_artifact_that_is_away_is_named_and_found_again_where_the_folder_moved(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    saved = save(warehouse, tmp_path / "models")
    (tmp_path / "models").rename(tmp_path / "moved")
    assert Registry(str(tmp_path / "moved")).load(saved) == Chances()
    with pytest.raises(PersonaPulseError, match=rf"neither at {saved.artifact_url} nor in .*/elsewhere"):
        Registry(str(tmp_path / "elsewhere")).load(saved)


def test_a_version_is_known_only_once_its_artifact_is_whole(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PersonaPulseError, match="cannot be reached"):
        save(warehouse, tmp_path / "file")
    assert versions(warehouse) == []


def test_half_a_file_is_never_seen_under_an_artifacts_name(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, path: str, data: bytes) -> None:
        Path(path).write_bytes(data[:10])
        raise OSError("disk full")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.pipe_file", fail)
    with pytest.raises(PersonaPulseError, match="disk full"):
        save(warehouse, tmp_path)
    assert list(tmp_path.glob("*/model.joblib")) == []


def test_any_fsspec_address_serves(warehouse: Warehouse) -> None:
    models = Registry("memory://models")
    saved = models.save(warehouse, Chances(), TRAINING)
    assert saved.artifact_url == f"memory://models/{saved.model_version}/model.joblib"
    assert models.load(saved) == Chances()


def test_a_card_is_kept_beside_the_artifact(warehouse: Warehouse, tmp_path: Path) -> None:
    saved = save(warehouse, tmp_path / "models")
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "card.md").write_text("# A model")
    (tmp_path / "card" / "calibration.png").write_bytes(b"png")
    kept = Registry(str(tmp_path / "models")).keep_card(warehouse, saved, tmp_path / "card")
    assert kept.card_url
    assert Path(kept.card_url).read_text() == "# A model"
    assert (Path(kept.card_url).parent / "calibration.png").read_bytes() == b"png"


def test_a_version_is_found_by_its_beginning_unless_that_is_several(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(PersonaPulseError, match="No model has been trained yet"):
        find(warehouse, "2026")
    march, april = save(warehouse, tmp_path), save(warehouse, tmp_path, trained_for="2026-04-07")
    other = save(warehouse, tmp_path, "b")
    assert find(warehouse, "2026-04") == april
    with pytest.raises(PersonaPulseError, match=f"2 models begin with '2026-03'.*{other.model_version}"):
        find(warehouse, "2026-03")
    with pytest.raises(PersonaPulseError, match=f"No model is called 'x'.*{march.model_version}"):
        find(warehouse, "x")
    with pytest.raises(PersonaPulseError, match="No model is called ''"):
        find(warehouse, "")
    assert joblib.__version__ == march.libraries["joblib"]
