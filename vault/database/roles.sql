-- The two roles of a vault and its database: run once, as a superuser.
--
-- subrosa_owner owns the schema and runs migrations. subrosa_app serves requests: it may add
-- log entries and may not change or remove them. The migrations grant it exactly what it needs.
-- Neither has a password: set one for each with ALTER ROLE ... PASSWORD, or authenticate them by
-- certificate in pg_hba.conf.
CREATE ROLE subrosa_owner LOGIN;
CREATE ROLE subrosa_app LOGIN;
CREATE DATABASE subrosa OWNER subrosa_owner;
REVOKE ALL ON DATABASE subrosa FROM PUBLIC;
GRANT CONNECT ON DATABASE subrosa TO subrosa_app;
