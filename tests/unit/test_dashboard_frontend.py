"""The front end's files: one script of all modules, no address of elsewhere, and tables that come back as they were."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personapulse.dashboard import frontend
from personapulse.dashboard.tables import decode, encode
from personapulse.errors import PersonaPulseError

MODULES = sorted(file.relative_to(frontend.APP).as_posix() for file in frontend.APP.rglob("*.js"))


def test_the_script_holds_every_module_once_and_no_word_of_modules():
    script = frontend.script()
    for module in set(MODULES) - {"theme.js"}:
        first_line = (frontend.APP / module).read_text().splitlines()[0]
        assert script.count(first_line) == 1, module
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)


def test_two_modules_with_a_name_in_common_are_refused(monkeypatch, tmp_path):
    (tmp_path / "app.js").write_text('import { a } from "./b.js";\nexport function twice() {}\n')
    (tmp_path / "b.js").write_text("export const a = 1;\nconst twice = 2;\n")
    monkeypatch.setattr(frontend, "APP", tmp_path)
    with pytest.raises(PersonaPulseError, match="twice"):
        frontend.script.__wrapped__()


def test_nothing_is_asked_of_the_network_or_written_as_html():
    written = frontend.script() + frontend.style() + frontend.page() + frontend.theme_script()
    namespaces = r"https?://(schemas\.openxmlformats\.org|www\.w3\.org)"
    assert re.findall(r"https?://[^\s\"'`]+", re.sub(namespaces, "", written)) == []
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", written)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_short(module):
    assert len((frontend.APP / module).read_text().splitlines()) <= 300


def test_the_version_changes_with_any_file(monkeypatch):
    before = frontend.version()
    monkeypatch.setattr(frontend, "style", lambda: "other")
    assert frontend.version.__wrapped__() != before


_cell = st.one_of(st.none(), st.integers(-(10**9), 10**9), st.booleans())
_text = st.one_of(st.none(), st.text(max_size=5))


@given(st.lists(st.tuples(_text, _cell), max_size=20))
def test_a_table_comes_back_as_it_was(rows):
    table = json.loads(json.dumps(encode(["a", "b"], rows)))
    assert [tuple(row.values()) for row in decode(table)] == rows
