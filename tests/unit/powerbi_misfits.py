"""What may be broken in a visual of the Power BI report, by what it shows: where, how, and what is said of it."""

from collections.abc import Callable

from tests.unit.powerbi_copies import Json

EXECUTIVE, BEHAVIOR, PRODUCTS = "executive-summary", "behavioral-insights", "product-and-returns"
SEGMENTATION, LIFETIME, INTENT = "customer-segmentation", "lifetime-value", "buyer-intent"
PAGES = (EXECUTIVE, BEHAVIOR, PRODUCTS, SEGMENTATION, LIFETIME, INTENT)
TIP = "persona-tooltip"
Mistake = tuple[str, str, Callable[[Json], object], str]  # page, visual, change, what is said


def query(document: Json) -> Json:
    return document["visual"]["query"]["queryState"]


def first(document: Json, role: str) -> Json:
    return query(document)[role]["projections"][0]


def measure(name: str) -> Json:
    return {"Measure": {"Expression": {"SourceRef": {"Entity": "Measures"}}, "Property": name}}


WRONG_FIELDS: dict[str, Mistake] = {
    "a misspelt measure": (
        BEHAVIOR,
        "conversion-by-persona",
        lambda d: first(d, "Y")["field"]["Measure"].update(Property="Convertion"),
        "the model has no measure Measures[Convertion] (did you mean 'Conversion'?).",
    ),
    "a misspelt column": (
        BEHAVIOR,
        "conversion-by-persona",
        lambda d: first(d, "Category")["field"]["Column"].update(Property="Personas"),
        "the model has no column Personas[Personas] (did you mean 'Persona'?).",
    ),
    "a misspelt table": (
        BEHAVIOR,
        "conversion-by-persona",
        lambda d: first(d, "Category")["field"]["Column"]["Expression"]["SourceRef"].update(Entity="Persona"),
        "the model has no table 'Persona' (did you mean 'Personas'?).",
    ),
    "a column taken for a measure": (
        BEHAVIOR,
        "funnel",
        lambda d: first(d, "Category").update(field={"Measure": first(d, "Category")["field"]["Column"]}),
        "the model has no measure Funnel steps[Step].",
    ),
    "a name in other letters": (
        BEHAVIOR,
        "conversion-by-persona",
        lambda d: first(d, "Y")["field"]["Measure"].update(Property="conversion"),
        "the model has no measure Measures[conversion] (did you mean 'Conversion'?).",
    ),
    "a visual type that is none": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: d["visual"].update(visualType="clusterdBarChart"),
        "'clusterdBarChart' is no visual type this report may use (did you mean 'clusteredBarChart'?).",
    ),
    "a role that is none": (
        SEGMENTATION,
        "monetary-by-recency",
        lambda d: query(d).update(Details=query(d).pop("Category")),
        "a scatterChart has no role 'Details'",
    ),
    "a column where a measure belongs": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: query(d).update(Y=query(d)["Category"]),
        "the role 'Y' takes a measure, and Personas[Persona] is none.",
    ),
    "a measure where a column belongs": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: query(d).update(Category=query(d)["Y"]),
        "the role 'Category' groups by a column, and Measures[Revenue (92 days)] is a measure.",
    ),
    "a persona as another table knows it": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: first(d, "Category")["field"]["Column"]["Expression"]["SourceRef"].update(Entity="Customers"),
        "Customers[Persona] is hidden; show a measure, or the column of the table that filters by it.",
    ),
    "text on a scale": (
        SEGMENTATION,
        "monetary-by-recency",
        lambda d: query(d).update(Y=query(d)["Series"]),
        "the role 'Y' takes numbers, and Personas[Persona] is of type string.",
    ),
    "words on a scale": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: first(d, "Y").update(field=measure("Peak order month"), queryRef="Measures.Peak order month"),
        "the role 'Y' takes numbers, and Measures[Peak order month] is of type string.",
    ),
    "a column summed by the visual": (
        SEGMENTATION,
        "monetary-by-recency",
        lambda d: query(d)["Y"]["projections"].__setitem__(
            0,
            {
                "field": {
                    "Aggregation": {
                        "Expression": {
                            "Column": {"Expression": {"SourceRef": {"Entity": "Buyers"}}, "Property": "Monetary"}
                        },
                        "Function": 0,
                    }
                },
                "queryRef": "Sum(Buyers.Monetary)",
            },
        ),
        "Buyers[Monetary] is summed up by the visual; show a measure of the model, which says what may be summed.",
    ),
    "nothing to show": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: query(d)["Y"].update(projections=[]),
        "a lineChart shows nothing without a field in its role 'Y'.",
    ),
    "two measures and a legend": (
        INTENT,
        "bands-by-persona",
        lambda d: query(d)["Y"]["projections"].append(query(d)["Tooltips"]["projections"][0]),
        "with a field in the role 'Series' only one measure can be shown in 'Y'.",
    ),
    "a reference to something else": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: first(d, "Y").update(queryRef="Measures.Orders"),
        "Measures[Orders by month] is referred to as 'Measures.Orders'; write queryRef 'Measures.Orders by month'.",
    ),
    "an order by what is not shown": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["query"]["sortDefinition"]["sort"][0]["field"]["Column"].update(Property="Year"),
        "it is sorted by Date[Year], which it does not show.",
    ),
    "colours of what is not shown": (
        SEGMENTATION,
        "recency-frequency-matrix",
        lambda d: d["visual"]["objects"]["values"][0]["selector"].update(metadata="Measures.Buyers"),
        "formatting speaks of 'Measures.Buyers', which the visual does not show (did you mean 'Measures.Buyer count'",
    ),
    "colours by a measure that is none": (
        SEGMENTATION,
        "recency-frequency-matrix",
        lambda d: d["visual"]["objects"]["values"][0]["properties"]["backColor"]["solid"]["color"]["expr"]["FillRule"][
            "Input"
        ]["Measure"].update(Property="Buyer counts"),
        "the model has no measure Measures[Buyer counts] (did you mean 'Buyer count'?).",
    ),
}
