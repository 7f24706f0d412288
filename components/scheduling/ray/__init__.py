"""Ray clusters, jobs and services of tenants."""
