"""The JSON API of data sets: /api/datasets, /api/datasets/<id> and what belongs to one."""
