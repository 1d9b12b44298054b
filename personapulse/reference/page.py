"""Rendering docs/configuration.md."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from personapulse.paths import ROOT
from personapulse.postgres import SETTINGS
from personapulse.reference import collecting
from personapulse.reference.collecting import Setting

TEMPLATE = "configuration.md.jinja"


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Return `docs/configuration.md` as it should read."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701 - Markdown, from our own files
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template(TEMPLATE).render(code=collecting, table=table, postgres=SETTINGS)
    return {root / "docs" / "configuration.md": text}


def table(settings: list[Setting], *headings: str) -> str:
    """Return a table with a column for each heading: `what it is=field of Setting`."""
    titles, fields = zip(*(heading.split("=") for heading in headings), strict=True)
    rows = [
        [f"`{setting.name}`" if field == "name" else _cell(getattr(setting, field)) for field in fields]
        for setting in settings
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, ["---"] * len(titles), *rows))


def _cell(text: str) -> str:
    return text.replace("|", "\\|") or "-"
