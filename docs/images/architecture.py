"""Draws docs/images/architecture.svg: `python docs/images/architecture.py`, or `make docs`."""

from html import escape
from pathlib import Path

FILE = Path(__file__).with_suffix(".svg")
WIDTH, HEIGHT = 1400, 690
TITLE = "From the shop's extracts to dashboards and audiences: dags, assets, schemas and roles"

Place = tuple[int, int, int, int]  # left, top, width, height

STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Arial, sans-serif; fill: #17202e }
  .name { font-size: 12.5px; font-weight: 600 }
  .lane { font-size: 15px; font-weight: 600; fill: #4d5a6c }
  .small { font-size: 12px; fill: #4d5a6c }
  .page { fill: #ffffff }
  .room { fill: #f1f4f8; stroke: #d5dce5 }
  .dag { fill: #dceafa; stroke: #1d5fa8 }
  .data { fill: #e3f3e8; stroke: #1b6e3c }
  .out { fill: #fbeedd; stroke: #8a5200 }
  .role { fill: #ffffff; stroke: #4d5a6c; stroke-dasharray: 4 3 }
  .arrow { fill: none; stroke: #4d5a6c; stroke-width: 1.6 }
  .told { stroke-dasharray: 6 4 }
  .head { fill: #4d5a6c }
  @media (prefers-color-scheme: dark) {
    text { fill: #eaf0f7 }
    .lane, .small { fill: #a9b6c8 }
    .page { fill: #0f1520 }
    .room { fill: #18212f; stroke: #334155 }
    .dag { fill: #16334f; stroke: #7db8f0 }
    .data { fill: #17372a; stroke: #6fcf97 }
    .out { fill: #3d2c14; stroke: #f0b657 }
    .role { fill: #0f1520; stroke: #a9b6c8 }
    .arrow { stroke: #a9b6c8 }
    .head { fill: #a9b6c8 }
  }
"""


def box(kind: str, place: Place, name: str, *lines: str) -> str:
    """Return a box with a name and lines below it, in the middle."""
    x, y, width, height = place
    first = y + height / 2 - 8 * len(lines) + 4
    said = "".join(
        f'<text x="{x + width / 2}" y="{first + 17 * number:g}" text-anchor="middle"'
        f' class="{"small" if number else "name"}">{escape(line)}</text>'
        for number, line in enumerate([name, *lines])
    )
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="7"/>{said}\n'


def room(place: Place, name: str, name_x: int = 14) -> str:
    """Return a lane with its name at the top."""
    x, y, width, height = place
    return (
        f'<rect class="room" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>'
        f'<text class="lane" x="{x + name_x}" y="{y + 24}">{escape(name)}</text>\n'
    )


def arrow(path: str, label: str = "", at: tuple[int, int] = (0, 0), kind: str = "arrow") -> str:
    """Return an arrow along an SVG path, and a word beside it."""
    word = f'<text class="small" x="{at[0]}" y="{at[1]}" text-anchor="middle">{escape(label)}</text>' if label else ""
    return f'<path class="{kind}" marker-end="url(#head)" d="{path}"/>{word}\n'


def drawing() -> str:
    """Return the picture."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{TITLE}">\n',
        f"<title>{TITLE}</title>\n<style>{STYLE}</style>\n",
        '<defs><marker id="head" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">'
        '<path class="head" d="M0 0 L9 4 L0 8 z"/></marker></defs>\n',
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>\n',
        *rooms(),
        *dags(),
        *schemas(),
        *people(),
        "</svg>\n",
    ]
    return "".join(parts)


def rooms() -> list[str]:
    """Return the three lanes."""
    return [
        room((220, 20, 970, 250), "Airflow: one run per dag and shop day; an asset's day starts the next dag"),
        room((220, 290, 970, 230), "PostgreSQL", 830),
        room((220, 540, 970, 130), "Roles: who logs in for what"),
    ]


def dags() -> list[str]:
    """Return the dags, and the assets between them."""
    return [
        box("dag", (240, 65, 150, 60), "ingest_shop_data", "every midnight"),
        box("dag", (450, 65, 140, 60), "build_segments"),
        box("dag", (650, 65, 155, 60), "train_intent_model", "weekly: gate"),
        box("dag", (870, 65, 115, 60), "score_intent"),
        box("dag", (1035, 52, 145, 46), "publish_dashboards"),
        box("dag", (1035, 112, 145, 46), "export_audiences"),
        arrow("M390 95 H448", "core", (419, 87)),
        arrow("M590 95 H648", "marts", (619, 87)),
        arrow("M805 95 H868", "model", (836, 87)),
        arrow("M985 88 H1010 V75 H1033"),
        arrow("M985 102 H1010 V135 H1033", "scores", (1004, 62)),
        box("dag", (255, 195, 135, 52), "load_history", "by hand: years"),
        box("dag", (438, 195, 155, 52), "maintain_warehouse", "Mondays"),
        box("dag", (645, 195, 165, 52), "override_intent_gate", "a person decides"),
        box("dag", (842, 195, 170, 52), "rollback_intent_model", "by hand"),
        box("dag", (1034, 195, 145, 52), "watch_deadline", "mornings: published?"),
        arrow("M727 125 V193", "refused", (753, 165), "arrow told"),
    ]


def schemas() -> list[str]:
    """Return what the warehouse holds, and who writes it."""
    return [
        box("data", (240, 345, 95, 80), "staging", "a day as told"),
        box("data", (365, 345, 120, 80), "core", "facts, known", "from and to"),
        box("data", (525, 345, 140, 80), "marts", "RFM, lifetime value,", "personas, funnel"),
        box("data", (705, 345, 120, 80), "ml", "features, models,", "promotions"),
        box("data", (865, 345, 145, 80), "purchase_intent", "a score and reasons", "per customer"),
        box("data", (1050, 345, 125, 80), "reporting", "views, without", "people"),
        box(
            "data",
            (240, 450, 935, 48),
            "ops",
            "loads, quarantine, data quality, dashboards, exports, erasures, migrations",
        ),
        arrow("M335 385 H363"),
        arrow("M485 385 H523"),
        arrow("M665 385 H703"),
        arrow("M825 385 H863"),
        arrow("M1010 385 H1048"),
        arrow("M265 125 V160 H238 V325 H287 V343"),
        arrow("M320 247 V265 H425 V343"),
        arrow("M520 125 V165 H610 V343"),
        arrow("M790 125 V165 H830 V310 H765 V343"),
        arrow("M950 125 V165 H1026 V310 H937 V343"),
    ]


def people() -> list[str]:
    """Return the shop, what leaves, and the roles."""
    return [
        box(
            "out",
            (20, 55, 165, 120),
            "the shop's extracts",
            "a folder per day,",
            "on disk or in a bucket,",
            "and source.yaml",
        ),
        arrow("M185 95 H238"),
        box("out", (1225, 30, 160, 40), "dashboard in Airflow"),
        box("out", (1225, 78, 160, 40), "folder, workbook"),
        box("out", (1225, 126, 160, 40), "Power BI, digest"),
        box("out", (1225, 190, 160, 52), "audiences", "CSV, signed webhook"),
        arrow("M1180 68 H1204 V50 H1223"),
        arrow("M1180 75 H1204 V98 H1223"),
        arrow("M1180 82 H1198 V146 H1223"),
        arrow("M1180 140 H1192 V216 H1223"),
        box("out", (1225, 290, 160, 66), "alerts", "mail, Slack, Teams, ...", "with reasons"),
        arrow("M1110 270 V280 H1204 V322 H1223", "refused, stale, late", (1300, 281), "arrow told"),
        box("out", (1225, 385, 160, 66), "Power BI, BI tools,", "personapulse query"),
        arrow("M1190 405 H1223"),
        box("out", (1225, 470, 160, 50), "personapulse doctor", "what needs a person"),
        arrow("M1190 490 H1223"),
        box("role", (240, 580, 245, 36), "pp_loader: takes days in"),
        box("role", (525, 580, 485, 36), "pp_modeler: builds, trains, scores, publishes"),
        box("role", (1050, 580, 125, 36), "pp_reader"),
        box("role", (240, 626, 400, 34), "pp_admin: keeps house, exports audiences"),
        box("role", (660, 626, 270, 34), "pp_auditor: reads everything"),
        box("role", (950, 626, 225, 34), "personapulse_dashboard"),
    ]


if __name__ == "__main__":
    FILE.write_text(drawing(), encoding="utf-8")
