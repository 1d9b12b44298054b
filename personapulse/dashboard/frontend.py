"""The front end's files as browsers get them: one classic script, one style sheet, one page."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from personapulse.colours import load_colours
from personapulse.errors import PersonaPulseError
from personapulse.paths import PLUGINS

APP = PLUGINS / "personapulse_dashboard" / "app"
ENTRY = "app.js"
_IMPORT = re.compile(r'^import \{[^}]+\} from "(\.[^"]+)";\n', re.MULTILINE)
_NAMES = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


@cache
def script() -> str:
    """Return the modules as one classic script: browsers run no modules that come from a disk.

    Modules import names from each other, never under another name, and each begins its own lines with `import` and
    `export`. So it is enough to put them one after the other, what is imported first, and to take these words away.

    Raises
    ------
    PersonaPulseError
        If two modules have a name in common.
    """
    modules: dict[Path, str] = {}
    _collect((APP / ENTRY).resolve(), modules)
    owners: dict[str, Path] = {}
    for module, text in modules.items():
        for name in _NAMES.findall(text):
            if name in owners:
                raise PersonaPulseError(f"{module.name} and {owners[name].name} both have a {name}; rename one.")
            owners[name] = module
    parts = [_IMPORT.sub("", text).replace("\nexport ", "\n") for text in modules.values()]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"


def _collect(module: Path, modules: dict[Path, str]) -> None:
    text = "\n" + module.read_text(encoding="utf-8")
    for other in _IMPORT.findall(text):
        needed = (module.parent / other).resolve()
        if needed not in modules:
            _collect(needed, modules)
    modules[module] = text


@cache
def style() -> str:
    """Return the style sheet, with the colours of `include/colours.yaml` as its variables."""
    colours = load_colours()
    return (
        _variables(":root", colours["light"], "#FFFFFF", "#8A97A8")
        + _variables('[data-theme="dark"]', colours["dark"], "#0B1220", "#5B6B80")
        + (APP / "style.css").read_text(encoding="utf-8")
    )


def _variables(selector: str, theme: dict[str, Any], on_accent: str, edge: str) -> str:
    values = {**theme, "on-accent": on_accent, "edge": edge}
    return f"{selector} {{ " + " ".join(f"--{name}: {value};" for name, value in values.items()) + " }\n"


@cache
def theme_script() -> str:
    """Return what chooses light or dark before anything is drawn."""
    return (APP / "theme.js").read_text(encoding="utf-8")


@cache
def version() -> str:
    """Return a hash of the front end: an address with it may be kept for ever."""
    return hashlib.sha256((script() + style() + theme_script()).encode()).hexdigest()[:12]


def page(data: str = "", noscript: str = "") -> str:
    """Return the page.

    Parameters
    ----------
    data : str, optional
        Scripts that bring the documents along, as HTML of our own.
    noscript : str, optional
        What to read where there are no scripts, as HTML of our own.
    """
    text = (APP / "index.html").read_text(encoding="utf-8")
    fill = {"@VERSION@": version(), "@PLOTLY@": plotly_version(), "@DATA@": data, "@NOSCRIPT@": noscript}
    for placeholder, value in fill.items():
        text = text.replace(placeholder, value)
    return text


@cache
def plotly_file() -> Path:
    """Return plotly.js of the installed `plotly` package.

    Raises
    ------
    PersonaPulseError
        If the package brings none.
    """
    import plotly  # noqa: PLC0415 - takes its time to load

    file = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    if not file.exists():
        raise PersonaPulseError(f"{file} is missing. Install the package plotly again.")
    return file


@cache
def plotly_version() -> str:
    """Return the installed `plotly` package's version."""
    from importlib.metadata import version as installed  # noqa: PLC0415

    return installed("plotly")
