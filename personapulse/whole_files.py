"""Files that are there whole or not at all."""

import uuid
from collections.abc import Iterator
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
