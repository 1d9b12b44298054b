"""Bad rows back to the lines they stand on: what was found by COPY, by the rules and by the dates, told by line."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow

from personapulse.ingest.copying import Findings
from personapulse.ingest.dates import Verdict
from personapulse.ingest.feeding import counted_with
from personapulse.ingest.files import ExtractFile, as_csv, line_ends
from personapulse.ingest.rows import Row


@dataclass(frozen=True)
class Rejection:
    """A row that cannot be used."""

    line_no: int
    rule: str
    reason: str
    raw: str


def explain(file: ExtractFile, findings: Findings) -> Iterator[Rejection]:
    """Yield the bad rows in file order, with line and raw text; reads the file again if there are any."""
    if not findings:
        return
    if findings.is_line_by_line:
        verdicts = _verdicts_by_line(findings)
        for line_no, raw in _lines_at(file, sorted(verdicts)):
            yield Rejection(line_no, *verdicts[line_no], _text(raw))
        return
    for row, line_copy_saw, row_no in _places(file, findings):
        if row.line_no in findings.held_back:
            verdict = findings.held_back[row.line_no]
        elif line_copy_saw in findings.skipped:
            verdict = findings.skipped[line_copy_saw]
        elif row_no in findings.rejected:
            verdict = findings.rejected[row_no]
        else:
            continue
        yield Rejection(row.line_no, *verdict, _text(row.raw))


def _verdicts_by_line(findings: Findings) -> dict[int, Verdict]:
    """Every row is one line: lines COPY saw count on past those held back, and rows likewise past those it skipped."""
    line_in_file = counted_with(findings.held_back)
    unnumbered = () if findings.skipped_rows_have_numbers else (line - 1 for line in findings.skipped)
    row_copy_saw = counted_with(unnumbered)
    return (
        findings.held_back
        | {line_in_file(line): verdict for line, verdict in findings.skipped.items()}
        | {line_in_file(row_copy_saw(row_no) + 1): verdict for row_no, verdict in findings.rejected.items()}
    )


def _lines_at(file: ExtractFile, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield lines by their number (1 is the header), without looking at the others. `wanted` is sorted."""
    before = 1 if file.is_parquet else 0
    for part in file.batches(use_threads=True) if file.is_parquet else file.blocks():
        ends = line_ends(part) if isinstance(part, bytes) else range(part.num_rows)
        numbers = wanted[bisect_right(wanted, before) : bisect_right(wanted, before + len(ends))]
        places = [number - before - 1 for number in numbers]
        if isinstance(part, bytes):
            begins = [ends[place - 1] + 1 if place else 0 for place in places]
            lines = [part[begin : ends[place]] for begin, place in zip(begins, places, strict=True)]
        else:  # COPY was given a line for each row
            lines = as_csv(part.take(pyarrow.array(places, pyarrow.int64()))).split(b"\n")[: len(places)]
        yield from zip(numbers, (line.removesuffix(b"\r") for line in lines), strict=True)
        before += len(ends)


def _places(file: ExtractFile, findings: Findings) -> Iterator[tuple[Row, int, int]]:
    """Yield each row of the file, the line COPY saw it end on, and the number it got (0: none)."""
    line_copy_saw, row_no = 1, 0
    for row in file.rows():
        if row.line_no in findings.held_back:
            yield row, 0, 0
            continue
        line_copy_saw += row.line_count
        is_skipped = line_copy_saw in findings.skipped
        row_no += not is_skipped or findings.skipped_rows_have_numbers
        yield row, line_copy_saw, 0 if is_skipped else row_no


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace").replace("\x00", "")
