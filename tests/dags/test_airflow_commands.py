"""Airflow's commands in the docs are ones Airflow knows, with options it has."""

import shlex

import pytest
from airflow.cli.cli_parser import get_parser

from tests.docs.commands import all_commands

COMMANDS = [command for command in all_commands() if command.text.startswith("airflow ")]


@pytest.fixture(scope="module")
def parser():
    return get_parser()


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_airflow_knows_the_command(parser, command):
    words = shlex.split(command.text.replace("<", "").replace(">", ""), comments=True)
    assert callable(parser.parse_args(words[1:]).func)


def test_there_is_something_to_look_at():
    assert len(COMMANDS) >= 4
