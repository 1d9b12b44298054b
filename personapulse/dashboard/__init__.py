"""The dashboard in the browser: one JSON document per day, and the pages, folder, workbook and digest made of it."""
