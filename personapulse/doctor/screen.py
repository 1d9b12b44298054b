"""The doctor's findings as one screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from personapulse.doctor.diagnosis import Advice, how_to_mend, share
from personapulse.doctor.facts import Facts, Found, SetAside
from personapulse.doctor.findings import Finding
from personapulse.settings import ShopSettings

MOST_ROWS = 6  # of a table; the rest is counted
EXAMPLES = 3


@dataclass(frozen=True)
class Findings:
    """One check over the days looked at: its newest finding, and on how many days it found anything."""

    newest: Found
    days: int


MARKS = {"ok": ("✓", "green"), "warn": ("·", "yellow"), "fail": ("✗", "bold red")}


def show(
    console: Console,
    facts: Facts,
    settings: ShopSettings,
    advice: Sequence[Advice],
    *,
    findings: Sequence[Finding],
    server: str,
) -> None:
    """Print the screen.

    Parameters
    ----------
    console : rich.console.Console
        Where to; its width is kept to.
    facts : Facts
        What the warehouse says.
    settings : ShopSettings
        The shop's limits.
    advice : sequence of Advice
        From `advise`.
    findings : sequence of Finding
        From `look_over`.
    server : str
        Whether PostgreSQL was running.
    """
    console.print(_head(facts, server))
    _show_advice(console, advice, is_well=not any(one.level == "fail" for one in findings))
    console.print(_findings(findings))
    for part in (_arrivals(facts), _set_aside(facts, settings), _checks(facts.found), _ignored(facts)):
        if part:
            console.print(part)


def _head(facts: Facts, server: str) -> RenderableType:
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_column(style="bold", no_wrap=True)
    head.add_column(overflow="fold")
    if facts.shop_name:
        head.add_row("Shop", Text(f"{facts.shop_name}, extracts in {facts.source_url}"))
    migrations = f"{facts.migrations_applied} of {facts.migrations_known} migrations"
    head.add_row("Warehouse", Text(f"PostgreSQL {facts.postgres}, {server}; {migrations}"))
    if facts.loaded:
        first, last = facts.loaded[0], facts.loaded[-1]
        absent = (last - first).days + 1 - len(facts.loaded)
        between = f"; {absent:,} missing in between" if absent else ""
        head.add_row("Loaded", f"{len(facts.loaded):,} days from {first} to {last}{between}")
    if facts.first_day:
        looked_at = (
            str(facts.last_day) if facts.first_day == facts.last_day else f"{facts.first_day} to {facts.last_day}"
        )
        head.add_row("Looked at", looked_at)
    return head


def _findings(findings: Sequence[Finding]) -> RenderableType:
    """Show what was looked at, one line each; below what is not well, what follows and what to do."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    for one in sorted(findings, key=lambda one: ("fail", "warn", "ok").index(one.level)):
        mark, style = MARKS[one.level]
        grid.add_row(Text(mark, style=style), Text(one.part, style="bold"), Text(one.found, overflow="fold"))
        if one.means:
            grid.add_row("", "", Text(one.means, overflow="fold"))
        if one.do:
            grid.add_row("", "", Text(one.do, style="cyan", overflow="fold"))
    return Group(Text("\nThe house", style="bold"), grid)


def _show_advice(console: Console, advice: Sequence[Advice], *, is_well: bool) -> None:
    console.print()
    if is_well and not any(one.is_urgent for one in advice):
        console.print("✓ Nothing needs you.", style="bold green")
    for one in advice[:MOST_ROWS]:
        mark, style = ("✗", "bold red") if one.is_urgent else ("·", "yellow")
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_row(Text(mark, style=style), Text(one.what, overflow="fold"))
        grid.add_row("", Text(one.do, overflow="fold"))
        console.print(grid)
        if one.command:  # in one piece, to be copied
            console.print(Text(f"  {one.command}", style="cyan"), soft_wrap=True)
    if len(advice) > MOST_ROWS:
        console.print(f"... and {len(advice) - MOST_ROWS} more; see --json")


def _arrivals(facts: Facts) -> RenderableType | None:
    if not facts.arrivals:
        return None
    table = _table("What came in")
    skips = any(file.kept for file in facts.arrivals)
    table.add_column("file")
    for name in ("days", "rows", "new", "changed", "told again", "set aside", *["skipped"] * skips):
        table.add_column(name, justify="right")
    for file in facts.arrivals:
        counts = [file.days, file.row_count, file.loaded_count, file.updated_count, file.unchanged_count]
        counts += [file.quarantined_count, *[file.kept] * skips]
        table.add_row(file.file, *(f"{count:,}" for count in counts))
    if skips:
        table.caption = "skipped: on so many days the file came again unchanged when others of the day were read anew"
        table.caption_justify = "left"
    return table


def _set_aside(facts: Facts, settings: ShopSettings) -> RenderableType | None:
    if not facts.set_aside:
        return None
    table = _table("Set aside, because they cannot be used")
    for name in ("file", "rule", "rows", "share", "first", "last"):
        table.add_column(name, justify="right" if name in ("rows", "share") else "left")
    for aside in facts.set_aside[:MOST_ROWS]:
        days = (str(aside.first_day), str(aside.last_day))
        table.add_row(aside.file, aside.rule, f"{aside.count:,}", share(aside.count, aside.file_rows), *days)
    lines: list[RenderableType] = [table]
    if left := len(facts.set_aside) - MOST_ROWS:
        lines += [Text(f"... and {left} more; see --file or --json")] if left > 0 else []
    lines += [_example(aside, facts.source_url or "") for aside in facts.set_aside[:EXAMPLES]]
    lines.append(Text(how_to_mend(facts.set_aside, settings), style="cyan"))
    return Group(*lines)


def _example(aside: SetAside, source_url: str) -> RenderableType:
    where = aside.address.removeprefix(source_url).lstrip("/")
    raw = aside.raw.replace("\n", "⏎").replace("\r", "")
    text = Text.assemble((f"{where}, line {aside.line_no}: {aside.reason}\n", ""), (f"  {raw}", "dim"))
    text.overflow = "ellipsis"
    text.no_wrap = True
    return text


def _checks(found: Sequence[Found]) -> RenderableType | None:
    if not found:
        return None
    grouped = _by_rule(found)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for findings in grouped[:MOST_ROWS]:
        one = findings.newest
        severity = Text(one.severity, style="bold red" if one.severity == "fail" else "yellow")
        often = f", found on {findings.days:,} days" if findings.days > 1 else ""
        grid.add_row(severity, Text(f"{one.rule}: {one.finding_count:,} on {one.as_of_date}{often}"))
        grid.add_row("", Text(one.description))
        sample = f"such as {', '.join(one.sample_keys)}"
        grid.add_row("", Text(sample, style="dim", no_wrap=True, overflow="ellipsis"))
    left = len(grouped) - MOST_ROWS
    more = [Text(f"... and {left} more; see --json")] if left > 0 else []
    return Group(Text("\nFound by checks", style="bold"), grid, *more)


def _by_rule(found: Sequence[Found]) -> list[Findings]:
    """Newest finding of each check, fails first, then the newest; `found` is newest first."""
    rules: dict[tuple[str, str, str], list[Found]] = {}
    for one in found:
        rules.setdefault((one.severity, one.layer, one.rule), []).append(one)
    grouped = [Findings(every[0], len(every)) for every in rules.values()]
    return sorted(grouped, key=lambda one: one.newest.severity)  # stable: newest first within


def _ignored(facts: Facts) -> RenderableType | None:
    if not facts.ignored:
        return None
    columns: dict[str, list[str]] = {}
    for column in facts.ignored:
        columns.setdefault(column.file, []).append(column.column_name)
    told = "; ".join(f"{file}: {', '.join(names)}" for file, names in columns.items())
    return Text.assemble(("\nColumns the contract does not know, ignored  ", "bold"), told)


def _table(title: str) -> Table:
    return Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
