"""TMDL, the language Power BI keeps semantic models in: what a document is made of, written, and strictly read."""

from personapulse.powerbi.tmdl.nodes import Node, Property, quoted
from personapulse.powerbi.tmdl.reading import TmdlError, read
from personapulse.powerbi.tmdl.writing import write

__all__ = ["Node", "Property", "TmdlError", "quoted", "read", "write"]
