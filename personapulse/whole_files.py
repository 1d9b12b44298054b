"""Files that are there whole or not at all."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Give a name beside a file: what is written there takes the file's place at the end, and goes away after an error.

    Examples
    --------
    >>> with written_whole(Path("report.html")) as half:  # doctest: +SKIP
    ...     half.write_text("<p>")
    """
    half = file.with_name(f".{file.stem}.{uuid.uuid4().hex}{file.suffix}")
    try:
        yield half
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)


def write_stale(pages: Mapping[Path, str]) -> list[Path]:
    """Write the pages that differ from what they should be, and return them."""
    stale = [file for file, text in pages.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    for file in stale:
        file.write_text(pages[file], encoding="utf-8")
    return stale
