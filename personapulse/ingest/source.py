"""Where a shop's extracts lie: one folder per day below any fsspec URL."""

import datetime
from functools import cached_property
from typing import Any

import fsspec

from personapulse.contract import BY_NAME, EXTRACTS, ORDER_ITEMS, ORDERS
from personapulse.errors import PersonaPulseError
from personapulse.ingest.files import ENDINGS, ExtractFile, reached
from personapulse.settings import ShopSettings, parse_settings


class Source:
    """A shop's extracts: `<url>/<YYYY-MM-DD>/<file>.csv`, and its settings in `<url>/source.yaml`.

    Parameters
    ----------
    url : str
        Folder, local or any fsspec URL (`s3://bucket/shop`).

    Raises
    ------
    PersonaPulseError
        If the folder is not there or cannot be reached, or its `source.yaml` is wrong.
    """

    def __init__(self, url: str) -> None:
        with reached(f"The source {url}"):
            # a remembered listing would hide the day that somebody waits for
            self.filesystem, self.path = fsspec.core.url_to_fs(url.rstrip("/"), use_listings_cache=False)
            # one folder, one name: a local one is known by its absolute path, whatever the current folder
            self.url = self.path if "file" in self.filesystem.protocol else url.rstrip("/")
            if (why_not := self._is_no_folder()) is not None:
                raise PersonaPulseError(
                    f"The source {url} is not a folder{why_not}. It must hold one folder per day, like 2026-03-01."
                )

    @cached_property
    def settings(self) -> ShopSettings:
        """What the shop says about itself in `source.yaml`; defaults without one."""
        with reached(f"{self.url}/source.yaml"):
            try:
                content = self.filesystem.cat_file(f"{self.path}/source.yaml")
            except FileNotFoundError:
                return ShopSettings()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise PersonaPulseError(
                f"{self.url}/source.yaml is not UTF-8: {error.reason} at byte {error.start}."
            ) from None
        return parse_settings(text, f"{self.url}/source.yaml")

    def days(self) -> list[datetime.date]:
        """Days that have a folder, oldest first; folders with other names are passed over."""
        with reached(f"The source {self.url}"):
            entries = self.filesystem.ls(self.path, detail=False)
        names = (entry.rstrip("/").rpartition("/")[2] for entry in entries)
        return sorted(day for day in map(_as_day, names) if day)

    def address(self, day: datetime.date, file: str = "") -> str:
        """Address of a day's folder or of a file in it, as people know it."""
        return f"{self.url}/{day}" + (f"/{file}" if file else "")

    def files(self, day: datetime.date) -> dict[str, ExtractFile]:
        """Return the day's files by their name in the contract; none if the day has no folder.

        Raises
        ------
        PersonaPulseError
            If one file is there in two forms, such as `orders.csv` and `orders.parquet`.
        """
        found: dict[str, ExtractFile] = {}
        for entry in self._listing(day) or []:
            file = entry["name"].rpartition("/")[2]
            name = next((file.removesuffix(ending) for ending in ENDINGS if file.endswith(ending)), "")
            if name not in BY_NAME:
                continue
            if name in found:
                raise PersonaPulseError(
                    f"{self.address(day)} holds {name} twice ({found[name].file} and {file}). Keep one."
                )
            found[name] = ExtractFile(self.filesystem, entry["name"], self.address(day, file), BY_NAME[name])
        return found

    def missing(self, day: datetime.date) -> list[str]:
        """Addresses of what must be there and is not: the day's folder, or required files.

        A file named in the setting `lacks` is never missing; order_items is not when orders has the simple form.
        """
        return self._missing(day, self.files(day))

    def require(self, day: datetime.date) -> dict[str, ExtractFile]:
        """Return the day's files, or say which one is missing.

        Raises
        ------
        PersonaPulseError
            If a required file is missing; the message names its path.
        """
        files = self.files(day)
        if missing := self._missing(day, files):
            raise PersonaPulseError(
                f"Missing: {', '.join(missing)}. Deliver it (a header without rows is fine for a day without news); "
                "if this shop never has such a file, name it in source.yaml under lacks."
            )
        return files

    def _missing(self, day: datetime.date, files: dict[str, ExtractFile]) -> list[str]:
        if not files and self._listing(day) is None:
            return [self.address(day)]
        never = set(self.settings.lacks)
        # orders are looked into only where that decides something: far away, it means to fetch the file
        if ORDER_ITEMS.name not in files and ORDERS.name in files:
            with reached(files[ORDERS.name].address):
                never |= {ORDER_ITEMS.name} if files[ORDERS.name].is_simple_form() else set()
        required = [extract for extract in EXTRACTS if not extract.is_optional and extract.name not in never]
        return [self.address(day, f"{extract.name}.csv") for extract in required if extract.name not in files]

    def _is_no_folder(self) -> str | None:
        """Say why the source is no folder, as far as the store tells; None if it is one."""
        try:
            return None if self.filesystem.info(self.path)["type"] == "directory" else ""
        except FileNotFoundError as error:
            why = error.strerror or str(error).removeprefix(self.path) or "nothing is there"
            return f" ({why})"

    def _listing(self, day: datetime.date) -> list[dict[str, Any]] | None:
        """Return what lies in the day's folder; None if there is no such folder."""
        with reached(self.address(day)):
            try:
                return list(self.filesystem.ls(f"{self.path}/{day}", detail=True))
            except FileNotFoundError:
                return None


def _as_day(name: str) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(name)
    except ValueError:
        return None
    return day if name == day.isoformat() else None
