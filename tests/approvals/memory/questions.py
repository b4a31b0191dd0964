"""Questions with a value in them: accidents of one occurrence, and values that change the deed."""

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any
from uuid import UUID

#: A question as its opening event says it, with `{0}` where a value comes.
PLAIN: dict[str, Any] = {
    "service": "orders",
    "kind": "approval",
    "category": "data_migration",
    "environment": "production",
    "title": "Copy the orders of 12 November",
    "operation": {
        "name": "orders.copy",
        "target": "orders-db-1",
        "arguments": {
            "argv": ["copy-orders", "--batch", "8813", "--force", "{0}"],
            "sql": "INSERT INTO archive SELECT * FROM orders WHERE at < '{0}'",
            "cwd": "/srv/orders",
            "note": ["said", {"by": "{0}"}],
        },
        "money": {
            "amount_minor": 125_000,
            "currency": "EUR",
            "account": "DE02 1203",
            "beneficiary": "ACME",
        },
    },
    "options": [
        {"key": "go", "effect": "release", "arguments": {"argv": ["go", "{0}"]}},
        {"key": "stop", "effect": "abort"},
    ],
    "context": {"error": {"type": "Timeout", "message": "no answer after 10 s"}},
}


def filled(value: str, within: Any = PLAIN) -> Any:
    """The question with that value in it."""
    if isinstance(within, str):
        return within.replace("{0}", value)
    if isinstance(within, list):
        return [filled(value, inner) for inner in within]
    if isinstance(within, dict):
        return {key: filled(value, inner) for key, inner in within.items()}
    return within


def changed(path: str, value: Any) -> Any:
    """The question with another value at that place, such as `operation.arguments.argv.2`."""
    made = filled("x")
    *way, last = path.split(".")
    at = made
    for step in way:
        at = at[int(step)] if step.isdigit() else at[step]
    at[int(last) if last.isdigit() else last] = deepcopy(value)
    return made


def accidents(random: Random) -> Iterator[tuple[str, str]]:
    """Pairs of values of one sort: two occurrences of the same."""
    for make in (_id, _time, _day, _stamp, _hash, _person, _count, _version, _named, _flag_id):
        yield make(random), make(random)


def _id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _time(random: Random) -> str:
    return f"{_day(random)}T{random.randrange(24):02}:{random.randrange(60):02}:07.25Z"


def _day(random: Random) -> str:
    return f"20{random.randrange(10, 40)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"


def _stamp(random: Random) -> str:
    return f"/backups/{_day(random)}/orders_{_day(random).replace('-', '')}.sql"


def _hash(random: Random) -> str:
    return f"sha256:{random.getrandbits(256):060x}a1b2"


def _person(random: Random) -> str:
    return f"{random.choice(('lena', 'ravi.k', 'mia+ops', 'jo'))}@corp.example"


def _count(random: Random) -> str:
    return f"--limit={random.randrange(1000, 10_000)} rows, {random.randrange(10, 100)}%"


def _version(random: Random) -> str:
    return f"registry/app:v3.{random.randrange(99)}.{random.randrange(99)}"


def _named(random: Random) -> str:
    return f"UPDATE jobs SET done = 1 WHERE job_id = {random.randrange(10**6)}"


def _flag_id(random: Random) -> str:
    return f"--run-id={random.choice('abcd')}-{random.randrange(10**6)}"


#: What makes another deed of it, as pairs of values that a person must not take for one.
DANGERS = (
    ("--env=staging", "--env=production"),
    ("psql postgres://db.prod.example/orders", "psql postgres://db.staging.example/orders"),
    ("DROP TABLE orders_staging", "DROP TABLE orders_prod"),
    ("/srv/prod/orders", "/srv/staging/orders"),
    ("run_id=prod-7", "run_id=staging-7"),
    ("ssh deploy@prod-1.example", "ssh deploy@staging-1.example"),
    ("ssh root@web.example", "ssh lena@web.example"),
    ("db-1", "db-2"),
    ("10.0.0.7", "10.0.0.8"),
    ("DELETE FROM orders", "DELETE FROM customers"),
    ("DELETE FROM orders", "SELECT FROM orders"),
    ("s3://orders-eu", "s3://orders-us"),
    ("eu-west-1", "us-east-1"),
    ("--force", "--dry-run"),
    ("rm -r /srv/a", "rm -rf /srv/a"),
    ("chmod -R", "chmod -r"),
    ("--limit=100", "--limit=1000"),
    ("0 replicas", "3 replicas"),
    ("keep 0.01", "keep 0.1"),
    ("1,000 rows", "100,000 rows"),
    ("10GB", "10TB"),
    ("/data/1", "/data/2"),
    ("localhost:5432", "localhost:5433"),
    ("app:v3.1.0", "app:v4.1.0"),
    ("host=\x1fid", "host=5f0c8d1e-8f6e-4a53-9a3c-0c4b0e5d2f11"),
)

#: The same at a place of its own.
MEMBERS = (
    ("service", "payments"),
    ("kind", "incident"),
    ("category", "schema_migration"),
    ("environment", "staging"),
    ("operation.name", "orders.move"),
    ("operation.target", "orders-db-2"),
    ("operation.target", "ORDERS-DB-1"),
    ("operation.target", None),
    ("operation.money.amount_minor", 1_250_000),
    ("operation.money.amount_minor", -125_000),
    ("operation.money.amount_minor", 0),
    ("operation.money.currency", "USD"),
    ("operation.money.account", "DE02 1204"),
    ("operation.money.beneficiary", "ACNE"),
    ("operation.money", None),
    ("operation.arguments.argv.0", "move-orders"),
    ("operation.arguments.argv.2", "88"),
    ("operation.arguments.argv.3", "--gently"),
    ("operation.arguments.cwd", "/srv/payments"),
    ("operation.arguments.host", "db-1"),
    ("operation.arguments.force", True),
    ("options.0.effect", "abort"),
    ("options.0.arguments", {"argv": ["go", "now"]}),
    ("options.1.key", "leave"),
    ("context.error.type", "Refused"),
    ("context.error.message", "the disk is full"),
)
