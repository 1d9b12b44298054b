"""What may be broken in a visual of the Power BI report, by how it looks and where it stands."""

from tests.unit.powerbi_copies import setting
from tests.unit.powerbi_misfits import EXECUTIVE, LIFETIME, PRODUCTS, Mistake

WRONG_LOOKS: dict[str, Mistake] = {
    "formatting that is none": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["objects"].update(lineStyle=[]),
        "a lineChart has no formatting 'lineStyle' (did you mean 'lineStyles'?).",
    ),
    "a setting that is none": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["objects"]["legend"][0]["properties"].update(shown=setting("true")),
        "legend has no setting 'shown' (did you mean 'show'?).",
    ),
    "a choice that is none": (
        PRODUCTS,
        "slicer-date",
        lambda d: d["visual"]["objects"]["data"][0]["properties"].update(mode=setting("'Betwen'")),
        "data.mode cannot be 'Betwen'; it takes ['VerticalList'",
    ),
    "text for yes or no": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["objects"]["legend"][0]["properties"].update(show=setting("'true'")),
        "legend.show cannot be 'true'; it takes bool.",
    ),
    "a number without its type": (
        EXECUTIVE,
        "key-figures",
        lambda d: d["visual"]["objects"]["layout"][0]["properties"].update(maxTiles=setting("5")),
        "layout.maxTiles cannot be 5; it takes integer.",
    ),
    "a state that is none": (
        EXECUTIVE,
        "as-of",
        lambda d: d["visual"]["objects"]["value"][0].update(selector={"id": "hover"}),
        "value has no state 'hover'.",
    ),
    "a tooltip of an older way of writing": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: d["visual"]["visualContainerObjects"]["visualTooltip"][0]["properties"].update(
            type=setting("'ReportPage'")
        ),
        "visualTooltip.type cannot be 'ReportPage'; it takes ['Default', 'Canvas'].",
    ),
    "a tooltip that is no tooltip": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: d["visual"]["visualContainerObjects"]["visualTooltip"][0]["properties"].update(
            section=setting("'buyer-intent'")
        ),
        "its tooltip is the page 'buyer-intent', which is no tooltip page.",
    ),
    "no alt text": (
        LIFETIME,
        "lifetime-value-matrix",
        lambda d: d["visual"]["visualContainerObjects"].pop("general"),
        "lifetime-value-matrix has no alt text: a screen reader would say nothing of it.",
    ),
    "an alt text that is cut off": (
        LIFETIME,
        "lifetime-value-matrix",
        lambda d: d["visual"]["visualContainerObjects"]["general"][0]["properties"].update(
            altText=setting(f"'{'word ' * 60}'")
        ),
        "has 300 characters, and Power BI keeps 250.",
    ),
    "the alt text of another": (
        EXECUTIVE,
        "slicer-gender",
        lambda d: d["visual"]["visualContainerObjects"]["general"][0]["properties"].update(
            altText=setting("'Narrows this page, and all others with this slicer, to one persona or several.'")
        ),
        "2 visuals have the alt text",
    ),
    "no title": (
        LIFETIME,
        "value-by-month",
        lambda d: d["visual"]["visualContainerObjects"].pop("title"),
        "value-by-month has no title.",
    ),
    "a title that is switched off": (
        LIFETIME,
        "value-by-month",
        lambda d: d["visual"]["visualContainerObjects"]["title"][0]["properties"].update(show=setting("false")),
        "value-by-month has no title.",
    ),
    "a slicer without a word": (
        EXECUTIVE,
        "slicer-gender",
        lambda d: d["visual"]["objects"]["header"][0]["properties"].update(text=setting("''")),
        "slicer-gender has no header that says what it filters by.",
    ),
    "a visual over the edge": (
        LIFETIME,
        "insights",
        lambda d: d["position"].update(width=500),
        "insights reaches over the edge of the page.",
    ),
    "a slicer that is too low": (
        EXECUTIVE,
        "slicer-gender",
        lambda d: d["position"].update(height=60),
        "slicer-gender is 60 high, too low for its header; it takes 76.",
    ),
    "a visual on another": (
        LIFETIME,
        "value-by-month",
        lambda d: d["position"].update(width=430),
        "value-by-month and insights lie on one another.",
    ),
    "a keyboard that jumps": (
        LIFETIME,
        "insights",
        lambda d: d["position"].update(tabOrder=150),
        "by keyboard insights comes where the eye reads",
    ),
    "two visuals of one turn": (
        LIFETIME,
        "insights",
        lambda d: d["position"].update(tabOrder=100),
        "its visuals do not each have a tabOrder of their own.",
    ),
    "a renamed visual": (
        LIFETIME,
        "insights",
        lambda d: d.update(name="insight"),
        "insight: its folder is called 'insights'.",
    ),
    "slicers that move one another": (
        EXECUTIVE,
        "slicer-gender",
        lambda d: d["visual"]["syncGroup"].update(groupName="persona"),
        "slicers of the group 'persona' move together, and are of Genders[Gender] and Personas[Persona].",
    ),
    "a persona in another colour": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: d["visual"]["objects"]["dataPoint"].pop(),
        "its colours are not those of include/colours.yaml; run make powerbi.",
    ),
    "a heat map in another colour": (
        LIFETIME,
        "lifetime-value-matrix",
        lambda d: d["visual"]["objects"]["values"][0]["properties"]["backColor"]["solid"]["color"]["expr"]["FillRule"][
            "FillRule"
        ]["linearGradient2"]["max"].update(color={"Literal": {"Value": "'#FF0000'"}}),
        "its colours are not those of include/colours.yaml; run make powerbi.",
    ),
    "a slicer that does nothing unsaid": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["visualContainerObjects"]["subTitle"][0]["properties"].update(text=setting("'All time'")),
        "the slicer Category does not narrow it; say so in its subtitle (not by category).",
    ),
    "a slicer that is said to do nothing": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["visualContainerObjects"]["subTitle"][0]["properties"].update(
            text=setting("'Not by category, persona'")
        ),
        "its subtitle says not by persona, and that slicer does narrow it.",
    ),
}
