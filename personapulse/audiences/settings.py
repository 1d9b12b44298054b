"""Read and check `include/audiences.yaml`: which audiences there are, and where each goes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from personapulse.audiences import yaml_lines
from personapulse.audiences.yaml_lines import Document
from personapulse.errors import PersonaPulseError
from personapulse.paths import INCLUDE
from personapulse.personas import load_rule_sets

AUDIENCES_FILE = INCLUDE / "audiences.yaml"
WEBHOOK = "audience_webhook"  # the Airflow connection of a webhook that names none
OF_WEBHOOK = ("connection", "format", "batch_size")
FORMATS = ("json", "csv")
BATCH = 1000  # customers in one request
MOST_HELD_OUT = 0.9
SEGMENTS = (
    "Champions", "Loyal Customers", "Potential Loyalists", "New Customers", "Promising", "Need Attention",
    "About To Sleep", "At Risk", "Can't Lose Them", "Hibernating", "Lost", "insufficient data",
)  # fmt: skip
BANDS = tuple(range(1, 11))
SELECTIONS = ("personas", "segments", "intent_bands")
KEYS = ("description", *SELECTIONS, "hold_out", "destinations")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CONNECTION = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Folder:
    """A folder that takes a CSV per day.

    Parameters
    ----------
    url : str or None
        A path or any fsspec URL, without credentials; None is the house's own folder, wherever that is set up.
    """

    url: str | None = None


@dataclass(frozen=True)
class Webhook:
    """A receiver on the network; its URL and secret are never in the file.

    Parameters
    ----------
    connection : str
        Name of the Airflow connection that knows URL and secret.
    format : {"json", "csv"}
        Batches of customers as JSON, or the CSV in one request.
    batch_size : int
        Customers in one request of JSON.
    """

    connection: str = WEBHOOK
    format: Literal["json", "csv"] = "json"
    batch_size: int = BATCH


@dataclass(frozen=True)
class Audience:
    """Some of a shop's customers.

    Parameters
    ----------
    name : str
        Lower-case words with hyphens; also the name of its file.
    description : str
        Who they are and what to do with them, in a marketer's words.
    personas, segments : tuple of str
        A customer has one of these; empty does not matter.
    intent_bands : tuple of int
        As `personas`; 10 is the tenth most likely to buy.
    hold_out : float
        Share of the customers that is kept back, from 0 to 0.9.
    destinations : tuple of Folder or Webhook
        Where they go; at least one.
    """

    name: str
    description: str
    personas: tuple[str, ...]
    segments: tuple[str, ...]
    intent_bands: tuple[int, ...]
    hold_out: float
    destinations: tuple[Folder | Webhook, ...]

    def selection(self) -> str:
        """Say in words who is in it."""
        parts = {
            "persona": self.personas,
            "segment": self.segments,
            "intent band": tuple(map(str, self.intent_bands)),
        }
        return "; and ".join(f"{what} {_either(names)}" for what, names in parts.items() if names)


@dataclass(frozen=True)
class Audiences:
    """All audiences of a shop.

    Parameters
    ----------
    salt : str
        Part of what decides who is held out.
    by_name : mapping of str to Audience
        In the order of the file.
    """

    salt: str
    by_name: Mapping[str, Audience]

    def find(self, name: str) -> Audience:
        """Return the audience of that name; raise PersonaPulseError, naming those there are, if there is none."""
        if name not in self.by_name:
            raise PersonaPulseError(f"No audience is called {name!r}. There are: {', '.join(self.by_name)}.")
        return self.by_name[name]


def load_audiences(file: Path | None = None) -> Audiences:
    """Read and check the audiences.

    Parameters
    ----------
    file : Path, optional
        The YAML file; by default the one that ships.

    Raises
    ------
    PersonaPulseError
        If it cannot be read, a key is missing, unknown or there twice, or a value is none it can have; the message
        names the file, the line, the key and what it may be.
    """
    file = file or AUDIENCES_FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PersonaPulseError(f"{file} cannot be read: {error}") from None
    document = yaml_lines.read(text, file.name)
    _known(document, (), document.content, ("salt", "audiences"))
    salt = _text(document, ("salt",))
    _mapping(document, ("audiences",), _at(document, ("audiences",)))
    names = document.content["audiences"]
    return Audiences(salt, {str(name): _audience(document, str(name), given) for name, given in names.items()})


def _audience(document: Document, name: str, given: Any) -> Audience:
    path = ("audiences", name)
    if not NAME.fullmatch(name):
        document.wrong(path, "a name is made of lower-case letters, digits and single hyphens, such as win-back.")
    _known(document, path, given, KEYS, optional=SELECTIONS)
    chosen = {
        "personas": _choices(document, (*path, "personas"), _personas()),
        "segments": _choices(document, (*path, "segments"), SEGMENTS),
        "intent_bands": _choices(document, (*path, "intent_bands"), BANDS),
    }
    if not any(chosen.values()):
        document.wrong(path, f"names nobody; add at least one of {', '.join(SELECTIONS)}.")
    return Audience(
        name=name,
        description=_text(document, (*path, "description")),
        hold_out=_hold_out(document, (*path, "hold_out")),
        destinations=_destinations(document, (*path, "destinations")),
        **chosen,
    )


def _either(names: tuple[str, ...]) -> str:
    """Write names as a choice: `A`, `A or B`, `A, B or C`."""
    return " or ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _at(document: Document, path: yaml_lines.Path) -> Any:
    value = document.content
    for part in path:
        value = value[part]
    return value


def _mapping(document: Document, path: yaml_lines.Path, value: Any) -> None:
    if not isinstance(value, dict) or not value:
        document.wrong(path, f"must be a mapping of keys to values, got {value!r}.")


def _known(
    document: Document, path: yaml_lines.Path, value: Any, keys: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    """Refuse anything but a mapping with just these keys."""
    _mapping(document, path, value)
    for key in value:
        if key not in keys:
            document.wrong((*path, str(key)), f"unknown key. Known are: {', '.join(keys)}.")
    for key in keys:
        if key not in value and key not in optional:
            document.wrong(path, f"the key {key!r} is missing.")


def _text(document: Document, path: yaml_lines.Path) -> str:
    value = _at(document, path)
    if not isinstance(value, str) or not value.strip():
        document.wrong(path, f"must be a text, got {value!r}.")
    return str(value).strip()


def _personas() -> list[str] | None:
    """Return the personas of all rule sets; None if these are wrong, which the dag that needs them says."""
    try:
        return sorted({persona for rules in load_rule_sets().values() for persona in rules.personas})
    except PersonaPulseError:
        return None


def _choices(document: Document, path: yaml_lines.Path, known: Sequence[Any] | None) -> tuple[Any, ...]:
    """Return a list of different values, each one of those known; of any if these cannot be told."""
    if path not in document.lines:
        return ()
    given = _at(document, path)
    if not isinstance(given, list) or not given:
        document.wrong(path, f"must be a list, got {given!r}; leave the key out if it does not matter.")
    for place, value in enumerate(given):
        if known is not None and (isinstance(value, bool) or value not in known):
            document.wrong((*path, place), f"unknown {value!r}. Known are: {', '.join(map(str, known))}.")
        if value in given[:place]:
            document.wrong((*path, place), f"{value!r} is there twice.")
    return tuple(given)


def _hold_out(document: Document, path: yaml_lines.Path) -> float:
    value = _at(document, path)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_HELD_OUT:
        document.wrong(path, f"must be a share of customers from 0 to {MOST_HELD_OUT}, such as 0.1, got {value!r}.")
    return float(value)


def _destinations(document: Document, path: yaml_lines.Path) -> tuple[Folder | Webhook, ...]:
    given = _at(document, path)
    if not isinstance(given, list) or not given:
        document.wrong(path, f"must be a list such as [folder, webhook], got {given!r}.")
    found = tuple(_destination(document, (*path, place), value) for place, value in enumerate(given))
    for place, destination in enumerate(found):
        if destination in found[:place]:
            document.wrong((*path, place), "is there twice.")
    return found


def _destination(document: Document, path: yaml_lines.Path, given: Any) -> Folder | Webhook:
    match given:
        case "folder":
            return Folder()
        case "webhook":
            return Webhook()
        case {"folder": str(url), **rest} if not rest and url.strip():
            if "@" in urlsplit(url).netloc or "?" in url:
                document.wrong((*path, "folder"), "credentials do not belong in the URL; set them up for its library.")
            return Folder(url.strip())
        case {"webhook": dict(keys), **rest} if not rest:
            return _webhook(document, (*path, "webhook"), keys)
        case {"webhook": str(connection), **rest} if not rest:
            return Webhook(_connection(document, (*path, "webhook"), connection))
    return document.wrong(path, f"must be folder, 'folder: <URL>', webhook or 'webhook: <connection>', got {given!r}.")


def _webhook(document: Document, path: yaml_lines.Path, given: dict[str, Any]) -> Webhook:
    _known(document, path, given, OF_WEBHOOK, optional=OF_WEBHOOK)
    form, batch_size = given.get("format", FORMATS[0]), given.get("batch_size", BATCH)
    if form not in FORMATS:
        document.wrong((*path, "format"), f"must be one of {', '.join(FORMATS)}, got {form!r}.")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or not 1 <= batch_size <= 100_000:
        document.wrong((*path, "batch_size"), f"must be a whole number from 1 to 100000, got {batch_size!r}.")
    return Webhook(_connection(document, (*path, "connection"), given.get("connection", WEBHOOK)), form, batch_size)


def _connection(document: Document, path: yaml_lines.Path, given: Any) -> str:
    if not isinstance(given, str) or not CONNECTION.fullmatch(given):
        # what is there may be a URL with a token in it, so it is not repeated
        document.wrong(path, f"must be the name of a connection, such as {WEBHOOK}, and no URL.")
    return given
