export interface PageStyles {
  /** The colour of the title, and of what is most important. Default a red. */
  readonly primary?: string;
  /** The colour of links and buttons. Default a blue. */
  readonly accent?: string;
  /** More CSS, after that of the page. */
  readonly css?: string;
}

export const styleOf = ({ primary, accent, css = "" }: PageStyles): string => `
:root { color-scheme: light dark; --text: #1c2430; --dim: #67727e; --back: #fff; --box: #f5f6f8; --line: #dfe3e8;
  --mark: #fdeaea; ${color("primary", primary ?? "#b3261e")} ${color("accent", accent ?? "#1f5fbf")} }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ee; --dim: #93a0ae; --back: #14181e; --box: #1c222b;
  --line: #303844; --mark: #452527; ${color("primary", primary ?? "#ff8a80")} ${color("accent", accent ?? "#82b1ff")} } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { margin: 0 0 .5rem; font-size: 1.1rem; font-weight: 600; color: var(--primary); overflow-wrap: anywhere }
h2 { margin: 2rem 0 .5rem; font-size: 1rem; overflow-wrap: anywhere }
pre, code, td { font: 13px/1.6 ui-monospace, monospace }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
pre.message { padding: 1rem; font-size: 1.05rem; border-left: 4px solid var(--primary); background: var(--box) }
a { color: var(--accent) }
button { padding: .35rem .8rem; font: inherit; color: var(--accent); background: none; border: 1px solid currentColor;
  border-radius: 6px; cursor: pointer }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 }
details { margin: .35rem 0; border: 1px solid var(--line); border-radius: 6px; overflow: hidden }
summary { padding: .4rem .75rem; cursor: pointer; overflow-wrap: anywhere }
details[open] > summary { border-bottom: 1px solid var(--line) }
.frame.library, .frame.node, .run { color: var(--dim) }
.run > .frame { margin: .35rem .75rem }
.kind { float: right; margin-left: 1rem; font-size: .8rem; color: var(--dim) }
.source { display: block; padding: .5rem 0; background: var(--box); overflow-x: auto; white-space: pre }
.source span { display: block; padding: 0 .75rem }
.source .here { background: var(--mark) }
.source i { display: inline-block; min-width: 3.5rem; font-style: normal; color: var(--dim); user-select: none }
table { width: 100%; border-collapse: collapse }
td { padding: .3rem .75rem; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
td:first-child { width: 14rem; color: var(--dim) }
${css}`;

/** A colour is a word, a number, or a function of numbers: nothing that would end the rule. */
const color = (name: string, value: string): string => `--${name}: ${value.replaceAll(/[^\w\s#%.,()-]/g, "")};`;
