"""Commands that people read in the docs: where they stand, and what runs those that cannot run in a test.

What stands in a block (shell, bash, console) of README.md, CONTRIBUTING.md or a page of docs/ is run by
test_commands.py unless a row of `ELSEWHERE` says who runs it or which check stands in. A new command that
can run nowhere in a test gets a row here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from personapulse.paths import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELLS = {"shell", "bash", "sh", "console"}
SET_BEFORE = re.compile(r"""^(\w+=('[^']*'|"[^"]*"|\S*) )+""")  # what is set for one command only
OURS = re.compile(r"^(\.venv(-test)?/bin/)?personapulse\b")

# Pattern of commands that test_commands.py does not run; the file that does, or holds the check that stands in.
ELSEWHERE = {
    r"make run( |$)": "tests/e2e/test_up.py",
    r"make (test|faults|quick)( |$)": ".ci/run",
    r"make powerbi-deploy ": "tests/unit/test_powerbi_deploy.py",
    r"personapulse (--home \S+ )?up\b": "tests/e2e/test_up.py",
    r"personapulse (backup|--home anew restore) ": "tests/docs/test_backup.py",  # the same, into folders of its own
    r"docker compose exec \S+ airflow ": "tests/dags/test_airflow_commands.py",
    r"docker compose ": "tests/unit/test_compose.py",  # no container runs here; make test-celery runs what is in them
    r"python3 deploy/make_secrets\.py": "tests/deployed/conftest.py",
    r"(cp \.env\.example|echo WAREHOUSE_HOST)": "tests/unit/test_compose.py",
    r"airflow ": "tests/dags/test_airflow_commands.py",  # parsed by Airflow's own parser
    r"definitions\.md: personapulse metric ": "tests/sql/test_metrics.py",  # one for each metric, made of it
}

# Words that stand for something a test has: what takes minutes is asked of less.
REDUCED = {r"--users \d+": "--users 40", r"--days \d+": "--days 5"}


@dataclass(frozen=True)
class Command:
    """A command of a page.

    Parameters
    ----------
    page : Path
        The file.
    line : int
        Where it begins.
    text : str
        As it is typed, on one line.
    """

    page: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}: {self.text}"

    @property
    def elsewhere(self) -> str | None:
        """The pattern of `ELSEWHERE` that its text, or its page's name and its text, begins with."""
        text = OURS.sub("personapulse", SET_BEFORE.sub("", self.text))
        told = (text, f"{self.page.name}: {text}")
        return next((pattern for pattern in ELSEWHERE if any(re.match(pattern, one) for one in told)), None)


def blocks(page: Path, kinds: set[str]) -> Iterator[list[tuple[int, str]]]:
    """Numbers and texts of the lines of each block of some kinds; one in a list is indented."""
    kind: str | None = None
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if fence := re.match(r"\s*```(\w*)", line):
            if kind in kinds:
                yield lines
            kind, lines = (fence[1] if kind is None else None), []
        else:
            lines.append((number, line))


def commands(page: Path) -> list[Command]:
    """Commands in a page's blocks of shell; where some follow `$ `, the other lines are what they print."""
    found: list[Command] = []
    for lines in blocks(page, SHELLS):
        shown = any(line.lstrip().startswith("$ ") for _, line in lines)
        begun: tuple[int, str] | None = None
        for number, line in lines:
            start, before = begun or (number, "")
            text = line.strip()
            if shown and not begun and not text.startswith("$ "):
                continue
            begun = (start, before + text[:-1]) if text.endswith("\\") else None
            whole = (before + text).removeprefix("$ ")
            if not begun and whole and not whole.startswith("#"):
                found.append(Command(page, start, whole))
    return found


def all_commands() -> list[Command]:
    """Every command of every page."""
    return [command for page in PAGES for command in commands(page)]


def inline(page: Path) -> list[Command]:
    """Commands quoted in a page's sentences and tables: `personapulse ...`, `make ...`, `python -m ...`."""
    text = page.read_text()
    for block in re.findall(r"^\s*```.*?^\s*```", text, re.MULTILINE | re.DOTALL):
        text = text.replace(block, "\n" * block.count("\n"))
    return [
        Command(page, text[: span.start()].count("\n") + 1, " ".join(span[1].split()))
        for span in re.finditer(r"`((?:\.venv/bin/)?(?:personapulse|make|python -m)(?:\s[^`]*)?)`", text)
    ]
