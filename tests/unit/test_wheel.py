"""The installed package brings its SQL, rules, dags and sample shop along."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ("include", "dags", "plugins")


def test_the_wheel_works_without_the_checkout(tmp_path: Path) -> None:
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    name = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()[-1]
    with zipfile.ZipFile(tmp_path / name) as wheel:
        wheel.extractall(tmp_path / "site")
    ask = (
        "import personapulse.paths as p; from personapulse.personas import load_rule_sets;"
        "from personapulse.warehouse import migrations; print(p.ROOT, len(migrations()), sorted(load_rule_sets()))"
    )
    said = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path / "site", capture_output=True, text=True, check=True
    ).stdout
    shipped = tmp_path / "site" / "personapulse" / "_shipped"
    assert said.startswith(f"{shipped} ")
    for folder in SHIPPED:
        kept = {
            file.relative_to(ROOT)
            for file in (ROOT / folder).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        assert {file.relative_to(shipped) for file in (shipped / folder).rglob("*") if file.is_file()} == kept
