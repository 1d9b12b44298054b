"""The colours of everything people look at, read from `include/colours.yaml`."""

from collections.abc import Iterable
from typing import Any

import yaml

from personapulse.paths import INCLUDE

COLOURS_FILE = INCLUDE / "colours.yaml"


def load_colours() -> dict[str, Any]:
    """Return the whole file: `personas`, `unnamed`, `series`, `scale`, `light` and `dark`."""
    colours: dict[str, Any] = yaml.safe_load(COLOURS_FILE.read_text(encoding="utf-8"))
    return colours


def of_personas(personas: Iterable[str]) -> dict[str, str]:
    """Return the colour of each persona, in the order given; those the file does not name share one grey.

    Examples
    --------
    >>> of_personas(["Others", "a shop's own"])
    {'Others': '#BBBBBB', "a shop's own": '#8A8F98'}
    """
    colours = load_colours()
    return {persona: colours["personas"].get(persona, colours["unnamed"]) for persona in personas}
