"""The report's pages: read, checked against the model, painted and sketched.

The files under `powerbi/PersonaPulse.Report` are the report; people edit them in Power BI Desktop or by hand. Nothing
here lays them out anew.
"""
