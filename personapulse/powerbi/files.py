"""Brings `powerbi/` up to date with what it is generated from."""

from pathlib import Path

from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT
from personapulse.powerbi.design import Design
from personapulse.powerbi.documents import documents

POWERBI = ROOT / "powerbi"


def stale(design: Design, folder: Path = POWERBI) -> dict[Path, str | None]:
    """Return the generated files that are not what they should be, and what they should read; None is to go."""
    wanted = {folder / path: text for path, text in documents(design).items()}
    generated = (folder / f"{design.name}.SemanticModel" / "definition").rglob("*.tmdl")
    surplus: dict[Path, str | None] = {file: None for file in generated if file not in wanted}
    return surplus | {
        file: text for file, text in wanted.items() if not file.exists() or file.read_bytes() != text.encode()
    }


def write(design: Design, folder: Path = POWERBI) -> list[Path]:
    """Write the files that differ, remove those that are no more, and return both. Other files are left alone.

    Raises
    ------
    PersonaPulseError
        If there is no checkout to write into.
    """
    if not (folder.parent / "include").is_dir():
        raise PersonaPulseError(f"{folder.parent} is no checkout: the project is written beside include/.")
    changed = stale(design, folder)
    for file, text in changed.items():
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
    return sorted(changed)
