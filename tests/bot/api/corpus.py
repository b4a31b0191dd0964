"""Secrets of many kinds and where they come along; and texts that only look a little like secrets.

Every secret is made up and split, so that no scanner takes this file for a leak.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A secret, and the request's fields that carry it."""

    secret: str
    fields: dict[str, Any]


def named(key: str, secret: str) -> Leak:
    """A secret as the value of an argument whose name says so."""
    return Leak(secret=secret, fields=arguments({key: secret}))


def arguments(value: Any) -> dict[str, Any]:
    """An operation with these arguments."""
    return {"operation": {"name": "x", "arguments": value}}


def said(text: str, secret: str) -> Leak:
    """A secret within a text of the context."""
    assert secret in text
    return Leak(secret=secret, fields={"context": {"error": {"message": text}}})


def ran(*argv: str, secret: str) -> Leak:
    """A secret in a command line."""
    assert any(secret in part for part in argv)
    return Leak(secret=secret, fields=arguments({"argv": list(argv)}))


def sql(text: str, secret: str) -> Leak:
    """A secret in a statement."""
    assert secret in text
    return Leak(secret=secret, fields=arguments({"sql": text}))


HEX = "9f86d081884c7d659a2feaa0c55ad015"
B64 = "uYw3zK1pQ7sV9xN2mR4tB6cD8fG0hJ5k"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiJhbmRvbiJ9" + ".c2lnbmF0dXJlLW9mLXRlc3Rz"
PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEowIBAAKCAQEA1c7+9z\nQ2VydGFpbmx5Tm90\n-----END RSA PRIVATE " + "KEY-----"  # fmt: skip  # noqa: E501

BY_NAME = (
    named("password", "hunter2"),
    named("db_password", "hunter2!"),
    named("dbPassword", "tr0ub4dor&3"),
    named("PGPASSWORD", "pg-s3cret"),
    named("MYSQL_PWD", "my-s3cret"),
    named("passphrase", "correct horse battery staple"),
    named("passwd", "pa55wd"),
    named("api_key", "abc-123-def"),
    named("apiKey", "ABC123DEF"),
    named("X-Api-Key", "xk-000111"),
    named("access_token", "tok-4711"),
    named("refreshToken", "ref-4711"),
    named("client_secret", "cs-0815"),
    named("SECRET_KEY_BASE", "base-0815-long"),
    named("private_key", "not even a PEM"),
    named("Authorization", "Bearer abc.def.ghi"),
    named("Cookie", "session=1f2e3d"),
    named("credentials", "alice:wonderland"),
    named("signing_secret", "sig-12"),
    named("encryption_key", "enc-34"),
    Leak(secret="dXNlcjpwYXNz", fields=arguments({"auth": {"basic": "dXNlcjpwYXNz"}})),
    Leak(secret="nested-pw-1", fields=arguments({"db": [{"password": ["nested-pw-1"]}]})),
    Leak(secret="12345678", fields=arguments({"password": 12345678})),
)

BY_SHAPE = (
    said("pushed with ghp_" + "a1B2" * 9, "ghp_" + "a1B2" * 9),
    said("token github_pat_" + "11ABCDEFG0" * 4, "github_pat_" + "11ABCDEFG0" * 4),
    said("key AKIA" + "IOSFODNN7EXAMPLE"[:16], "AKIA" + "IOSFODNN7EXAMPLE"[:16]),
    said("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY",
         "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY"),
    said("slack xoxb-" + "123456789012-abcdefGHIJKL", "xoxb-" + "123456789012-abcdefGHIJKL"),
    said("slack xapp-" + "1-A012-3456-abcdef0123", "xapp-" + "1-A012-3456-abcdef0123"),
    said("stripe sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"),
    said("stripe rk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "rk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"),
    said(f"jwt {JWT}", JWT),
    said("google AIza" + "SyA1234567890abcdefghijklmnopqrstuv", "AIza" + "SyA1234567890abcdefghijklmnopqrstuv"),  # noqa: E501
    said("gitlab glpat-" + "A1b2C3d4E5f6G7h8I9j0", "glpat-" + "A1b2C3d4E5f6G7h8I9j0"),
    said("npm npm_" + "a1B2c3D4" * 4 + "e5F6", "npm_" + "a1B2c3D4" * 4 + "e5F6"),
    said("pypi pypi-AgEIcHlwaS5vcmc" + "A" * 72, "pypi-AgEIcHlwaS5vcmc" + "A" * 72),
    said("sendgrid SG." + "a" * 22 + "." + "b" * 43, "SG." + "a" * 22 + "." + "b" * 43),
    said("twilio SK" + HEX, "SK" + HEX),
    said("openai sk-proj-" + "a1B2c3D4" * 6, "sk-proj-" + "a1B2c3D4" * 6),
    said("anthropic sk-ant-api03-" + "a1B2c3D4" * 6, "sk-ant-api03-" + "a1B2c3D4" * 6),
    said("hugging face hf_" + "aBcDeFgHiJ" * 3 + "kLmN", "hf_" + "aBcDeFgHiJ" * 3 + "kLmN"),
    said("vault hvs." + "CAESIJ1a2b3c4d5e6f7g8h9i0j", "hvs." + "CAESIJ1a2b3c4d5e6f7g8h9i0j"),
    said("digital ocean dop_v1_" + HEX * 2, "dop_v1_" + HEX * 2),
    said("webhook whsec_" + B64 + "A=", "whsec_" + B64 + "A="),
    said("ours andon_" + B64 + "abcdefghijk", "andon_" + B64 + "abcdefghijk"),
    said(PEM, "MIIEowIBAAKCAQEA1c7+9z"),
    said("the key is cut off: " + PEM[:60], "MIIEowIBAAKCAQ"),
    said("telegram 110201543:" + "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"),  # noqa: E501
)  # fmt: skip

IN_ADDRESSES = (
    said("could not reach postgres://app:s3cr3t-pw@db.internal/app", "s3cr3t-pw"),
    said("redis://:only-a-pw@cache:6379/0 refused", "only-a-pw"),
    said("amqp://guest:rabbit-pw@mq:5672/%2F", "rabbit-pw"),
    said("GET https://api.example/v1?access_token=url-tok-1&x=1", "url-tok-1"),
    said("GET https://api.example/v1?api_key=url-key-2 failed", "url-key-2"),
    said("https://bucket.example/o?X-Amz-Signature=" + HEX * 2 + "&X-Amz-Date=1", HEX * 2),
    said("https://acc.blob.example/c?sv=2024&sig=" + "aB3%2FxYz123456789012345678901234%3D", "aB3%2FxYz123456789012345678901234%3D"),  # noqa: E501
    said("https://hooks.slack.com/services/T0001/B0001/" + "XXyyZZ112233445566778899", "XXyyZZ112233445566778899"),  # noqa: E501
    said("https://user:basic-pw-7@host.example/path", "basic-pw-7"),
    Leak(secret="runbook-pw", fields={"context": {"runbook": "https://me:runbook-pw@wiki.example/x"}}),
    Leak(secret="link-tok-9", fields={"context": {"links": [{"title": "log", "url": "https://ci.example/?token=link-tok-9"}]}}),
)  # fmt: skip

IN_STATEMENTS = (
    sql("ALTER USER app PASSWORD 'sql-pw-1'", "sql-pw-1"),
    sql("CREATE ROLE app LOGIN PASSWORD 'sql-pw-2' VALID UNTIL 'infinity'", "sql-pw-2"),
    sql("CREATE USER 'app'@'%' IDENTIFIED BY 'sql-pw-3'", "sql-pw-3"),
    sql("UPDATE settings SET api_key = 'sql-key-4' WHERE id = 1", "sql-key-4"),
    sql("COPY t FROM 's3://b' CREDENTIALS 'aws_secret_access_key=sql-key-5'", "sql-key-5"),
)

IN_COMMANDS = (
    ran("mysql", "-u", "root", "--password=argv-pw-1", secret="argv-pw-1"),
    ran("deploy", "--token", "argv-tok-2", secret="argv-tok-2"),
    ran("deploy", "--api-key", "argv-key-3", "--force", secret="argv-key-3"),
    ran("curl", "-H", "Authorization: Bearer argv-tok-4", "https://x", secret="argv-tok-4"),
    ran("curl", "-u", "me:argv-pw-5", "https://x.example", secret="argv-pw-5"),
    ran("sh", "-c", "PGPASSWORD=argv-pw-6 psql -h db", secret="argv-pw-6"),
    ran("docker", "login", "--password", "argv-pw-7", secret="argv-pw-7"),
    Leak(secret="env-pw-8", fields=arguments({"env": {"DATABASE_PASSWORD": "env-pw-8"}})),
    Leak(secret="env-pw-9", fields=arguments({"env": ["DB_PASSWORD=env-pw-9"]})),
)

IN_TRACES = (
    said('File "a.py", line 1\n    connect(password="trace-pw-1")\nOSError: refused', "trace-pw-1"),
    said("KeyError: {'password': 'trace-pw-2'}", "trace-pw-2"),
    said('ValueError: {"client_secret": "trace-pw-3", "id": 1}', "trace-pw-3"),
    said("Settings(db_password='trace-pw-4', host='db')", "trace-pw-4"),
    said("password: trace-pw-5\nhost: db", "trace-pw-5"),
    said("> Authorization: Basic dHJhY2U6cHctNg==", "dHJhY2U6cHctNg=="),
    said("Set-Cookie: sid=trace-sid-7; HttpOnly", "trace-sid-7"),
    said("//registry.example/:_authToken=trace-tok-9", "trace-tok-9"),
    said("password is trace-pw-8, sorry", "trace-pw-8"),
)

ELSEWHERE = (
    Leak(secret="ghp_" + "t1T2" * 9, fields={"title": "Deploy with ghp_" + "t1T2" * 9}),
    Leak(secret="sum-pw-1", fields={"summary": "use password=sum-pw-1"}),
    Leak(secret="ghp_" + "r1R2" * 9, fields={"reference": "ghp_" + "r1R2" * 9}),
    Leak(secret="ghp_" + "d1D2" * 9, fields={"dedup_key": "ghp_" + "d1D2" * 9}),
    Leak(secret="ghp_" + "n1N2" * 9, fields={"operation": {"name": "x ghp_" + "n1N2" * 9}}),
    Leak(secret="ghp_" + "k1K2" * 9, fields=arguments({"ghp_" + "k1K2" * 9: "as a key"})),
    Leak(secret="opt-pw-1", fields={"options": [
        {"key": "go", "label": "Go", "effect": "release", "arguments": {"password": "opt-pw-1"}},
        {"key": "no", "label": "No", "effect": "abort", "description": "password=opt-pw-1"}]}),
    Leak(secret="state-pw", fields={"context": {"system_state": {"db": {"secret": "state-pw"}}}}),
    Leak(secret="conf-pw", fields={"context": {"configuration": {"smtp_password": "conf-pw"}}}),
    Leak(secret="change-pw", fields={"context": {"recent_changes": ["set token=change-pw"]}}),
    Leak(secret="try-pw", fields={"context": {"attempts": [
        {"action": "login", "error": "bad password=try-pw"}]}}),
    Leak(secret="impact-pw", fields={"context": {"user_impact": "secret: impact-pw"}}),
)  # fmt: skip

LEAKS = (
    *BY_NAME, *BY_SHAPE, *IN_ADDRESSES, *IN_STATEMENTS, *IN_COMMANDS, *IN_TRACES, *ELSEWHERE,
)  # fmt: skip

BENIGN = (
    "Drop column legacy_code on customers",
    "ALTER TABLE customers DROP COLUMN legacy_code;",
    "UPDATE accounts SET status = 'closed' WHERE last_login < '2020-01-01'",
    "DELETE FROM sessions WHERE expires_at < now() - interval '30 days'",
    "CREATE INDEX CONCURRENTLY idx_orders_customer_id ON orders (customer_id)",
    "SELECT count(*) FROM password_resets WHERE used_at IS NULL",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO readonly",
    "The token bucket allows 50 calls a minute",
    "Rotate the signing key before Friday",
    "Password reset mails are delayed by 10 minutes",
    "users cannot reset their password since 14:02",
    "authentication fails for 3 % of requests",
    "author: Dana",
    "authority: eu-west-1",
    "tokens per second: 4200",
    "max_tokens: 1024",
    "secretary: Priya",
    "key: value",
    "primary key: id",
    "foreign_key: orders.customer_id",
    "partition_key: tenant_id",
    "sort_key=created_at",
    "monkey: business",
    "keyboard: qwertz",
    "cache key: user:42:profile",
    "idempotency-key: deploy-42",
    "public_key: see the wiki",
    "passenger: 4",
    "compass: north",
    "bypass=true",
    "passed: 412, failed: 3",
    "pass rate = 99.2 %",
    "cookie_consent: accepted",
    "session timeout: 30 minutes",
    "sessions: 18234",
    "credential rotation finished in 4 s",
    "bearer of bad news: the sync failed again",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "commit 4bc765f0d1e2a3b4c5d6e7f8091a2b3c4d5e6f70",
    "app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "esc_01a213f98c0c737e80ea4b423adf19a5",
    "request id 550e8400-e29b-41d4-a716-446655440000",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7",
    "order ORD-2026-11-12-000123456789",
    "IBAN DE02 1203 0000 0000 2020 51",
    "invoice 2026/11/000042 over 90,000.00 EUR",
    "arn:aws:iam::123456789012:role/deployer",
    "arn:aws:s3:::backups-production-eu-west-1/2026/11/12/dump.sql.gz",
    "s3://backups-production/2026/11/12/customers_legacy_code_before_drop.parquet",
    "https://runbooks.example/databases/schema-migrations#rolling-back",
    "https://grafana.example/d/abc123/andon?from=now-6h&to=now&var-service=payments",
    "https://ci.example/builds/81234?tab=logs&step=4",
    "postgres://db.internal:5432/customers",
    "redis://cache.internal:6379/0",
    "https://user@host.example/path",
    "mailto:dana@example.com",
    "kubectl rollout restart deployment/payments-api -n production",
    "kubectl scale statefulset kafka --replicas=5",
    "helm upgrade payments ./charts/payments --set image.tag=1.42.0 --wait",
    "terraform apply -target=module.vpc.aws_subnet.private[0]",
    "alembic upgrade head",
    "alembic downgrade -1",
    "pg_dump --format=custom --file=/backups/customers.dump customers",
    "rsync -avz --delete /srv/data/ backup@host:/srv/data/",
    "python -m sync --batch 8813 --max-retries=3",
    "git revert 4bc765f && git push origin main",
    "docker compose up -d --force-recreate search-api",
    "curl -sf http://127.0.0.1:8080/healthz",
    "find /var/log -name '*.gz' -mtime +30 -delete",
    "chmod 600 /etc/app/config.yml",
    "export PATH=/usr/local/bin:$PATH",
    "LD_LIBRARY_PATH=/opt/lib python worker.py",
    "--dry-run=false --parallel=8",
    "Traceback (most recent call last):\n  File \"/app/sync.py\", line 88, in run",
    "ConnectionRefusedError: [Errno 111] Connection refused",
    "psycopg.errors.UniqueViolation: duplicate key value violates unique constraint",
    "KeyError: 'customer_id'",
    "AuthenticationError: the service account has no access to the bucket",
    "TokenExpiredError: the session is over, sign in again",
    "java.lang.NullPointerException at com.example.payments.TransferService.execute",
    "TimeoutError after 30.0 s waiting for 10.12.0.7:5432",
    "HTTP 429 Too Many Requests, Retry-After: 30",
    "Content-Type: application/json; charset=utf-8",
    "ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"",
    "User-Agent: andon-client/0.1 (python 3.11)",
    "exit code: 137 (out of memory)",
    "disk usage: 94% of 500 GiB on /var/lib/postgresql",
    "p99 latency: 1,240 ms (was 180 ms)",
    "replication lag = 42s on replica-3",
    "rows affected: 1,204,331",
    "CPU 97 %, load average: 14.2, 12.8, 9.1",
    "The firewall rule is gone since 09:12, I checked with Ines",
    "Rolling back takes 4 minutes; nobody notices",
    "2026-11-12T21:30:00.000000Z",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "Änderungen an der Tabelle „kunden“",
    "データ同期が3回失敗しました",
    "feature_flags.new_checkout_flow_enabled_for_percentage = 25",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration",
    "module/very-long-path/with-many-segments/and-dashes/index.test.tsx",
    "CamelCaseIdentifierThatIsRatherLongButHarmless",
    "SNAKE_CASE_CONSTANT_OF_SOME_LENGTH_TOO",
    "base64 of nothing: AAAA",
)  # fmt: skip
