"""Talking with the Power BI service: settings, what its refresh history says, what people are told, deployment.

What the report and its model *are* stands in `powerbi/`; nothing here reads it but the deployment.
"""
