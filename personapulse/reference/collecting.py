"""Where settings are found in the code, and what it says of them."""

import ast
import dataclasses
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml

from personapulse import settings
from personapulse.audiences.settings import Audience, Webhook
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.intent import policy
from personapulse.paths import DAGS, ROOT
from personapulse.personas import load_rule_sets
from personapulse.postgres import EmbeddedPostgres
from personapulse.powerbi_service.settings import PowerBISettings
from personapulse.service import environment

KNOWN = Path(__file__).with_name("known.yaml")
WORDS = {"str": "text", "int": "whole number", "float": "number", "tuple of str": "list", "tuple of int": "list"}
READ_AS = {"quarantine": "limits"}  # a setting that is read by a method
MADE = "made once, in `<home>/keys.json`"


@dataclass(frozen=True)
class Setting:
    """A row of the page; texts are Markdown.

    Parameters
    ----------
    name, takes, default, does, read_in : str
        As it is written; kind of value and its limits; what holds without it; what it is for; who reads it.
    """

    name: str
    takes: str
    default: str
    does: str
    read_in: str = ""


def known() -> dict[str, Any]:
    """Return known.yaml: per kind of setting, what each is."""
    found: dict[str, Any] = yaml.safe_load(KNOWN.read_text(encoding="utf-8"))
    return found


def of_kind(kind: str) -> list[Setting]:
    """Return the settings of one kind of known.yaml: environment, variables, connections, files or make."""
    return [Setting(name, **({"default": "-"} | said)) for name, said in known()[kind].items()]


def of_shop() -> list[Setting]:
    """Return what `source.yaml` may hold."""
    said, default = parameters(settings.ShopSettings), settings.ShopSettings()
    return [
        Setting(
            name=field.name,
            takes=settings.ACCEPTED[field.name],
            default=_shown(getattr(default, field.name)),
            does=said[field.name],
            read_in=", ".join(_readers(field.name)),
        )
        for field in dataclasses.fields(settings.ShopSettings)
    ]


def of_class(what: type, needed: str = "needed") -> list[Setting]:
    """Return the keys that become a dataclass's fields; `needed` is said of those without a default."""
    said, kinds = parameters(what), _kinds(what)
    return [
        Setting(
            name=field.name,
            takes=kinds[field.name],
            default=needed if field.default is dataclasses.MISSING else _shown(field.default),
            does=said[field.name],
        )
        for field in dataclasses.fields(what)
    ]


def of_powerbi() -> list[Setting]:
    """Return the keys of the Variable `personapulse_powerbi`."""
    return of_class(PowerBISettings)


def of_audiences() -> list[Setting]:
    """Return the keys of an audience and of its webhook."""
    return [
        *(setting for setting in of_class(Audience, "-") if setting.name != "name"),
        *(dataclasses.replace(setting, name=f"webhook: {setting.name}") for setting in of_class(Webhook)),
    ]


def of_gate() -> list[Setting]:
    """Return the criteria of `include/gate.yaml`: their limits as they ship, and why each must hold."""
    shipped = policy.load_policy()
    parts = (("", shipped.criteria, policy.CRITERIA), ("live: ", shipped.live, policy.LIVE))
    return [
        Setting(
            name=part + name,
            takes=f"{bounds[name][0]:g} to {bounds[name][1]:g}",
            default=f"{limit.limit:g}"
            + (f", groups of {limit.least_customers} and more" if limit.least_customers else ""),
            does=limit.why,
        )
        for part, limits, bounds in parts
        for name, limit in limits.items()
    ]


def of_personas() -> list[Setting]:
    """Return the thresholds of the rule sets, as they ship."""
    return [
        Setting(
            name=f"{rules.name}: {threshold.name}",
            takes=f"quantile of `{threshold.of}`" if threshold.quantile is not None else "value",
            default=f"{threshold.quantile if threshold.quantile is not None else threshold.value:g}",
            does=threshold.meaning + (f"; dead band {threshold.band:g}" if threshold.band else ""),
        )
        for rules in load_rule_sets().values()
        for threshold in rules.thresholds
    ]


def of_airflow() -> list[Setting]:
    """Return what `personapulse up` tells Airflow about itself, and why.

    Raises
    ------
    PersonaPulseError
        If nobody has said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Home.open(Path(folder) / "home")
        postgres = EmbeddedPostgres(home)
        told = environment.settings_of_airflow(home, postgres, 8080)
        made = environment.Credentials.of(home)
    why = known()["airflow"]
    if differing := set(told) ^ set(why):
        raise PersonaPulseError(f"{KNOWN.name}: airflow: say why {min(differing)} is set, or take it out there.")
    secrets = {made.fernet_key: MADE, made.jwt_secret: MADE, made.api_secret: MADE}
    places = {str(postgres.socket_folder): "<socket>", str(home.root): "<home>", str(ROOT): "<package>"}
    return [
        Setting(name, "", secrets.get(value) or f"`{_without(places, value)}`", why[name])
        for name, value in told.items()
    ]


def _without(places: Mapping[str, str], value: str) -> str:
    for place, name in places.items():
        value = value.replace(place, name).replace(place.replace("/", "%2F"), name)
    return value


def of_dags() -> list[Setting]:
    """Return the params of the dags, read from their files: the package knows no Airflow."""
    return [
        Setting(f"{file.stem}: {name}", *_param(call, module))
        for file in sorted(DAGS.glob("*.py"))
        for module in [ast.parse(file.read_text(encoding="utf-8"))]
        for name, call in _params(module)
    ]


def _params(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Give the name and `Param(...)` of what the decorator `@dag` is told."""
    for function in module.body:
        if isinstance(function, ast.FunctionDef):
            for decorator in function.decorator_list:
                for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
                    if keyword.arg == "params" and isinstance(keyword.value, ast.Dict):
                        for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                            if isinstance(key, ast.Constant) and isinstance(value, ast.Call):
                                yield str(key.value), value


def _param(call: ast.Call, module: ast.Module) -> tuple[str, str, str]:
    """Return kind, default and description of a `Param(...)`, whose arguments may be a constant of the file's."""
    constants = {
        node.target.id: node.value
        for node in module.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
    }
    said: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg:
            said[keyword.arg] = ast.literal_eval(keyword.value)
        elif isinstance(keyword.value, ast.Name):
            said |= ast.literal_eval(constants[keyword.value.id])
    default = _shown(ast.literal_eval(call.args[0])) if call.args else "needed"
    kinds = said["type"] if isinstance(said["type"], list) else [said["type"]]
    kind = said.get("format") or next(kind for kind in kinds if kind != "null")
    return str(kind), default, said["description"]


def of_commands() -> list[Setting]:
    """Return every command of the command line, and its options."""
    from personapulse.cli import application  # noqa: PLC0415 - it has commands that import what asks here

    return list(_commands(typer.main.get_command(application), "personapulse"))


def _commands(command: Any, path: str) -> Iterator[Setting]:
    subcommands = getattr(command, "commands", {})
    if not subcommands or command.params:
        taken = [_as_typed(parameter) for parameter in command.params if "--help" not in parameter.opts]
        yield Setting(path, " ".join(f"`{word}`" for word in taken), "", command.get_short_help_str(limit=200))
    for name, subcommand in subcommands.items():
        yield from _commands(subcommand, f"{path} {name}")


def _as_typed(parameter: Any) -> str:
    if parameter.param_type_name == "option":
        return str(parameter.opts[0])
    return str(getattr(parameter, "metavar", None) or str(parameter.name).upper())


def parameters(what: type) -> dict[str, str]:
    """Return what a docstring says of each parameter."""
    return {name: " ".join(text.split()) for names, _, text in _entries(what) for name in names}


def _kinds(what: type) -> dict[str, str]:
    return {name: WORDS.get(kind, kind) for names, kind, _ in _entries(what) for name in names}


def _entries(what: type) -> list[tuple[list[str], str, str]]:
    """Return names, kind and text of each entry under Parameters."""
    section = re.split(r"\n\s*Parameters\n\s*-+\n", what.__doc__ or "")[1]
    found = re.findall(r"^    (\w[\w, ]*) : (.+)\n((?:        .*\n?|\n)+)", section, re.MULTILINE)
    return [(names.split(", "), kind.partition(", default")[0], text) for names, kind, text in found]


def _shown(value: Any) -> str:
    """Return a default as YAML writes it."""
    if value is None or value in ((), "") or (isinstance(value, dict) and not value):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _readers(name: str) -> list[str]:
    """Return the parts of the package that read a shop's setting."""
    reads = re.compile(rf"settings\.{READ_AS.get(name, name)}\b")
    found = {
        "/".join(file.relative_to(ROOT).parts[:2])
        for folder in (ROOT / "personapulse", ROOT / "plugins")
        for file in folder.rglob("*.py")
        if file.name != "settings.py" and reads.search(file.read_text(encoding="utf-8"))
    }
    return sorted(f"`{place}`" for place in found)
