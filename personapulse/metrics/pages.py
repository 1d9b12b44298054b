"""The pages made from `include/metrics.yaml`: docs/definitions.md, and columns of the dictionary pages."""

import re
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from personapulse.errors import PersonaPulseError
from personapulse.metrics.definitions import Catalogue, Metric
from personapulse.metrics.reading import ROWS
from personapulse.paths import ROOT
from personapulse.whole_files import write_stale

TEMPLATE = "definitions.md.jinja"
EXAMPLE_DAY = "2026-05-31"  # the sample shop's last
MARKED = "# Columns marked `metric` are defined in include/metrics.yaml: change them there, and run `make docs`.\n"
_ENDLESS = 10**6  # no line of a dictionary page is broken


def pages(catalogue: Catalogue, root: Path = ROOT) -> dict[Path, str]:
    """Return every page that says what a metric is, as it should read.

    Parameters
    ----------
    catalogue : Catalogue
        From `load_metrics`.
    root : Path, optional
        The checkout; its dictionary pages are read, for what they say beside the metrics.

    Returns
    -------
    dict of Path to str
        `docs/definitions.md`, and `include/sql/marts/<mart>.yml` of each mart with a metric of its own column.
    """
    found = {root / "docs" / "definitions.md": definitions(catalogue)}
    columns: dict[str, dict[str, Metric]] = {}
    for metric in catalogue.metrics.values():
        for stored in metric.stored:
            if stored.is_column:
                columns.setdefault(stored.mart, {})[stored.column] = metric
    for mart, metrics in sorted(columns.items()):
        file = root / "include" / "sql" / "marts" / f"{mart}.yml"
        found[file] = dictionary_page(file.read_text(encoding="utf-8"), metrics)
    return found


def write(catalogue: Catalogue, root: Path = ROOT) -> list[Path]:
    """Write the pages that differ from what they should be, and return them.

    Raises
    ------
    PersonaPulseError
        If there is no checkout to write into.
    """
    if not (root / "docs").is_dir():
        raise PersonaPulseError(f"{root} is no checkout: pages are written where docs/ and include/ are.")
    return write_stale(pages(catalogue, root))


def definitions(catalogue: Catalogue) -> str:
    """Return docs/definitions.md."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701 - Markdown, from our own file
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE).render(
        catalogue=catalogue, day=EXAMPLE_DAY, formula=formula, command=command, places=places
    )


def formula(metric: Metric) -> str:
    """Return what is computed, such as `sum(gross_amount) / nullif(count(*), 0)`; without rows, the whole select."""
    sql = metric.select.sql.replace("%%", "%")
    return " ".join(sql.split()).removeprefix("select ").removesuffix(f" from {ROWS}") if metric.population else sql


def places(metric: Metric) -> list[str]:
    """Return where marts hold the metric of everyone."""
    return [f"`{str(stored).replace('%%', '%')}`" for stored in metric.stored if not stored.is_of_a_persona]


def command(metric: Metric) -> str:
    """Return the command that prints the metric."""
    persona = " --persona Loyalist" if metric.needs_persona else ""
    rows = " --show-rows" if metric.population else ""
    return f"personapulse metric {metric.name} --as-of {EXAMPLE_DAY}{persona}{rows}"


def dictionary_page(text: str, metrics: dict[str, Metric]) -> str:
    """Return a mart's dictionary page with the columns that are metrics explained by these.

    Such a line is marked, so that whoever reads it knows where to change it. Other lines stay.
    """
    for column, metric in metrics.items():
        mark = "metric" if metric.name == column else f"metric {metric.name}"
        # the column's line, and lines its text was broken into
        found = re.search(rf"^  {column}:.*\n(?:    .*\n)*", text, flags=re.MULTILINE)
        if found:
            line = f"  {column}: {_scalar(metric.definition)}  # {mark}\n"
            text = text[: found.start()] + line + text[found.end() :]
    return MARKED + text.removeprefix(MARKED)


def _scalar(text: str) -> str:
    """Write a text as YAML does on one line, in quotes only where it must be."""
    return yaml.safe_dump(text, width=_ENDLESS, allow_unicode=True).removesuffix("...\n").rstrip("\n")
