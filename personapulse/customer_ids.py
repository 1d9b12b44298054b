"""Customers named in a file, one id on each line."""

from pathlib import Path

from personapulse.errors import PersonaPulseError


def read_file(file: Path) -> list[str]:
    """Return the ids of a UTF-8 file, each once; empty lines and a first line `user_id` are passed over.

    Raises
    ------
    PersonaPulseError
        If it cannot be read, a line has more than one column, or it names nobody.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PersonaPulseError(f"{file} cannot be read: {error}. It must be UTF-8, one user_id per line.") from None
    ids = [_id(line, f"{file}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if ids[:1] == ["user_id"]:
        ids = ids[1:]
    if not ids:
        raise PersonaPulseError(f"{file} names nobody; write one user_id per line.")
    return list(dict.fromkeys(ids))


def _id(line: str, where: str) -> str:
    """Return the id of a line as it stands, quotes of a one-column CSV taken off."""
    text = line.strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return text[1:-1].replace('""', '"')
    if "," in text or "\t" in text:
        raise PersonaPulseError(f"{where}: {text!r} has more than one column. Write one user_id per line.")
    return text
