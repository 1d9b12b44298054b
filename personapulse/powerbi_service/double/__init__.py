"""A double of the Power BI service on loopback, for tests and for `personapulse up --with-powerbi-double`.

It answers as the service's documentation says: a token endpoint, refreshes (ask, look, cancel), lists of workspaces and
semantic models, over https with a certificate of its own. It can be told to fail in every way the real one does.
"""

from personapulse.powerbi_service.double.model import DATASET, WORKSPACE, Fault, PowerBIModel, Scripted
from personapulse.powerbi_service.double.server import RECORD, PowerBIDouble

__all__ = ["DATASET", "RECORD", "WORKSPACE", "Fault", "PowerBIDouble", "PowerBIModel", "Scripted"]
