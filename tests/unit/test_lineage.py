"""Which tables are read and written is what the SQL says."""

import pytest

from personapulse import lineage, marts


def test_a_table_is_found_through_the_function_that_reads_it() -> None:
    # kpi_daily.sql and ltv.sql name only functions of core
    assert {"core.user_days", "core.user_states", "core.users"} <= set(lineage.of_marts("sales").reads)
    assert "core.order_facts" in lineage.of_marts("behaviour").reads


@pytest.mark.parametrize("group", marts.GROUPS)
def test_a_group_writes_its_marts_and_reads_others_and_core(group: str) -> None:
    flow = lineage.of_marts(group)
    assert flow.writes == tuple(sorted(f"marts.{name}" for name in marts.GROUPS[group]))
    assert any(name.startswith("core.") for name in flow.reads)
    assert not set(flow.reads) & set(flow.writes)
    assert {name.split(".")[0] for name in flow.reads} <= {"core", "marts"}


def test_what_one_step_writes_the_next_one_reads() -> None:
    assert lineage.of_core().reads == lineage.of_staging().writes
    assert not [name for name in lineage.of_core().writes if name.startswith("core.user_states_")]  # partitions
    written = {name for group in marts.GROUPS for name in lineage.of_marts(group).writes}
    assert set(lineage.of_dashboards().reads) <= written | set(lineage.of_scores().writes)
