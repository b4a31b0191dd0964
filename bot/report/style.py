"""How the page looks: by day, by night, on a phone, on paper. No script, nothing from outside."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_COLOURS = """
:root{color-scheme:light dark;--ground:#fbfbfa;--raised:#fff;--ink:#1b1f23;--muted:#59616a;
--rule:#dfe2e6;--grid:#e6e8eb;--axis:#9aa1a9;--link:#1d5b96;--people:#2f6fb0;--rules:#35a08a;
--nobody:#c2560b;--nobody2:#f3c69c;--waiting:#c9ced4;--edge:#7c858f;--looked:#8a8f98;--bad:#c2410c;
--flag:#fdf1e4;--flag-edge:#e0a05c;
--s0:#eff1f3;--s1:#dbe8f5;--s2:#b4d0ea;--s3:#8bb8e0;--s4:#2f73b3;--s5:#174a7c;--dark:#10202f;
--pale:#fff}
@media(prefers-color-scheme:dark){:root{--ground:#14181c;--raised:#1b2026;--ink:#e7eaed;
--muted:#a6aeb6;--rule:#323942;--grid:#272d34;--axis:#5d666f;--link:#84bdf0;--people:#5a9fdc;
--rules:#4cc0a6;--nobody:#f0924a;--nobody2:#6b3a14;--waiting:#4a525b;--edge:#98a1aa;
--looked:#9aa2ab;--bad:#f2743f;--flag:#2b2318;--flag-edge:#8f6532;
--s0:#20262c;--s1:#16324b;--s2:#1d4a70;--s3:#2b669a;--s4:#79b3e4;--s5:#bcdcf7;--dark:#fff;
--pale:#0b1621}}
@media print{:root{--ground:#fff}}
"""

_TEXT = """
*{box-sizing:border-box}
html{scroll-behavior:smooth}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;margin:0 auto;
max-width:908px;padding:32px 24px 64px;-webkit-text-size-adjust:100%}
h1{font-size:1.75rem;letter-spacing:-.01em;line-height:1.2;margin:0 0 4px}
h2{font-size:1.2rem;line-height:1.3;margin:0 0 4px;text-wrap:balance}
p{margin:0 0 12px;max-width:72ch;text-wrap:pretty}
section{margin-top:48px}
a{color:var(--link);text-underline-offset:2px}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.muted,.sub{color:var(--muted)}
.sub{margin-bottom:16px}
code{font:.85em/1.5 ui-monospace,monospace}
dl.tiles{display:grid;gap:12px;grid-template-columns:repeat(3,1fr);
margin:24px 0 0}
.tiles div{background:var(--raised);border:1px solid var(--rule);border-radius:8px;
padding:12px 14px}
.tiles dt{color:var(--muted);font-size:.85rem}
.tiles dd{font-size:1.55rem;font-variant-numeric:tabular-nums;font-weight:600;line-height:1.3;
margin:0}
td{white-space:nowrap}
.tiles dd small{color:var(--muted);display:block;font-size:.8rem;font-weight:400}
.flag{background:var(--flag);border-left:4px solid var(--flag-edge);border-radius:4px;
margin:0 0 12px;padding:12px 16px}
.flag p{margin:0}
.flag strong{overflow-wrap:anywhere}
dl.terms dt{font-weight:600;margin-top:12px}
dl.terms dd{margin:0;max-width:68ch}
"""

_PLOTS = """
figure{margin:0}
svg{display:block;font:12.5px/1 system-ui,sans-serif;height:auto;max-width:100%;overflow:visible}
svg text{fill:var(--muted);font-variant-numeric:tabular-nums}
svg .strong{fill:var(--ink);font-weight:600}
svg .value{fill:var(--ink);paint-order:stroke;stroke:var(--ground);stroke-linejoin:round;
stroke-width:4px}
.grid{stroke:var(--grid)}
.axis{stroke:var(--axis)}
.fill.people{fill:var(--people)}
.fill.rules{fill:var(--rules)}
.fill.nobody{fill:url(#hatch)}
.fill.waiting{fill:var(--waiting);stroke:var(--edge)}
.fill.looked{fill:var(--looked)}
.fill.bad{fill:var(--bad)}
.stroke{stroke-width:3}
.stroke.people,.ring.people{stroke:var(--people)}
.stroke.looked,.ring.looked{stroke:var(--looked)}
.ring{fill:var(--ground);stroke-width:2.5}
#hatch rect{fill:var(--nobody2)}
#hatch path{stroke:var(--nobody);stroke-width:3}
.shade0{fill:var(--s0)}.shade1{fill:var(--s1)}.shade2{fill:var(--s2)}
.shade3{fill:var(--s3)}.shade4{fill:var(--s4)}.shade5{fill:var(--s5)}
svg .on1,svg .on2,svg .on3{fill:var(--dark)}
svg .on4,svg .on5{fill:var(--pale)}
.key{display:flex;flex-wrap:wrap;font-size:.85rem;gap:4px 18px;list-style:none;margin:0 0 12px;
padding:0}
.key li{align-items:center;display:flex;gap:7px}
.key svg{flex:none}
.narrow{display:none}
.defs{height:0;position:absolute;width:0}
"""

_TABLES = """
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin-top:16px;
width:100%}
caption{color:var(--muted);font-size:.85rem;padding-bottom:4px;text-align:left}
th,td{border-bottom:1px solid var(--rule);padding:6px 0 6px 14px;text-align:right;
vertical-align:baseline}
thead th{color:var(--muted);font-size:.8rem;font-weight:500;line-height:1.25;vertical-align:bottom}
th:first-child{padding-left:0;text-align:left}
tbody th{font-weight:500;overflow-wrap:anywhere}
table.stack tbody th{min-width:9rem}
.zero{color:var(--muted)}
details{margin-top:12px}
summary{cursor:pointer;font-size:.9rem;overflow-wrap:anywhere;padding:3px 0}
.list{border-left:3px solid var(--rule);font-size:.9rem;margin:4px 0 12px;padding:4px 0 4px 14px;
scroll-margin-top:48px}
.list:target{border-color:var(--link)}
.list ol{list-style:none;margin:0;padding:0}
.list li{display:grid;gap:0 14px;grid-template-columns:14.5rem 1fr auto;padding:3px 0}
.list p{color:var(--muted);margin:4px 0 0}
.what{overflow-wrap:anywhere}
.list time{color:var(--muted);font-variant-numeric:tabular-nums;white-space:nowrap}
"""

_PHONE = """
@media(max-width:719px){
body{padding:20px 16px 48px}
h1{font-size:1.45rem}
section{margin-top:40px}
.wide{display:none}
.narrow{display:block}
.narrow svg{width:100%;max-width:460px}
dl.tiles{grid-template-columns:1fr 1fr}
.tiles dd{font-size:1.3rem}
table.tight{font-size:.82rem}
table.tight th,table.tight td{padding-left:6px}
table.tight th:first-child{padding-left:0}
table.stack thead{clip-path:inset(50%);height:1px;overflow:hidden;position:absolute;width:1px}
table.stack,table.stack tbody,table.stack caption{display:block}
table.stack tr{border-bottom:1px solid var(--rule);display:grid;gap:2px 18px;
grid-template-columns:1fr 1fr;padding:10px 0}
table.stack th[scope=row]{border:0;min-width:0;font-weight:600;grid-column:1/-1;padding:0}
table.stack td{border:0;display:flex;gap:8px;justify-content:space-between;padding:0}
table.stack td::before{color:var(--muted);content:attr(data-head);text-align:left}
.list li{grid-template-columns:1fr auto}
.list .what{grid-column:1/-1;grid-row:2}
}
@media print{
body{font-size:10.5pt;max-width:none;padding:0}
section,figure,tr,.flag{break-inside:avoid}
section.lists,.tables{display:none}
a{color:inherit;text-decoration:none}
svg,.tiles div,.flag{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
"""

STYLE = (_COLOURS + _TEXT + _PLOTS + _TABLES + _PHONE).strip()
