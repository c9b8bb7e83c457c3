/** Style of the page. Its hash is in the Content-Security-Policy, so it stands in the page as it is here. */
export const pageStyle = `
:root { color-scheme: light dark; --line: light-dark(#d5d9de, #3a4149); --soft: light-dark(#f4f6f8, #1c2126);
  --text: light-dark(#1b1f24, #e4e8ec); --dim: light-dark(#555d66, #a3acb5); --link: light-dark(#0b57b0, #83b9ff); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text);
  background: light-dark(#fff, #14181c); overflow-wrap: anywhere; }
a { color: var(--link); }
h1, h2, h3, h4 { line-height: 1.25; }
h2 { border-bottom: 1px solid var(--line); margin: 2rem 0 .5rem; padding-bottom: .25rem; }
h4 { margin: 1rem 0 .25rem; }
small { color: var(--dim); font-weight: normal; }
code, pre, .type { font-family: ui-monospace, monospace; font-size: .875rem; }
code { background: var(--soft); border-radius: .25rem; padding: .1em .3em; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; overflow-x: auto; padding: .75rem;
  overflow-wrap: normal; }
pre code { background: none; padding: 0; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav h2 { font-size: 1rem; margin: 1rem 0 .25rem; }
nav a { display: inline-block; padding: .25rem 0; text-decoration: none; }
nav ul:last-child li { display: inline-block; margin-right: 1rem; }
article { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; padding: 0 1rem .5rem; }
article:target { border-color: var(--link); }
.method { border: 1px solid; border-radius: .25rem; display: inline-block; font: 600 .75rem/1.5 ui-monospace, monospace;
  min-width: 4.2em; padding: 0 .3em; text-align: center; }
.get { color: light-dark(#0b57b0, #83b9ff); }
.post { color: light-dark(#1b6e32, #7ddb93); }
.put { color: light-dark(#8a5300, #f0b860); }
.delete { color: light-dark(#b3261e, #ff9d95); }
.path { background: none; padding: 0; }
.type { color: var(--dim); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .375rem .5rem .375rem 0; text-align: left; vertical-align: top; }
.fields { border-left: 2px solid var(--line); list-style: none; margin: .25rem 0; padding-left: .75rem; }
.fields li { margin: .25rem 0; }
.answers dt { float: left; font-weight: 600; }
.answers dd { margin: 0 0 .75rem 3.5rem; }
summary { cursor: pointer; padding: .25rem 0; }
@media (max-width: 40rem) {
  article { padding: 0 .625rem .5rem; }
  thead { display: none; }
  tr { border-bottom: 1px solid var(--line); display: block; padding: .375rem 0; }
  td { border: 0; display: block; padding: 0; }
  .answers dd { margin-left: 0; }
  .answers dt { float: none; }
}
`;
