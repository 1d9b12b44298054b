"""Bad rows back to the lines they stand on: what was found by COPY, by the rules and by the dates, told by line."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from personapulse.ingest.copying import Findings
from personapulse.ingest.files import ExtractFile, Row


@dataclass(frozen=True)
class Rejection:
    """A row that cannot be used."""

    line_no: int
    rule: str
    reason: str
    raw: str


def undated_rows(file: ExtractFile, findings: Findings) -> dict[int, tuple[str, str]]:
    """Give the rows COPY took in with dates nobody wrote as dates, by the number it gave them."""
    if findings.is_line_by_line:
        undated = {row: found for row, found in findings.undated.items() if row + 1 not in findings.skipped}
        if findings.skipped_rows_have_numbers:
            return undated
        skipped = sorted(findings.skipped)
        return {row - bisect_right(skipped, row + 1): found for row, found in undated.items()}
    return {
        row_no: findings.undated[row_copy_saw]
        for _, line_copy_saw, row_copy_saw, row_no in _places(file, findings)
        if row_copy_saw in findings.undated and line_copy_saw not in findings.skipped
    }


def explain(file: ExtractFile, findings: Findings) -> Iterator[Rejection]:
    """Yield the bad rows in file order, with line and raw text; reads the file again if there are any."""
    if not findings:
        return
    if findings.is_line_by_line:
        verdicts = _verdicts_by_line(findings)
        for line_no, raw in file.lines_at(sorted(verdicts)):
            yield Rejection(line_no, *verdicts[line_no], _text(raw))
        return
    for row, line_copy_saw, _, row_no in _places(file, findings):
        if row.line_no in findings.uneven:
            found = ("field_count", findings.uneven[row.line_no])
        elif line_copy_saw in findings.skipped:
            found = findings.skipped[line_copy_saw]
        elif row_no in findings.rejected:
            found = findings.rejected[row_no]
        else:
            continue
        yield Rejection(row.line_no, *found, _text(row.raw))


def _verdicts_by_line(findings: Findings) -> Mapping[int, tuple[str, str]]:
    """Every row is one line, and the header line 1: rows that COPY numbered only have to be counted on."""
    if findings.skipped_rows_have_numbers:
        return findings.skipped | {row_no + 1: found for row_no, found in findings.rejected.items()}
    # the k-th skipped line lies before a row if that row, counted without the skipped ones, comes after it
    before = [line - 1 - place for place, line in enumerate(sorted(findings.skipped), 1)]
    return findings.skipped | {
        row_no + 1 + bisect_right(before, row_no - 1): found for row_no, found in findings.rejected.items()
    }


def _places(file: ExtractFile, findings: Findings) -> Iterator[tuple[Row, int, int, int]]:
    """Yield each row of the file, the line and row COPY saw it as, and the number it got (0: none)."""
    line_copy_saw, row_copy_saw, row_no = 1, 0, 0
    for row in file.rows():
        if row.line_no in findings.uneven:
            yield row, 0, 0, 0
            continue
        line_copy_saw += row.line_count
        row_copy_saw += 1
        is_skipped = line_copy_saw in findings.skipped
        row_no += not is_skipped or findings.skipped_rows_have_numbers
        yield row, line_copy_saw, row_copy_saw, 0 if is_skipped else row_no


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace").replace("\x00", "")
