"""PostgreSQL and an S3 server from wheels, under one directory, for a machine that has neither."""
