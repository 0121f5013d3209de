"""The ETL workflow: an uploaded file becomes records in a table, every row of it accounted for."""
