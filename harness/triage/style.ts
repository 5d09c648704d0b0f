/** Colours of all pages, light and dark as the reader's system is. */
export const palette = `
:root { --fg: #1b1b1b; --dim: #5f6368; --bg: #ffffff; --card: #f6f7f9; --line: #d7dbe0; --link: #0b57d0;
  --bug: #b3261e; --warning: #8a5300; --info: #0b57d0; --good: #1b6e33 }
@media (prefers-color-scheme: dark) { :root { --fg: #e6e6e6; --dim: #9aa0a6; --bg: #15171a; --card: #1e2125; --line: #3a3f45;
  --link: #8ab4f8; --bug: #ff8a80; --warning: #ffb74d; --info: #8ab4f8; --good: #81c995 } }
`;

/** The style sheet of the pages without a script: system fonts, nothing loaded. */
export const style = `
${palette}* { box-sizing: border-box }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; margin: 0 0 .25rem }
h2 { font-size: 1.1rem; overflow-wrap: anywhere; margin: 0 0 .5rem }
a { color: var(--link) }
.facts, figcaption { color: var(--dim); margin: 0 0 .75rem }
.notice { border-left: 3px solid var(--warning); padding-left: .75rem; margin: .5rem 0 }
.badge { display: inline-block; padding: 0 .5em; border: 1px solid currentColor; border-radius: 1em; font-size: .8rem; font-weight: 600; white-space: nowrap; vertical-align: middle }
.badge.bug { color: var(--bug) } .badge.warning { color: var(--warning) } .badge.info { color: var(--info) } .badge.good { color: var(--good) }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line) }
td:last-child { overflow-wrap: anywhere }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.25rem; margin: 1.25rem 0 }
dl { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: 0 0 .75rem; font-size: .9rem }
dl div { display: flex; gap: .4rem; min-width: 0 } dt { color: var(--dim) } dd { margin: 0; overflow-wrap: anywhere }
.explanation { margin: .5rem 0; padding-left: 1.2rem }
.cause { border-left: 3px solid var(--good); padding-left: .75rem; margin: .75rem 0 }
.cause p, .cause ul { margin: 0 }
.cause.introduced { border-color: var(--bug) } .cause.exposed { border-color: var(--warning) }
figure { margin: 1rem 0; overflow-x: auto } figure svg { max-width: none }
pre { font: 12.5px/1.45 ui-monospace, monospace; overflow-x: auto; margin: .75rem 0 0; padding: .75rem; background: var(--bg); border: 1px solid var(--line); border-radius: 6px }
details { color: var(--dim) } summary { cursor: pointer; font-style: italic } details[open] > summary { margin-bottom: .2rem }
@media print { article { break-inside: avoid } }
`;
