"""A home for each file of tests; `houses.py` says what is in one."""

import pytest
from houses import new_house


@pytest.fixture(scope="module")
def house():
    with new_house() as house:
        yield house
