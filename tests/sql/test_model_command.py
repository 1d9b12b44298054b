"""`personapulse model`: what people read of models, and how they choose who serves."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from personapulse import marts
from personapulse.cli import application
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.ingest import Source
from personapulse.intent import candidates, champions, decisions, scoring
from personapulse.intent.candidates import Candidate
from personapulse.intent.registry import Registry, find
from personapulse.intent.scoring import Scored
from personapulse.paths import SAMPLE_SHOP
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings
from personapulse.warehouse import DATABASE, connect, prepare

from ..servers import server_folder
from .conftest import date
from .models import save

ACCURACY = {"name": "accuracy", "value": 0.87, "comparison": "at least", "limit": 0.89, "why": "Promised."}
BRIER = {"name": "brier_against_champion", "value": None, "comparison": "at least", "limit": -0.01, "why": "Fair."}
MEASURED = {"accuracy": {"value": 0.8701, "low": 0.84, "high": float("nan")}, "pr_auc": {"value": None}}


class Models:
    """A home with models, and the command."""

    def __init__(self, home: Path, connection: psycopg.Connection[Any]) -> None:
        self.home = home
        self.connection = connection

    def save(self, name: str, trained_for: str, *, passed: bool | None = True) -> str:
        version = save(self.connection, self.home / "models", name, trained_for).model_version
        if passed is not None:
            decisions.record(
                self.connection,
                version,
                decided_for=date(trained_for),
                passed=passed,
                reasons=[] if passed else ["Accuracy is 0.870; it must be at least 0.89."],
                criteria=[ACCURACY | {"passed": passed}, BRIER | {"passed": True}],
                measurements=MEASURED,
                champion_version=None,
            )
        return version

    def __call__(self, *arguments: str) -> Result:
        given = ["--home", str(self.home), "model", *arguments]
        return CliRunner(env={"COLUMNS": "120"}).invoke(application, given)

    def told(self, *arguments: str) -> str:
        result = self(*arguments)
        assert (result.exit_code, result.exception) == (0, None), result.output
        return re.sub(r"[\u00a0\u202f]", " ", result.stdout)

    def refused(self, *arguments: str) -> str:
        result = self(*arguments)
        assert isinstance(result.exception, PersonaPulseError), result.output
        return str(result.exception)

    def champion(self, day: str) -> str | None:
        champion = champions.champion_of(self.connection, date(day))
        return champion and champion.model_version


@pytest.fixture(scope="module")
def home() -> Iterator[EmbeddedPostgres]:
    with server_folder("models") as folder, EmbeddedPostgres(Home.open(folder / "home")) as postgres:
        prepare(postgres)
        yield postgres


@pytest.fixture
def models(home: EmbeddedPostgres) -> Iterator[Models]:
    with connect(home.conninfo(DATABASE)) as connection:
        yield Models(home.data.parent, connection)
        connection.execute(
            "truncate ml.retraining, ml.model_versions, ml.gate_decisions, ml.promotions, ml.scored_days,"
            " ml.live_metrics"
        )


def test_help_names_every_command_and_what_it_does(models: Models) -> None:
    told = models.told("--help")
    for command in ("list", "explain", "train", "promote", "rollback", "score"):
        assert re.search(rf"\n +{command} +[A-Z]", told)
        assert "Usage" in models.told(command, "--help")


def test_without_a_model_it_says_what_to_do(models: Models) -> None:
    assert "Train one: personapulse model train" in models.told("list")
    assert "Train one: personapulse model train" in models.refused("explain")
    assert "no champion to go back from" in models.refused("rollback", "--reason", "r")


def test_the_list_says_of_each_what_the_gate_said_and_which_days_it_serves(models: Models) -> None:
    first = models.save("a", "2026-03-31")
    second = models.save("b", "2026-04-07", passed=False)
    third = models.save("c", "2026-04-14", passed=None)
    models.told("promote", first, "--reason", "the first")
    models.told("promote", second, "--reason", "anyway")
    lines = [line.split() for line in models.told("list").splitlines()]
    assert [line[0] for line in lines[1:4]] == [third, second, first]
    assert " ".join(lines[1]).endswith("not judged")
    assert " ".join(lines[2]).endswith("0.870 refused champion from 2026-04-07 on")
    assert " ".join(lines[3]).endswith("1 200 rows 0.0 MB 0.870 passed 2026-03-31 to 2026-04-06")


def test_explain_prints_the_verdict_every_criterion_with_value_and_limit_and_the_reasons(models: Models) -> None:
    models.save("a", "2026-03-31")
    refused = models.save("b", "2026-04-07", passed=False)
    told = models.told("explain", "2026-04")
    assert told.startswith(f"{refused}\nThe gate refused it for 2026-04-07, without a champion.\n")
    assert "Accuracy is 0.870; it must be at least 0.89." in told
    assert re.search(r"✗ +accuracy +0\.87 +at least 0\.89 +Promised\.", told)
    assert re.search(r"✓ +brier_against_champion +none +at least -0\.01 +Fair\.", told)
    assert "customers as of 2 days, 2026-02-24 to 2026-03-03" in told
    assert f"{models.home}/models/{refused}/model.joblib" in told
    assert models.told("explain") == told  # the newest by default
    models.connection.execute(
        "insert into ml.live_metrics (model_version, served_on, measured_for, persona, customers, positives,"
        " accuracy, accuracy_low, accuracy_high)"
        " values (%s, '2026-04-07', '2026-04-21', '(all)', 1000, 80, 0.91, 0.9, 0.92)",
        (refused,),
    )
    went = "Served 2026-04-07 80 of 1 000 bought; accuracy 0.910 (0.900 to 0.920)"
    assert went in re.sub(" +", " ", models.told("explain"))


def test_a_promotion_is_kept_with_who_and_why(models: Models) -> None:
    version = models.save("a", "2026-03-31", passed=False)
    told = models.told("promote", "2026-03", "--reason", "reviewed", "--by", "Ann")
    assert told == f"{version} is the champion from 2026-03-31 on.\n"
    assert "from 2026-03-31 on, by Ann (override): reviewed" in models.told("explain", version)
    assert "champion already, from 2026-03-31 on" in models.told("promote", version, "--reason", "again")
    result = models("promote", version)
    assert result.exit_code == 2
    assert "--reason" in result.stderr


def test_a_promotion_leaves_scored_days_alone_unless_told_to(models: Models) -> None:
    first, second = models.save("a", "2026-03-31"), models.save("b", "2026-04-07")
    models.told("promote", first, "--reason", "r")
    for day in ("2026-04-06", "2026-04-07"):
        models.connection.execute("insert into ml.scored_days values (%s, %s, 1)", (day, first))
    told = models.told("promote", second, "--reason", "r")
    assert told == f"{second} is the champion from 2026-04-08 on in place of {first}.\n"
    assert models.champion("2026-04-07") == first
    told = models.told("rollback", "--reason", "worse")
    assert told == f"{first} is the champion from 2026-04-08 on in place of {second}.\n"
    assert "no champion before this one" in models.refused("rollback", "--reason", "r")
    assert "choose 2026-04-08 or later" in models.refused("promote", second, "--reason", "r", "--from", "2026-04-07")


def test_a_person_may_take_back_a_night(models: Models) -> None:
    first, second = models.save("a", "2026-03-31"), models.save("b", "2026-04-07")
    for version in (first, second):
        models.told("promote", version, "--reason", "r")
    for day in ("2026-04-07", "2026-04-08"):
        models.connection.execute("insert into ml.scored_days values (%s, %s, 1)", (day, second))
    told = models.told("rollback", "--reason", "worse", "--from", "2026-04-08")
    assert told.splitlines() == [
        f"{first} is the champion from 2026-04-08 on in place of {second}.",
        "2026-04-08 was scored by another. Score it again: personapulse model score --day 2026-04-08",
    ]
    assert models.champion("2026-04-07") == second


@pytest.mark.parametrize("command", ["promote", "rollback"])
def test_nobody_is_promoted_whose_artifact_cannot_be_served(models: Models, command: str) -> None:
    first, second = models.save("a", "2026-03-31"), models.save("b", "2026-04-07")
    for version in (first, second):
        models.told("promote", version, "--reason", "r")
    (models.home / "models" / first / "model.joblib").write_bytes(b"changed")
    arguments = [first] if command == "promote" else []
    assert "is not what was saved" in models.refused(command, *arguments, "--reason", "r")
    assert models.champion("2026-05-01") == second


@pytest.fixture
def built(models: Models) -> Iterator[Models]:
    """A shop whose marts are built for one day, and nothing delivered."""
    models.connection.execute(
        "insert into ops.shop (source_url, name, currency, time_zone) values (%s, 'Shop', 'EUR', 'UTC')",
        (SAMPLE_SHOP.as_uri(),),
    )
    marts.build(models.connection, "kpi_daily", date("2026-04-07"), ShopSettings())
    yield models
    models.connection.execute("delete from ops.shop; delete from marts.kpi_daily")


def test_a_day_is_scored_by_its_champion_or_it_is_said_that_there_is_none(
    built: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No model had been promoted by 2026-04-07" in built.refused("score")
    assert "2026-04-08 has not been built. Built: 2026-04-07" in built.refused("score", "--day", "2026-04-08")
    asked: list[Any] = []

    def score_day(connection: Any, day: Any, registry: Registry, settings: Any) -> Scored:
        asked.append((day, registry.folder, settings.name))
        return Scored(day, "2026-03-31-abc", 1234)

    monkeypatch.setattr(scoring, "score_day", score_day)
    assert built.told("score") == "2026-03-31-abc scored 1,234 customers as of 2026-04-07.\n"
    assert asked == [(date("2026-04-07"), f"{built.home}/models", Source(SAMPLE_SHOP.as_uri()).settings.name)]


@pytest.mark.parametrize("passed", [True, False])
def test_a_training_tells_the_verdict_and_promotes_only_who_passed_and_if_asked_to(
    built: Models, monkeypatch: pytest.MonkeyPatch, passed: bool
) -> None:
    assert "Nothing can be trained as of 2026-04-07" in built.refused("train")
    version = built.save("a", "2026-04-07", passed=passed)
    decision = decisions.newest(built.connection, version)
    assert decision
    candidate = Candidate(find(built.connection, version), decision)
    monkeypatch.setattr(candidates, "train", lambda *given, **named: candidate)
    for arguments, champion in ((["train"], None), (["train", "--promote"], version if passed else None)):
        result = built(*arguments)
        assert result.exit_code == (0 if passed else 1)
        assert f"The gate {'passed' if passed else 'refused'} it for 2026-04-07" in result.stdout
        assert built.champion("2026-04-07") == champion


def test_a_model_that_learned_from_somebody_erased_is_told(models: Models) -> None:
    version = models.save("learned", "2026-03-01")
    assert "to be trained anew" not in models("list").output
    models.connection.execute("insert into ml.retraining (model_version) values (%s)", (version,))
    told = " ".join(models("list").output.split())
    assert f"Learned from customers who have been erased since, to be trained anew: {version}." in told
