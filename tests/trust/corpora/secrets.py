"""Secrets of many kinds, made up at run time from parts, and the texts that carry them.

Nothing here is or ever was real, and no scanner takes this file for a leak: each value comes from
a random generator with a fixed seed. A *bare* secret is known by its own shape, wherever it stands;
a *named* one is a weak password that only its carrier gives away.
"""

import base64
import json
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

_LETTERS = string.ascii_letters
_ALNUM = string.ascii_letters + string.digits
_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"
_URLSAFE = _ALNUM + "-_"
_BASE64 = _ALNUM + "+/"
_BASE32 = string.ascii_uppercase + "234567"

Make = Callable[[Random], str]


@dataclass(frozen=True, kw_only=True)
class Secret:
    """One secret, every text that carries it, and what of it may be found nowhere."""

    kind: str
    value: str
    texts: tuple[str, ...]

    @property
    def needles(self) -> tuple[str, ...]:
        """The value and each half of it as they would be stored, sent or logged: as they are, in
        base64, in an address, within JSON.
        """
        lines = [line for line in self.value.split("\n") if len(line) >= 6 and "-----" not in line]
        pieces = [piece for line in lines for piece in (line, *_halves(line))]
        return tuple(dict.fromkeys(form for piece in pieces for form in _forms(piece)))


def _halves(line: str) -> tuple[str, ...]:
    middle = len(line) // 2
    return (line[:middle], line[middle:]) if middle >= 12 else ()


def _forms(piece: str) -> Iterator[str]:
    yield piece
    yield base64.b64encode(piece.encode()).decode().rstrip("=")[:-1]
    yield quote(piece, safe="")
    yield json.dumps(piece)[1:-1]
    yield json.dumps(json.dumps(piece)[1:-1])[1:-1]


def _of(alphabet: str, length: int, before: str = "", after: str = "") -> Make:
    return lambda chance: before + "".join(chance.choices(alphabet, k=length)) + after


def _b64(size: int, before: str = "") -> Make:
    return lambda chance: before + base64.b64encode(chance.randbytes(size)).decode()


def _pem(kind: str, after: str = "") -> Make:
    def made(chance: Random) -> str:
        lines = [base64.b64encode(chance.randbytes(48)).decode() for _ in range(5)]
        edge = "-----{} " + kind + " KEY" + after + "-----"
        return "\n".join([edge.format("BEGIN"), *lines, edge.format("END")])

    return made


def _jwt(chance: Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"sub": str(chance.getrandbits(40)), "iss": "made-up"}
    return f"{part({'alg': 'HS256', 'n': chance.getrandbits(30)})}.{part(claims)}." + _of(
        _URLSAFE, 43
    )(chance)


#: Bare secrets: kind and how one is made. Prefixes are split, so that nothing here is one.
BARE: tuple[tuple[str, Make], ...] = (
    ("code forge, classic", _of(_ALNUM, 36, "gh" + "p_")),
    ("code forge, app", _of(_ALNUM, 36, "gh" + "s_")),
    ("code forge, fine-grained", _of(_ALNUM, 60, "github" + "_pat_")),
    ("code forge, personal", _of(_ALNUM, 20, "gl" + "pat-")),
    ("cloud access key", _of(_UPPER, 16, "AK" + "IA")),
    ("cloud session key", _of(_UPPER, 16, "AS" + "IA")),
    ("cloud secret", _b64(30)),
    ("maps key", _of(_URLSAFE, 35, "AI" + "za")),
    ("oauth access", _of(_URLSAFE, 60, "ya" + "29.")),
    ("oauth client", _of(_URLSAFE, 28, "GOC" + "SPX-")),
    ("chat bot", _of(_ALNUM, 24, "xo" + "xb-123456789012-")),
    ("chat app", _of(_HEX, 40, "xa" + "pp-1-A01234-567890-")),
    ("payments live", _of(_ALNUM, 24, "sk" + "_live_")),
    ("payments restricted", _of(_ALNUM, 24, "rk" + "_live_")),
    ("payments square", _of(_URLSAFE, 43, "sq" + "0csp-")),
    ("web token", _jwt),
    ("package index", _of(_URLSAFE, 90, "py" + "pi-AgEIcHlwaS5vcmc")),
    ("package registry", _of(_ALNUM, 36, "np" + "m_")),
    ("mail sender", lambda c: "SG" + "." + _of(_URLSAFE, 22)(c) + "." + _of(_URLSAFE, 43)(c)),
    ("phone calls", _of(_HEX, 32, "S" + "K")),
    ("model maker one", _of(_ALNUM, 48, "sk" + "-proj-")),
    ("model maker two", _of(_URLSAFE, 80, "sk" + "-ant-api03-")),
    ("model hub", _of(_LETTERS, 34, "h" + "f_")),
    ("secrets store", _of(_ALNUM, 26, "hv" + "s.")),
    ("small cloud", _of(_HEX, 64, "do" + "p_v1_")),
    ("webhook signing", _b64(32, "wh" + "sec_")),
    ("our own key", _of(_URLSAFE, 43, "and" + "on_")),
    ("bot of a messenger", lambda c: f"{c.randrange(10**8, 10**9)}:AA" + _of(_URLSAFE, 33)(c)),
    ("lakehouse", _of(_HEX, 32, "da" + "pi")),
    ("image registry", _of(_URLSAFE, 27, "dckr" + "_pat_")),
    ("shop", _of(_HEX, 32, "shp" + "at_")),
    ("issue tracker", _of(_ALNUM, 40, "lin" + "_api_")),
    ("dashboards", _of(_ALNUM, 41, "gl" + "sa_")),
    ("infrastructure", _of(_HEX, 40, "pu" + "l-")),
    ("file encryption", _of(_UPPER, 58, "AGE-SECRET" + "-KEY-1")),
    ("rsa key", _pem("RSA PRIVATE")),
    ("pkcs8 key", _pem("PRIVATE")),
    ("encrypted key", _pem("ENCRYPTED PRIVATE")),
    ("elliptic key", _pem("EC PRIVATE")),
    ("shell key", _pem("OPENSSH PRIVATE")),
    ("mail key", _pem("PGP PRIVATE", " BLOCK")),
    ("random base64, 24 bytes", _b64(24)),
    ("random base64, 32 bytes", _b64(32)),
    ("random base64, 64 bytes", _b64(64)),
    ("random urlsafe", _of(_URLSAFE, 43)),
    ("random letters and digits", _of(_ALNUM, 32)),
    ("random small letters and digits", _of(_LOWER, 40)),
    ("random base32", _of(_BASE32, 52)),
    ("random hexadecimal", _of(_HEX, 48)),
)

#: What any bare secret may stand in. `{}` is the secret.
CARRIERS = (
    "deploy failed with {} at step 4",
    "https://files.example/download/{}/report.csv",
    'File "/app/pay.py", line 88, in run\n    client = Client({!r})\nRuntimeError: refused',
    '{{"level": "error", "note": "sent {}"}}',
    "see `{}` (from the wiki), or ask Ines",
)

#: A whole key is several lines: it stands where lines may.
KEY_CARRIERS = (
    "the key of the host:\n{}\n",
    "{}",
    "cat <<EOF > /etc/ssl/key.pem\n{}\nEOF",
)

#: Named secrets: kind, and the carrier that gives it away. `{}` is a weak password.
NAMED: tuple[tuple[str, str], ...] = (
    ("postgresql address", "could not reach postgresql://app:{}@db.example:5432/app"),
    ("mysql address", "mysql+aiomysql://root:{}@10.1.2.3/shop?charset=utf8mb4"),
    ("mongodb address", "mongodb+srv://svc:{}@cluster0.example/admin?retryWrites=true"),
    ("redis address", "redis://:{}@cache.example:6379/0"),
    ("amqp address", "amqps://guest:{}@mq.example:5671/%2F"),
    ("mail address", "smtp://mailer:{}@smtp.example:587"),
    ("file transfer address", "sftp://backup:{}@files.example/incoming"),
    ("web address", "https://me:{}@wiki.example/runbook"),
    (
        "sql server string",
        "Server=tcp:db.example,1433;Database=app;User ID=sa;Password={};Encrypt=1",
    ),
    ("ado string", "Data Source=db;Initial Catalog=app;uid=sa;pwd={};"),
    ("libpq string", "host=db.example port=5432 dbname=app user=app password={} sslmode=require"),
    ("storage string", "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={};"),
    ("bus string", "Endpoint=sb://bus.example/;SharedAccessKeyName=all;SharedAccessKey={}"),
    ("oracle string", "jdbc:oracle:thin:scott/{}@//db.example:1521/app"),
    ("go string", "app:{}@tcp(db.example:3306)/app?parseTime=true"),
    ("jdbc string", "jdbc:sqlserver://db.example:1433;databaseName=app;user=sa;password={};"),
    ("sql, create role", "CREATE ROLE app LOGIN PASSWORD '{}' VALID UNTIL 'infinity'"),
    ("sql, identified by", "CREATE USER 'app'@'%' IDENTIFIED BY '{}'"),
    ("sql, identified bare", "ALTER USER scott IDENTIFIED BY {}"),
    ("sql, set", "UPDATE settings SET api_key = '{}' WHERE id = 1"),
    ("sql, password()", "SET PASSWORD FOR 'app'@'%' = PASSWORD('{}')"),
    ("sql, login", "CREATE LOGIN app WITH PASSWORD = N'{}'"),
    ("flag, equals", "mysqldump --user=root --password={} shop"),
    ("flag, space", "deploy --api-key {} --force"),
    ("flag, quoted", 'deploy --auth-token "{}" --force'),
    ("flag, one dash", "Invoke-Thing -Password {} -Verbose"),
    ("short flag of mysql", "mysql -h db -u root -p{} shop"),
    ("short flag of curl", "curl -u me:{} https://api.example/v1"),
    ("short flag of sshpass", "sshpass -p {} ssh root@host.example"),
    ("environment", "PGPASSWORD={} psql -h db.example -c 'select 1'"),
    ("environment, exported", "export STRIPE_SECRET='{}'; ./run"),
    ("header, bearer", "curl -H 'Authorization: Bearer {}' https://api.example"),
    ("header, own", "> X-Api-Key: {}\n> Accept: */*"),
    ("header, cookie", "Cookie: lang=en; theme=dark; sid={}; seen=1"),
    ("header, set-cookie", "< Set-Cookie: sid={}; Path=/; HttpOnly"),
    ("header, proxy", "Proxy-Authorization: Negotiate {}"),
    ("query, token", "GET https://api.example/v1?access_token={}&x=1 500"),
    ("query, signature", "https://acc.example/c?sv=2024&sig={}&se=2026"),
    ("query, key", "https://maps.example/api?key={}"),
    ("hook of a chat", "https://hooks.slack.com/services/T0001/B0001/{}"),
    ("yaml", "smtp:\n  host: mail.example\n  password: {}\n"),
    ("toml", 'url = "db.example"\nclient_secret = "{}"\n'),
    ("ruby", '{{:host => "db", :password => "{}"}}'),
    ("xml", "<db><user>sa</user><password>{}</password></db>"),
    ("json", '{{"user": "sa", "password": "{}"}}'),
    ("json in a string", '"{{\\"user\\": \\"sa\\", \\"password\\": \\"{}\\"}}"'),
    ("python", "connect(host='db', password='{}', timeout=3)"),
    ("traceback", "KeyError: {{'passwd': '{}', 'host': 'db'}}\n  at line 3"),
    ("registry file", "//registry.example/:_authToken={}"),
    ("said", "the password is {}, please change it"),
    ("one time code", "OTP: {}"),
    ("wifi", "network: office\npsk={}\n"),
)


def _weak(chance: Random) -> str:
    """A password as people choose it: two words and a number."""
    words = ("Heron", "maple", "Copper", "otter", "Winter", "basil", "Velvet", "pepper", "Falcon")
    return f"{chance.choice(words)}{chance.choice(words)}{chance.randrange(1000, 9999)}x"


def secrets(seed: int = 4) -> tuple[Secret, ...]:
    """All of them, the same for the same seed."""
    chance = Random(seed)
    return (*_bare(chance), *_named(chance), *_encoded(chance))


def _bare(chance: Random) -> Iterator[Secret]:
    for kind, make in BARE:
        value = make(chance)
        carriers = KEY_CARRIERS if "\n" in value else CARRIERS
        texts = tuple(carrier.format(value) for carrier in carriers)
        escaped = (json.dumps({"pem": value}),) if "\n" in value else ()
        yield Secret(kind=kind, value=value, texts=(*texts, *escaped))


def _named(chance: Random) -> Iterator[Secret]:
    for kind, carrier in NAMED:
        value = _weak(chance)
        yield Secret(kind=kind, value=value, texts=(carrier.format(value),))


def _encoded(chance: Random) -> Iterator[Secret]:
    """What a password looks like once something encoded it."""
    value = base64.b64encode(f"deployer:{_weak(chance)}".encode()).decode()
    lines = (f"> Authorization: Basic {value}", f'{{"auth": "Basic {value}"}}', f"basic {value}")
    yield Secret(kind="basic authorization", value=value, texts=lines)


#: Values of arguments that their name alone gives away, and the JSON around them.
KEYS = (
    "password", "db_password", "dbPassword", "PGPASSWORD", "passphrase", "api_key", "apiKey",
    "X-Api-Key", "access_token", "refreshToken", "client_secret", "SECRET_KEY_BASE", "private_key",
    "Authorization", "Cookie", "credentials", "signing_secret", "encryption_key", "AccountKey",
    "mnemonic", "master_key", "session_id", "psk", "otp",
)  # fmt: skip


def keyed(seed: int = 5) -> Iterator[tuple[Secret, dict[str, object]]]:
    """A weak password under each telling name, in the shapes that JSON takes around it."""
    chance = Random(seed)
    for n, key in enumerate(KEYS):
        value = _weak(chance)
        shapes: tuple[dict[str, object], ...] = (
            {key: value},
            {"config": [{key: [value]}]},
            {"env": [{"name": key, "value": value}]},
            {"argv": ["run", f"--{key}", value]},
        )
        yield Secret(kind=f"key {key}", value=value, texts=()), shapes[n % len(shapes)]
