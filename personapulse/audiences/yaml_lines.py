"""A YAML file whose every value knows its line, so that a mistake is found where it is."""

from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from personapulse.errors import PersonaPulseError

Path = tuple[str | int, ...]  # keys and places from the top, such as ("audiences", "win-back", "hold_out")


@dataclass(frozen=True)
class Document:
    """What a YAML file says, and where.

    Parameters
    ----------
    file : str
        Its name, for messages.
    content : object
        As `yaml.safe_load` gives it.
    lines : mapping of Path to int
        Line of every key and value, 1 being the first.
    """

    file: str
    content: Any
    lines: dict[Path, int]

    def wrong(self, path: Path, what: str) -> NoReturn:
        """Raise what is wrong at a place, with its line; of a place that is absent, that of what it is missing in."""
        while path not in self.lines and path:
            path = path[:-1]
        where = ".".join(str(part) for part in path)
        raise PersonaPulseError(f"{self.file}, line {self.lines.get(path, 1)}: {where + ': ' if where else ''}{what}")


def read(text: str, file: str) -> Document:
    """Read a YAML text.

    Parameters
    ----------
    text : str
        The file's content.
    file : str
        Its name, for messages.

    Raises
    ------
    PersonaPulseError
        If it is no YAML, or says one key twice (YAML would silently take the last); the message names the line.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PersonaPulseError(f"{file}, line {line}: not valid YAML: {error.problem}.") from None
    except (yaml.YAMLError, ValueError) as error:  # a character YAML has no place for; a date that is none
        raise PersonaPulseError(f"{file} is not valid YAML: {error}") from None
    lines: dict[Path, int] = {}
    if node:
        _note(node, (), lines, file)
    return Document(file, content, lines)


def _note(node: yaml.Node, path: Path, lines: dict[Path, int], file: str) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inside = (*path, str(key.value))
            if inside in lines:
                raise PersonaPulseError(
                    f"{file}, line {key.start_mark.line + 1}: {key.value!r} is there twice; "
                    f"the first is on line {lines[inside]}. Remove or rename one."
                )
            lines[inside] = key.start_mark.line + 1
            _note(value, inside, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _note(value, (*path, place), lines, file)
