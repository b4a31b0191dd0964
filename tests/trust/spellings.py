"""Spellings of addresses that a callback must never reach, in the ways people have written them."""

#: Hosts that are inside, or nowhere. `{port}` is where the canary listens.
INNER = (
    # loopback as IPv4, in every base and length that `inet_aton` takes
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "0.0.0.0", "0",
    "2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "0x7f.1", "127.0x1",
    "00000177.0.0.1", "127.000.000.001", "0x7F.0x0.0x0.0x1", "127.0.0.1.", "0x7f.0.1", "0177.1",
    # digits and dots that are normalised to ASCII
    "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "𝟏𝟐𝟕.0.0.1", "127．0．0．1", "⑫７.0.0.1",
    "١٢٧.٠.٠.١", "127｡0｡0｡1",
    # names, and their lettershapes
    "localhost", "LOCALHOST", "localhost.", "LocalHost.", "ⓛocalhost", "ｌｏｃａｌｈｏｓｔ",
    "localhost.localdomain", "ip6-localhost", "xn--localhost-", "loc%61lhost",
    "127.0.0.1%00.example",
    # who speaks before the host, and what comes after it
    "user@127.0.0.1", "service.example@127.0.0.1", "service.example:443@127.0.0.1",
    "127.0.0.1\\@service.example", "service.example\\@127.0.0.1", "127.0.0.1#@service.example",
    "127.0.0.1?@service.example", "service.example%40127.0.0.1", "127.0.0.1;service.example",
    # IPv6: short, long, mapped, translated, embedded, with a zone
    "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]",
    "[::127.0.0.1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::1]",
    "[2001:0:7f00:1::]", "[2001:0:53aa:64c:0:5efe:80ff:fffe]", "[fe80::5efe:127.0.0.1]",
    "[::1%25lo]",
    "[fe80::1%25lo]", "[fe80::1%lo]", "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00::1]",
    "[ff02::1]", "[ff01::1]", "[::ffff:0.0.0.0]",
    # metadata of clouds, private, shared, benchmark, broadcast, multicast, reserved
    "169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]",
    "2852039166", "0xa9fea9fe", "169.254.170.2", "100.100.100.200", "10.0.0.1", "172.16.0.1",
    "192.168.0.1", "100.64.0.1", "198.18.0.1", "192.0.0.1", "192.88.99.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255",
)  # fmt: skip

#: Names that a resolver of our own leads inside; the last answer stands for ever.
NAMES: dict[str, list[str]] = {
    "loopback.example": ["127.0.0.1"],
    "any.example": ["0.0.0.0"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "private.example": ["10.0.0.1"],
    "shared.example": ["100.64.0.1"],
    "translated.example": ["64:ff9b::7f00:1"],
    "relayed.example": ["2002:7f00:1::"],
    "scoped.example": ["fe80::1%lo"],
    "both.example": ["198.51.100.7", "127.0.0.1"],
}
