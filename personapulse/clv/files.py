"""Files a person hands to `personapulse clv fit`: a transaction log, or a summary with a line per customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow

from personapulse.clv.arrays import Floats, Integers
from personapulse.clv.histories import Histories
from personapulse.errors import PersonaPulseError

# What a column may be called, in upper or lower case.
LOG = {
    "customer": ("customer_id", "customerid", "customer", "user_id", "userid", "client_id", "id"),
    "date": ("date", "order_date", "ordered_on", "invoicedate", "invoice_date", "transaction_date", "timestamp", "day"),
    "value": ("value", "amount", "gross_amount", "order_value", "revenue", "dollar_value", "total", "price"),
}
SUMMARY = {
    "frequency": ("frequency", "x"),
    "recency": ("recency", "t_x", "tx", "recency_days"),
    "age": ("t", "age", "age_days"),
    "mean_value": ("monetary_value", "mean_value", "zbar", "m_x", "mx", "monetary"),
    "customer": LOG["customer"],
}
OPTION = {what: f"--{what.replace('_', '-')}" for what in {**LOG, **SUMMARY}}


@dataclass(frozen=True)
class Log:
    """Transactions, one entry each; arrays of shape (n,)."""

    customer: "pd.Series[str]"
    day: "pd.Series[pd.Timestamp]"
    value: Floats


@dataclass(frozen=True)
class Summary:
    """Histories, and whose they are."""

    customer: "pd.Series[str]"
    histories: Histories
    has_values: bool


def read(file: Path, names: Mapping[str, str]) -> Log | Summary:
    """Read a file; what it is shows in its columns.

    Parameters
    ----------
    file : Path
        `.parquet`, or text (may be `.gz`) with fields parted by comma, semicolon, tab or blanks.
    names : mapping of str to str
        Columns called otherwise than usual, by what they are (`customer`, `date`, ...). Numbers are positions, from 1,
        in a file without a header.

    Raises
    ------
    PersonaPulseError
        Naming the file, and the line and column of the first value that cannot be used.
    """
    table = _Table.open(file, names)
    if table.has("frequency") and (table.has("recency") or table.has("age")):
        return table.summary()
    return table.log()


@dataclass(frozen=True)
class _Table:
    """A file's values as they stand there."""

    file: Path
    rows: pd.DataFrame
    names: Mapping[str, str]
    first_line: int  # of the file that holds the first row; 0 where rows have no lines

    @classmethod
    def open(cls, file: Path, names: Mapping[str, str]) -> "_Table":
        """Read a file's rows."""
        has_header = not any(name.isdigit() for name in names.values())
        if not has_header and not all(name.isdigit() for name in names.values()):
            raise PersonaPulseError("Name the columns all by position, or all by name.")
        try:
            if file.suffix == ".parquet":
                rows, first_line = pd.read_parquet(file), 0
            else:
                rows, first_line = _read_text(file, has_header=has_header), 2 if has_header else 1
        except (
            OSError,
            UnicodeDecodeError,
            pd.errors.ParserError,
            pd.errors.EmptyDataError,
            pyarrow.ArrowException,
            EOFError,
        ) as error:
            raise PersonaPulseError(f"{file} cannot be read: {error}") from None
        if rows.empty:
            raise PersonaPulseError(f"{file} holds no row.")
        rows.columns = pd.Index([str(column).strip() for column in rows.columns])
        return cls(file, rows, names, first_line)

    def column(self, what: str) -> str | None:
        """Find which column holds something."""
        given = list(map(str, self.rows.columns))
        if name := self.names.get(what):
            name = str(int(name) - 1) if name.isdigit() else name
            if name not in given:
                raise PersonaPulseError(f"{self.file} has no column {self.names[what]!r}; it has: {', '.join(given)}.")
            return name
        usual = {**LOG, **SUMMARY}[what]
        by_lower = {column.lower(): column for column in reversed(given)}
        return next((by_lower[name] for name in usual if name in by_lower), None)

    def has(self, what: str) -> bool:
        """Whether there is a column that holds it."""
        return self.column(what) is not None

    def texts(self, what: str) -> "pd.Series[str]":
        """Return a column's values as texts."""
        column = self._needed(what)
        texts = self.rows[column].astype("str").str.strip().fillna("")
        self._refuse(np.asarray(texts == ""), column, "is empty")
        return texts

    def numbers(self, what: str, *, least: float = -np.inf) -> Floats:
        """Return a column's values as numbers."""
        column = self._needed(what)
        numbers = pd.to_numeric(self.rows[column], errors="coerce").to_numpy(dtype=np.float64)
        is_number = np.isfinite(numbers)
        wrong = ~is_number | (numbers < least)
        is_low = bool(wrong.any() and is_number[np.argmax(wrong)])
        self._refuse(wrong, column, f"is below {least:g}: leave returns and refunds out" if is_low else "is no number")
        return numbers

    def days(self, what: str) -> "pd.Series[pd.Timestamp]":
        """Return a column's values as days."""
        column = self._needed(what)
        values = self.rows[column]
        if pd.api.types.is_datetime64_any_dtype(values):
            days = values.dt.tz_localize(None).dt.normalize()
        else:
            texts = values.astype("str").str.strip()
            days = pd.to_datetime(texts.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
            if days.isna().any():
                days = days.fillna(pd.to_datetime(texts, format="%Y%m%d", errors="coerce"))
        self._refuse(days.isna().to_numpy(), column, "is no date (YYYY-MM-DD or YYYYMMDD)")
        return pd.Series(days)

    def log(self) -> Log:
        """Read the file as transactions."""
        return Log(self.texts("customer"), self.days("date"), self.numbers("value", least=0))

    def summary(self) -> Summary:
        """Read the file as one history a row."""
        frequency = self.numbers("frequency")
        has_values = self.has("mean_value")
        mean_value = self.numbers("mean_value") if has_values else np.zeros(len(frequency))
        histories = Histories(
            frequency, self.numbers("recency"), self.numbers("age"), frequency * has_values, mean_value
        )
        try:
            histories.check(self._places, "line" if self.first_line else "row")
        except PersonaPulseError as error:
            raise PersonaPulseError(f"{self.file}, {error}.") from None
        numbers = pd.Series(self._places).astype("str")
        return Summary(self.texts("customer") if self.has("customer") else numbers, histories, has_values)

    @property
    def _places(self) -> Integers:
        return np.arange(len(self.rows)) + (self.first_line or 1)

    def _needed(self, what: str) -> str:
        if column := self.column(what):
            return column
        raise PersonaPulseError(
            f"{self.file} has no column for {what}: none of {', '.join(map(str, self.rows.columns))} is called "
            f"{' or '.join({**LOG, **SUMMARY}[what][:3])}. Name it with {OPTION[what]}; in a file without a header, "
            "name the columns by position, such as --customer 1 --date 2 --value 3."
        )

    def _refuse(self, wrong: np.ndarray, column: str, why: str) -> None:
        if wrong.any():
            row = int(np.argmax(wrong))
            place = f"{'line' if self.first_line else 'row'} {self._places[row]}"
            name = f"{int(column) + 1}" if self.first_line == 1 else repr(column)
            raise PersonaPulseError(f"{self.file}, {place}, column {name}: {self.rows[column].iloc[row]!r} {why}.")


def _read_text(file: Path, *, has_header: bool) -> pd.DataFrame:
    """Read separated values, as texts."""
    opened = pd.read_csv(file, sep="\0", header=None, nrows=1, dtype="str", skip_blank_lines=False)
    first = str(opened.iloc[0, 0]) if len(opened) else ""
    separator = next((one for one in ("\t", ";", ",") if one in first), r"\s+")
    return pd.read_csv(
        file,
        sep=separator,
        header=0 if has_header else None,
        dtype="str",
        keep_default_na=False,
        skip_blank_lines=False,
        encoding="utf-8-sig",
        index_col=False,
    )
