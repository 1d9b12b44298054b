"""`include/audiences.yaml` is read strictly: every mistake is refused with its line."""

from pathlib import Path

import pytest

from personapulse.audiences import AUDIENCES_FILE, Folder, Webhook, load_audiences
from personapulse.audiences.content import COLUMNS
from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT

TEXT = """\
salt: pepper
audiences:
  win-back:
    description: Slipping away.
    personas: [Loyalist]
    segments:
      - At Risk
      - Can't Lose Them
    intent_bands: [1, 2]
    hold_out: 0.2
    destinations:
      - folder
      - folder: s3://marketing/audiences
      - webhook
      - webhook: crm
      - webhook:
          connection: mailing
          format: csv
          batch_size: 10
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "audiences.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    audiences = load_audiences(written(tmp_path, TEXT))
    audience = audiences.find("win-back")
    assert audiences.salt == "pepper"
    assert audience.selection() == ("persona Loyalist; and segment At Risk or Can't Lose Them; and intent band 1 or 2")
    assert (audience.hold_out, audience.intent_bands) == (0.2, (1, 2))
    assert audience.destinations == (
        Folder(), Folder("s3://marketing/audiences"), Webhook(), Webhook("crm"), Webhook("mailing", "csv", 10),
    )  # fmt: skip
    with pytest.raises(PersonaPulseError, match=r"'win-bakc'. There are: win-back"):
        audiences.find("win-bakc")


@pytest.mark.parametrize(
    ("former", "now", "line", "reason"),
    [
        ("salt: pepper\n", "", 1, "the key 'salt' is missing"),
        ("salt: pepper", "salt: 7", 1, "salt: must be a text, got 7"),
        ("salt: pepper", "salt: pepper\nsugar: 1", 2, "sugar: unknown key. Known are: salt, audiences"),
        ("win-back:", "Win Back:", 3, "lower-case letters, digits and single hyphens"),
        ("win-back:", "../etc:", 3, "lower-case letters, digits and single hyphens"),
        ("description: Slipping away.", "description:", 4, "must be a text, got None"),
        ("    description: Slipping away.\n", "", 3, "audiences.win-back: the key 'description' is missing"),
        ("personas: [Loyalist]", "personas: [Loyalst]", 5, "unknown 'Loyalst'. Known are: Abandoner, "),
        ("personas: [Loyalist]", "personas: Loyalist", 5, "must be a list"),
        ("personas: [Loyalist]", "personas: []", 5, "must be a list"),
        ("- Can't Lose Them", "- Cannot Lose Them", 8, "unknown 'Cannot Lose Them'. Known are: Champions, "),
        ("- Can't Lose Them", "- At Risk", 8, "'At Risk' is there twice"),
        ("[1, 2]", "[1, 11]", 9, "unknown 11. Known are: 1, 2, "),
        ("[1, 2]", "[true]", 9, "unknown True"),
        ("hold_out: 0.2", "hold_out: 20", 10, "a share of customers from 0 to 0.9, such as 0.1, got 20"),
        ("hold_out: 0.2", "hold_out: 20 %", 10, "got '20 %'"),
        ("hold_out: 0.2", "hold_out: true", 10, "got True"),
        ("hold_out: 0.2", "hold_out: .nan", 10, "got nan"),
        ("hold_out: 0.2", "hold_out: 0.2\n    hold_out: 0.3", 11, "'hold_out' is there twice; the first is on line 10"),
        ("      - folder\n", "      - floppy\n", 12, "must be folder, .* got 'floppy'"),
        ("      - webhook\n", "      - folder\n", 14, "is there twice"),
        ("s3://marketing/audiences", "sftp://ada:secret@host/x", 13, "credentials do not belong in the URL"),
        (
            "webhook: crm",
            "webhook: https://crm.example.com/7",
            15,
            "the name of a connection, .* and no URL.$",
        ),
        ("format: csv", "format: xml", 18, "must be one of json, csv, got 'xml'"),
        ("batch_size: 10", "batch_size: 0", 19, "a whole number from 1 to 100000, got 0"),
        ("batch_size: 10", "batchsize: 10", 19, "unknown key"),
        ("hold_out: 0.2", "hold_out: [0.2", 11, "not valid YAML"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path: Path, former: str, now: str, line: int, reason: str) -> None:
    assert TEXT.count(former) == 1
    with pytest.raises(PersonaPulseError, match=rf"^audiences.yaml, line {line}: .*{reason}"):
        load_audiences(written(tmp_path, TEXT.replace(former, now)))


def test_an_audience_of_nobody_in_particular_is_refused(tmp_path: Path) -> None:
    lines = [line for line in TEXT.splitlines() if not any(word in line for word in ("persona", "intent_b"))]
    text = "\n".join(line for line in lines if not any(word in line for word in ("segments", "At Risk", "Can't")))
    with pytest.raises(PersonaPulseError, match=r"line 3: audiences.win-back: names nobody"):
        load_audiences(written(tmp_path, text))


@pytest.mark.parametrize("text", ["", "audiences", "salt: x\naudiences: []", "salt: x\naudiences:"])
def test_a_file_without_audiences_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PersonaPulseError, match="must be a mapping"):
        load_audiences(written(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PersonaPulseError, match=r"none.yaml cannot be read"):
        load_audiences(tmp_path / "none.yaml")


def test_the_file_that_ships_is_right_and_sends_nothing_by_itself() -> None:
    audiences = load_audiences()
    assert len(audiences.by_name) >= 5
    assert AUDIENCES_FILE.read_text().startswith("# Audiences")
    for audience in audiences.by_name.values():
        assert audience.destinations == (Folder(), Webhook())  # both to be set up first


def test_the_page_explains_every_key_and_column_and_its_example_is_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "audiences.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert load_audiences(written(tmp_path, example)).find("win-back").hold_out == 0.2
    for word in (*COLUMNS, "salt", "description", "hold_out", "destinations", "batch_size", "webhook-id"):
        assert f"`{word}`" in page, word
