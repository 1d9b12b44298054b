"""From what the books say to what a person has to do. Pure: facts in, advice out."""

import datetime
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from personapulse.doctor.extracts import Extracts
from personapulse.doctor.facts import Facts, FileState, Found, SetAside
from personapulse.settings import QuarantineLimits, ShopSettings

ONE_DAY = datetime.timedelta(days=1)
SPANS_NAMED = 5  # so that a sentence stays a sentence


@dataclass(frozen=True)
class Advice:
    """Something a person should know.

    Parameters
    ----------
    is_urgent : bool
        Whether it needs a person; else it is only good to know.
    what : str
        What is the matter.
    do : str
        What to do about it.
    command : str
        The command for it; empty where none does it.
    """

    is_urgent: bool
    what: str
    do: str
    command: str = ""


def advise(facts: Facts, extracts: Extracts, up: str) -> list[Advice]:
    """Say what a person should know, what needs them first.

    Parameters
    ----------
    facts : Facts
        What the warehouse says.
    extracts : Extracts
        What lies at the shop's address; without days, delivered days are not told from others.
    up : str
        The command that runs days of this shop, without its days.
    """
    if not facts.loaded and not facts.open_files:
        return [Advice(True, "Nothing is loaded yet.", "Load the shop:", up)]
    found = [
        *_unreachable(extracts),
        *_open_days(facts, extracts, up),
        *_gaps(facts, extracts, up),
        *_waiting(facts, extracts, up),
        *_failed_checks(facts, up),
    ]
    return sorted(found, key=lambda advice: not advice.is_urgent)


def _unreachable(extracts: Extracts) -> Iterator[Advice]:
    if extracts.problem:
        yield Advice(
            True,
            f"The extracts cannot be read, so it is not known what was delivered. {extracts.problem}",
            "Mend it, or say where they are now: --source ADDRESS",
        )


def _open_days(facts: Facts, extracts: Extracts, up: str) -> Iterator[Advice]:
    """Days that were refused, or staged and not merged, newest first."""
    for day, grouped in itertools.groupby(facts.open_files, key=lambda file: file.source_day):
        files = list(grouped)
        stopped = [one for one in facts.found if one.as_of_date == day and one.severity == "fail"]
        if any(file.state == "refused" for file in files):
            what, do = _refused(files, extracts.settings)
        elif stopped:
            what = f"was stopped before core changed: {'; '.join(map(_told, stopped))}."
            rules = ", ".join(f"{one.rule}: warn" for one in stopped if one.layer == "staging")
            do = f"Mend the file{f'; if it is right, put `checks: {{{rules}}}` into source.yaml' * bool(rules)}. Then:"
        else:
            what = f"is staged and not merged ({', '.join(file.file for file in files)})."
            do = "If no run is at work on it:"
        yield Advice(True, f"{day} {what}", do, _run(up, [day]))


def _refused(files: Iterable[FileState], settings: ShopSettings) -> tuple[str, str]:
    too_bad = [sentence for file in files for sentence in _over(file, settings.limits(file.file))]
    if not too_bad:
        return "was refused by limits that are not those of source.yaml now.", "Run it again:"
    return (
        f"was refused: {'; '.join(too_bad)}. Core is as it was.",
        "Mend the file, or raise its limit in source.yaml under quarantine. Then:",
    )


def _over(file: FileState, limits: QuarantineLimits) -> Iterator[str]:
    """Say which limits a file exceeds."""
    counted = {rule: count for rule, count in file.set_aside.items() if rule not in limits.rules}
    mostly = f", mostly {max(counted, key=lambda rule: counted[rule])}" if counted else ""
    exceeded = [("cannot be used", sum(counted.values()), limits.threshold, mostly)]
    exceeded += [(f"have {rule}", file.set_aside.get(rule, 0), limit, "") for rule, limit in limits.rules.items()]
    for what, count, limit, why in exceeded:
        if count > limit * file.row_count:
            found = f"{count:,} of {file.row_count:,} rows of {file.file} {what}"
            yield f"{found} ({share(count, file.row_count)}, allowed are {percent(limit)}{why})"


def _gaps(facts: Facts, extracts: Extracts, up: str) -> Iterator[Advice]:
    """Days between loaded days that are not loaded."""
    if not facts.loaded or facts.first_day is None or facts.last_day is None:
        return
    begin, end = facts.first_day, facts.last_day
    if not facts.day:
        begin, end = max(begin, facts.loaded[0]), min(end, facts.loaded[-1])
    known = {*facts.loaded, *(file.source_day for file in facts.open_files)}
    absent = [day for day in _span(begin, end) if day not in known]
    delivered = [day for day in absent if day in set(extracts.days)]
    never = [day for day in absent if day not in set(extracts.days)]
    if delivered:
        yield Advice(True, f"Not loaded, though delivered: {spans(delivered)}.", "Load them:", _run(up, delivered))
    if never:
        what = "Not loaded" if extracts.problem else "Not loaded, and without a folder"
        yield Advice(
            True,
            f"{what}: {spans(never)}.",
            "Ask the shop for them; a day without news has files with a header and no rows. Days can be loaded late.",
        )


def _waiting(facts: Facts, extracts: Extracts, up: str) -> Iterator[Advice]:
    """Days that were delivered after the newest day the warehouse knows."""
    if facts.day:
        return
    known = facts.loaded[-1] if facts.loaded else None
    open_days = {file.source_day for file in facts.open_files}
    waiting = [day for day in extracts.days if (known is None or day > known) and day not in open_days]
    if waiting:
        # the newest folder may be waiting for the night
        yield Advice(
            len(waiting) > 1, f"Delivered and not loaded yet: {spans(waiting)}.", "Load them:", _run(up, waiting)
        )


def _failed_checks(facts: Facts, up: str) -> Iterator[Advice]:
    loaded = set(facts.loaded)
    for found in facts.found:
        if found.severity == "fail" and found.as_of_date in loaded:
            yield Advice(
                True,
                f"{found.as_of_date} failed a check of {found.layer}: {_told(found)}",
                f"The check is include/sql/checks/{found.layer}/{found.rule}.sql. When the cause is mended:",
                f"{_run(up, [found.as_of_date])} --rerun",
            )


def _told(found: Found) -> str:
    return f"{found.rule} ({', '.join(found.sample_keys)})"


def how_to_mend(set_aside: Sequence[SetAside], settings: ShopSettings) -> str:
    """Say what can be done about rows that were set aside; empty where there are none."""
    if not set_aside:
        return ""
    file = set_aside[0].file
    threshold = settings.limits(file).threshold
    return (
        "A mended row can be delivered in the file of any later day: it is loaded then, and stays listed here, under "
        f"the day it first came. A day is refused if over {percent(threshold)} of its {file} are set aside. To raise "
        f"that, in source.yaml: quarantine: {{{file}: {{threshold: {min(1.0, 2 * threshold):g}}}}}"
    )


def share(part: int, whole: int) -> str:
    """Write a part of a whole for people; what is there never reads as nothing."""
    if not part or not whole:
        return percent(0)
    return percent(part / whole) if part / whole >= 0.001 else f"< {percent(0.001)}"


def percent(number: float) -> str:
    """Write a share from 0 to 1 for people."""
    return f"{number:.1%}"


def spans(days: Sequence[datetime.date]) -> str:
    """Name days by their unbroken spans, the first few of them."""
    found: list[tuple[datetime.date, datetime.date]] = []
    for day in days:
        if found and day == found[-1][1] + ONE_DAY:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    named = [str(first) if first == last else f"{first} to {last}" for first, last in found[:SPANS_NAMED]]
    return ", ".join(named) + (f" and {len(found) - SPANS_NAMED} more" if len(found) > SPANS_NAMED else "")


def _span(first: datetime.date, last: datetime.date) -> Iterable[datetime.date]:
    return (first + datetime.timedelta(days=number) for number in range((last - first).days + 1))


def _run(up: str, days: Sequence[datetime.date]) -> str:
    return f"{up} --from {days[0]} --to {days[-1]}"
