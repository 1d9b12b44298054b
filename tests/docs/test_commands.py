"""Every command of the docs runs: in a small shop, or where the table in commands.py says."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer

from personapulse.cli import application
from personapulse.paths import ROOT
from personapulse.postgres import binaries
from personapulse.powerbi_service.double import PowerBIDouble
from personapulse.warehouse import DATABASE

from ..e2e.small_shop import FIRST_DAY
from .commands import ELSEWHERE, OURS, PAGES, REDUCED, Command, all_commands, blocks, inline
from .conftest import Place

ALL = all_commands()
RUN = [command for command in ALL if not command.elsewhere]
SHELL_WORDS = re.compile(r"[|&;<>$`]")
MAKE_WORDS = {"PYTHON", "ARGS", "PYTEST_ARGS", "ENVIRONMENT"}
INLINE = {command.text: command for page in PAGES for command in inline(page)}
SELECTS = [
    (page, block)
    for page in PAGES
    for lines in blocks(page, {"sql"})
    for block in ["\n".join(line for _, line in lines)]
    if block.lstrip().startswith("select") and "%(" not in block
]


def readers_folder(folder: Path, page: Path) -> Path:
    """Where the reader of a page stands, with the files the pages speak of."""
    place = folder / "readers" / page.stem
    if place.exists():
        return place
    dump = place / "path" / "of" / "dump"
    shutil.copytree(folder / "shop" / str(FIRST_DAY), dump)
    line = ("1", "MUG", "Red mug", 2, pd.Timestamp("2010-12-01 09:05"), 2.1, 7, "France")
    names = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    pd.DataFrame([line], columns=names).to_parquet(place / "online_retail.parquet")
    (place / "ids.txt").write_text("u0018\n")
    (place / "unsubscribed.csv").write_text("user_id\nu3\n")
    return place


@pytest.fixture(scope="module")
def double(folder: Path) -> Iterator[PowerBIDouble]:
    with PowerBIDouble(folder / "double") as double:
        yield double


def around(shop: Place) -> dict[str, str]:
    """What a shell is told."""
    return os.environ | {
        "PERSONAPULSE_HOME": str(shop.home.root),
        "PATH": f"{Path(sys.executable).parent}:{binaries()}:{os.environ['PATH']}",
        "WAREHOUSE": shop.postgres.conninfo(DATABASE),
        "SERVER": shop.postgres.conninfo("postgres"),
        "COLUMNS": "200",
    }


@pytest.mark.parametrize("command", RUN, ids=str)
def test_a_command_of_the_docs_runs(
    command: Command, shop: Place, folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(readers_folder(folder, command.page))
    text = re.sub(r"\s+# .*", "", OURS.sub("personapulse", command.text))
    for pattern, less in REDUCED.items():
        text = re.sub(pattern, less, text)
    if "PORT" in text:
        text = text.replace("127.0.0.1:PORT", request.getfixturevalue("double").address.partition("://")[2])
    words = shlex.split(text)
    if words[0] == "personapulse" and not SHELL_WORDS.search(re.sub(r"'[^']*'|\"[^\"$`]*\"", "", text)):
        result = shop.run(*words[1:])
        assert (result.exit_code, result.exception) == (0, None), f"{command}\n{result.output}\n{result.exception}"
        return
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], env=around(shop), capture_output=True, text=True)
    assert done.returncode == 0, (
        f"{command}\n{done.stdout}{done.stderr}\nIf it can run in no test, say in ELSEWHERE of tests/docs/commands.py "
        "which test runs it or which check stands in."
    )


@pytest.mark.parametrize(("page", "select"), SELECTS, ids=lambda one: one.name if isinstance(one, Path) else "select")
def test_a_query_of_the_docs_runs(page: Path, select: str, shop: Place) -> None:
    assert "," in shop.told("query", "--everything", select)


def test_the_table_of_what_runs_elsewhere_is_true() -> None:
    matched = {command.elsewhere for command in ALL}
    for pattern, file in ELSEWHERE.items():
        assert pattern in matched, f"No command of the docs matches {pattern!r} any more: take its row out."
        assert (ROOT / file).exists(), f"{pattern!r} is said to be run by {file}, which is not there."
    assert len(RUN) > 20


@pytest.mark.parametrize("command", [one for one in ALL if OURS.match(one.text)], ids=str)
def test_a_command_is_one_the_command_line_knows(command: Command) -> None:
    parse(shlex.split(command.text, comments=True)[1:])


@pytest.mark.parametrize("command", [one for one in INLINE.values() if OURS.match(one.text)], ids=str)
def test_a_command_in_a_sentence_is_one_the_command_line_knows(command: Command) -> None:
    if "..." not in command.text.split():
        parse(shlex.split(command.text.replace("[", "").replace("]", ""))[1:])


def parse(words: list[str]) -> None:
    """Find the command, and see that it has these options and takes so many words."""
    command: Any = typer.main.get_command(application)
    while True:
        context = command.context_class(command)
        _, rest, _ = command.make_parser(context).parse_args(args=list(words))
        known = getattr(command, "commands", None)
        if known is None:
            break
        if not rest:
            return
        assert rest[0] in known, f"no command {rest[0]!r}; there are {', '.join(known)}"
        command, words = known[rest[0]], rest[1:]
    taken = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    assert len(rest) <= len(taken) or any(one.nargs == -1 for one in taken), f"too many words: {rest}"


@pytest.mark.parametrize(
    "command",
    [one for one in [*ALL, *INLINE.values()] if one.text.startswith("make ")],
    ids=str,
)
def test_a_target_of_make_is_there(command: Command) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for word in shlex.split(command.text, comments=True)[1:]:
        name, is_set, _ = word.partition("=")
        if is_set:
            assert name in MAKE_WORDS
        else:
            assert re.search(rf"^{re.escape(name)}:.* ## ", makefile, re.MULTILINE), f"{name} is not in `make help`"


@pytest.mark.parametrize("command", [one for one in INLINE.values() if one.text.startswith("python -m")], ids=str)
def test_a_module_in_a_sentence_is_there(command: Command) -> None:
    assert importlib.util.find_spec(command.text.split()[2])


def test_a_link_of_the_docs_leads_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            path, _, heading = target.partition("#")
            file = (page.parent / path) if path else page
            if "://" in target or target.startswith("mailto:"):
                continue
            if not file.exists() or (heading and file.suffix == ".md" and heading not in headings(file)):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def headings(page: Path) -> set[str]:
    """Anchors of a page, as hosts of git make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower()).replace(" ", "-") for title in titles}
