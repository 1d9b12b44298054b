"""docs/configuration.md reads the dags' params from their files; Airflow reads the same."""

from personapulse.reference import collecting


def test_the_params_told_are_those_airflow_knows(bag):
    told = {setting.name: setting for setting in collecting.of_dags()}
    known = {f"{dag_id}: {name}": dag.params.get_param(name) for dag_id, dag in bag.dags.items() for name in dag.params}
    assert set(told) == set(known)
    for name, param in known.items():
        kinds = param.schema["type"] if isinstance(param.schema["type"], list) else [param.schema["type"]]
        assert told[name].takes in {param.schema.get("format"), *kinds}
        assert told[name].does == param.description
