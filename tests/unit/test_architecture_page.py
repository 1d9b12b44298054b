"""docs/architecture.md: its picture is what its source draws and names every dag; the files it names are there."""

import re
import runpy
from xml.etree import ElementTree as ET

from personapulse.paths import DAGS, ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
PICTURE = (ROOT / "docs" / "images" / "architecture.svg").read_text()


def test_the_picture_is_what_its_source_draws():
    drawn = runpy.run_path(str(ROOT / "docs" / "images" / "architecture.py"))["drawing"]()
    assert drawn == PICTURE, "Run `make docs`."


def test_the_picture_and_the_page_know_every_dag():
    words = {text for element in ET.fromstring(PICTURE).iter() if (text := element.text)}
    for dag in DAGS.glob("*.py"):
        assert dag.stem in words
        assert f"`{dag.stem}`" in PAGE


def test_the_files_of_a_days_path_are_there():
    named = re.findall(r"`((?:personapulse|plugins|include)/[\w./]+)`", PAGE)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []
