"""What is in a backup: `manifest.json`, the last file written; a folder without it is no backup."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from personapulse.errors import PersonaPulseError

NAME = "manifest.json"
FORMAT = 1  # raised when what lies where in a backup changes; a newer format is refused by older code


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, and what made it.

    Parameters
    ----------
    format : int
        `FORMAT` of the code that made it.
    version : str
        PersonaPulse's.
    postgres : int
        Major version of the server, such as 18.
    migration : int
        Number of the newest migration of its warehouse.
    newest_day : str or None
        Newest shop day in core, `YYYY-MM-DD`.
    made_at : str
        ISO timestamp, in UTC.
    files : mapping of str to str
        SHA-256 of every file, by its path below the folder.
    """

    format: int
    version: str
    postgres: int
    migration: int
    newest_day: str | None
    made_at: str
    files: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write it into a backup."""
        (folder / NAME).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @property
    def told(self) -> str:
        """What it is a backup of, for people."""
        made = datetime.datetime.fromisoformat(self.made_at)
        return f"{made:%Y-%m-%d %H:%M} UTC, newest day {self.newest_day or 'none'}, PersonaPulse {self.version}"


def read_checked(folder: Path) -> Manifest:
    """Read a backup's manifest, and every file of it, whose SHA-256 must be what it was.

    Raises
    ------
    PersonaPulseError
        If it is no backup, was made by a newer version, or a file is missing, changed or of another backup.
    """
    try:
        manifest = Manifest(**json.loads((folder / NAME).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise PersonaPulseError(
            f"{folder} is no backup: it has no {NAME}, which is written last. An interrupted backup has none; "
            "use an earlier one."
        ) from None
    except (ValueError, TypeError, OSError) as error:
        raise _damaged(folder / NAME, f"it cannot be read ({error})") from None
    if manifest.format > FORMAT:
        raise PersonaPulseError(
            f"{folder} was made by a newer PersonaPulse. Restore it with {manifest.version} or a later version."
        )
    found = checksums(folder)
    for name, sha256 in manifest.files.items():
        if name not in found:
            raise _damaged(folder / name, "it is missing")
        if found[name] != sha256:
            raise _damaged(folder / name, "it is not what was backed up (its SHA-256 differs)")
    if foreign := sorted(set(found) - set(manifest.files)):
        raise _damaged(folder / foreign[0], "it is not part of this backup")
    return manifest


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder but the manifest's, by path."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != folder / NAME)
    return {str(file.relative_to(folder)): _sha256(file) for file in files}


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _damaged(file: Path, what: str) -> PersonaPulseError:
    return PersonaPulseError(
        f"The backup is damaged: {file}: {what}. Nothing was restored. Copy the backup anew, or use an earlier one."
    )
