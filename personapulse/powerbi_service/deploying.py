"""Bringing the model and the report into a workspace with fabric-cicd; in a dry run, seeing what would be sent.

Needs the packages of `requirements-powerbi.lock` and nothing else of PersonaPulse: who deploys needs no Airflow.
"""

import base64
import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from personapulse.errors import PersonaPulseError
from personapulse.powerbi_service.environments import Environment

ITEMS = ["SemanticModel", "Report"]  # the report is bound to the model, so it comes after it
SIGN_IN = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


class Part(NamedTuple):
    """One file as it would be sent: the item's type, the path in the item, the content."""

    item: str
    path: str
    content: str


@dataclass
class _NoToken:
    """Signs in nowhere."""

    def get_token(self, *_: str, **__: Any) -> Any:
        from azure.core.credentials import AccessToken  # noqa: PLC0415

        return AccessToken("dry-run", 2**33)


@dataclass
class _Paper:
    """Stands where fabric-cicd talks with the service: keeps what is sent, answers as an empty workspace would."""

    orders: list[tuple[str, str, Any]] = field(default_factory=list)

    def invoke(self, method: str, url: str, body: Any = None, **_: Any) -> dict[str, Any]:
        self.orders.append((method, url, body))
        made = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{url} {len(self.orders)}"))}
        answer: dict[str, Any] = {"value": []} if method == "GET" else made
        return {"header": {}, "body": answer, "status_code": 200}

    def parts(self) -> Iterator[Part]:
        for _, _, body in self.orders:
            for part in (body.get("definition", {}) if isinstance(body, dict) else {}).get("parts", []):
                content = base64.b64decode(part["payload"]).decode("utf-8", errors="replace")
                yield Part(body["type"], part["path"], content)


def dry_run(project: Path, environment: Environment) -> list[Part]:
    """Make everything a deployment would send, and send nothing; no sign-in is needed.

    Parameters
    ----------
    project : Path
        The folder `powerbi/`.
    environment : Environment
        Whose values stand in what would be sent.

    Returns
    -------
    list of Part
        The model's files first.

    Raises
    ------
    PersonaPulseError
        If fabric-cicd does not take the project, or changed nothing where it should have.
    """
    paper = _Paper()

    _publish(project, environment, _NoToken(), paper)
    parts = list(paper.parts())
    _demand_values(parts, environment)
    return parts


def deploy(project: Path, environment: Environment) -> None:
    """Bring the model and the report into the environment's workspace; what is there already is updated.

    Raises
    ------
    PersonaPulseError
        If the workspace is not filled in, or fabric-cicd or the service says no.
    """
    if not environment.is_filled_in:
        raise PersonaPulseError(
            f"The environment {environment.name!r} has no workspace of yours yet. Write its id into "
            f"{project / 'environments.yaml'}; docs/powerbi.md says where to find it."
        )
    dry_run(project, environment)  # what cannot be sent stops here, before anything has changed
    _publish(project, environment, _sign_in())


def _publish(project: Path, environment: Environment, sign_in: Any, instead: _Paper | None = None) -> None:
    try:
        from fabric_cicd import FabricWorkspace, publish_all_items  # noqa: PLC0415 - only who deploys has it
    except ImportError:
        raise PersonaPulseError(
            "fabric-cicd is not installed here. Run make powerbi-deploy, which installs it."
        ) from None
    with tempfile.TemporaryDirectory(prefix="powerbi-") as folder:
        parameters = Path(folder) / "parameter.yml"
        parameters.write_text(yaml.safe_dump(environment.parameters()), encoding="utf-8")
        try:
            workspace = FabricWorkspace(
                workspace_id=environment.workspace,
                repository_directory=str(project),
                item_type_in_scope=ITEMS,
                environment=environment.name,
                token_credential=sign_in,
                parameter_file_path=str(parameters),
            )
            workspace.endpoint = instead or workspace.endpoint
            publish_all_items(workspace)
        except Exception as error:
            words = "; ".join(str(one) for _, one in getattr(error, "errors", ())) or str(error)
            raise PersonaPulseError(f"fabric-cicd: {words}") from error


def _demand_values(parts: list[Part], environment: Environment) -> None:
    """See that the warehouse's address is in the model, and that both items are there."""
    kinds = {part.item for part in parts}
    if missing := [item for item in ITEMS if item not in kinds]:
        raise PersonaPulseError(f"The project has no {missing[0]}: is there a .platform file in its folder?")
    model = "\n".join(part.content for part in parts if part.path.endswith("expressions.tmdl"))
    for name, value in (("Server", environment.server), ("Database", environment.database)):
        if f'expression {name} = "{value}"' not in model:
            raise PersonaPulseError(
                f"The model's parameter {name} is not {value}: is it in definition/expressions.tmdl?"
            )


def _sign_in() -> Any:
    from azure.identity import AzureCliCredential, ClientSecretCredential  # noqa: PLC0415

    given = [os.environ.get(name, "") for name in SIGN_IN]
    if all(given):
        return ClientSecretCredential(given[0], given[1], given[2])
    if any(given):
        missing = next(name for name, value in zip(SIGN_IN, given, strict=True) if not value)
        raise PersonaPulseError(f"{missing} is not set. Set all of {', '.join(SIGN_IN)}, or none to use `az login`.")
    return AzureCliCredential()
