"""Power BI: the semantic model as text, written from `include/powerbi.yaml`, and a strict reader of what is written."""

from personapulse.powerbi.design import Design, load_design

__all__ = ["Design", "load_design"]
