"""The JSON API of jobs: /api/jobs/estimate, /api/jobs, /api/jobs/<id>."""
