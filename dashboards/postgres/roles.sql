-- Run once, by the administrator, in the empty database that nights are published into. compose.yaml does it by itself.
-- Before the first night, so that Grafana can log in at once: tributary publish finds the group roles and makes none.
\getenv publisher_password TRIBUTARY_PUBLISHER_PASSWORD
\getenv grafana_password TRIBUTARY_PG_PASSWORD
CREATE ROLE tributary_reader NOLOGIN NOINHERIT;
CREATE ROLE tributary_partner NOLOGIN NOINHERIT;
-- publishes: may make schemas in this database, and nothing else
CREATE ROLE tributary_publisher LOGIN PASSWORD :'publisher_password';
-- reads: what the readers read, one statement no longer than half a minute
CREATE ROLE grafana LOGIN PASSWORD :'grafana_password' IN ROLE tributary_reader;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
-- who may connect is said here and not left to everybody
SELECT format('REVOKE TEMPORARY, CONNECT ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CREATE, CONNECT ON DATABASE %I TO tributary_publisher', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO tributary_reader, tributary_partner', current_database()) \gexec
