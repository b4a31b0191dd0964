"""What services ask for in the journeys: money, a dropped column, something long."""

from typing import Any

LENA = {"id": "lena@example.com", "name": "Lena"}
DANA = {"id": "dana@example.com", "name": "Dana"}

#: Two of three people, each with a reason; the amount is what is decided.
TRANSFER: dict[str, Any] = {
    "category": "large_transaction",
    "title": "Transfer 90,000.00 EUR to Nordwind GmbH",
    "requested_by": LENA,
    "operation": {
        "name": "transfer",
        "target": "nw-2291",
        "arguments": {"reference": "NW-2291"},
        "money": {"amount_minor": 9_000_000, "currency": "EUR", "beneficiary": "Nordwind GmbH"},
    },
    "options": [
        {
            "key": "all",
            "label": "Release transfer",
            "effect": "release",
            "arguments": {"share": "100 %"},
        },
        {
            "key": "half",
            "label": "Release one half",
            "effect": "release",
            "arguments": {"share": "50 %"},
        },
        {"key": "stop", "label": "Stop transfer", "effect": "abort"},
    ],
}

#: Critical and irreversible: two people, and the target is typed.
DROP: dict[str, Any] = {
    "category": "schema_migration",
    "severity": "critical",
    "title": "Drop column legacy_code on customers",
    "requested_by": DANA,
    "operation": {
        "name": "drop column",
        "target": "legacy_code",
        "arguments": {"sql": "ALTER TABLE customers DROP COLUMN legacy_code;"},
    },
    "options": [
        {"key": "drop", "label": "Drop it", "effect": "release"},
        {"key": "manual", "label": "I will resolve it by hand", "effect": "abort"},
    ],
}

#: More than a card shows.
LONG: dict[str, Any] = {
    "operation": {
        "name": "tidy up",
        "target": "orders",
        "arguments": {"sql": "\n".join(f"DELETE FROM orders WHERE id = {n};" for n in range(412))},
    },
}
