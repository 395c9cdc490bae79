import { escapeHtml } from "../conn/html.ts";
import type { ActionForm } from "./actions.ts";
import { ACTION_PATH } from "./actions.ts";
import type { Details, Section, ShownError } from "./details.ts";
import { editorLink } from "./editor.ts";
import type { Frame, Place } from "./frames.ts";
import { markdownOf } from "./markdown.ts";
import { type PageStyles, styleOf } from "./style.ts";

export interface PageOptions {
  readonly styles: PageStyles;
  /** HTML of the developer's own. */
  readonly banner: string;
  readonly editor: string | undefined;
  readonly actions: readonly ActionForm[];
  readonly lastPath: string;
  /** The script of the page is the only one that runs. */
  readonly nonce: string;
}

/** The page of an error: everything on it that is not ours is escaped, and nothing is loaded. */
export function pageOf(details: Details, options: PageOptions): string {
  const [error, ...causes] = details.errors;
  const { styles, banner, actions, lastPath, nonce } = options;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(details.title)}</title>
<style>${styleOf(styles).replaceAll("</", "<\\/")}</style>
</head>
<body>
<main>
${banner}
<h1>${escapeHtml(details.title)}</h1>
<pre class="message">${escapeHtml(error.message)}</pre>
<div class="actions">
${actions.map((action) => formOf(action, lastPath)).join("\n")}
<button type="button" id="copy">Copy markdown</button>
</div>
${framesOf(error, options.editor)}
${causes.map((cause) => causeOf(cause, options.editor)).join("\n")}
${details.sections.map(sectionOf).join("\n")}
<textarea id="markdown" hidden readonly>${escapeHtml(`\n${markdownOf(details)}`)}</textarea>
</main>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;
}

const SCRIPT = `
const button = document.getElementById("copy");
button.addEventListener("click", async () => {
  const area = document.getElementById("markdown");
  try {
    await navigator.clipboard.writeText(area.value);
    button.textContent = "Copied";
  } catch {
    area.hidden = false;
    area.select();
    button.textContent = "Copy it from the end of the page";
  }
});
`;

function formOf({ label, token }: ActionForm, lastPath: string): string {
  return `<form action="${ACTION_PATH}" method="POST">
<input type="hidden" name="encoded_handler" value="${escapeHtml(token)}">
<input type="hidden" name="last_path" value="${escapeHtml(lastPath)}">
<button type="submit">${escapeHtml(label)}</button>
</form>`;
}

function causeOf(cause: ShownError, editor: string | undefined): string {
  const message = `<pre class="message">${escapeHtml(cause.message)}</pre>`;
  return `<h2>Caused by ${escapeHtml(cause.name)}</h2>\n${message}\n${framesOf(cause, editor)}`;
}

/** The first place of the site's own code is open; those of others in a row are folded away. */
function framesOf({ frames }: ShownError, editor: string | undefined): string {
  const first = frames.find(({ kind }) => kind === "app");
  return runsOf(frames)
    .map((run) => {
      const shown = run.map((frame) => frameOf(frame, editor, frame === first)).join("\n");
      if (run.length === 1) return shown;
      return `<details class="run"><summary>${run.length} places in libraries and Node</summary>${shown}</details>`;
    })
    .join("\n");
}

/** Frames of libraries and Node that follow each other, together; those of the site each alone. */
function runsOf(frames: readonly Frame[]): readonly (readonly Frame[])[] {
  const runs: Frame[][] = [];
  for (const frame of frames) {
    const last = runs.at(-1);
    if (last === undefined || frame.kind === "app" || last[0]?.kind === "app") runs.push([frame]);
    else last.push(frame);
  }
  return runs;
}

function frameOf({ name, kind, place }: Frame, editor: string | undefined, open: boolean): string {
  const where = place === undefined ? "" : `${linked(place, editor)} `;
  const summary = `<span class="kind">${kind}</span>${where}<code>${escapeHtml(name)}</code>`;
  return `<details class="frame ${kind}"${open ? " open" : ""}><summary>${summary}</summary>${sourceOf(place)}</details>`;
}

function linked(place: Place, editor: string | undefined): string {
  const text = escapeHtml(`${place.shown}:${place.line}`);
  const link = editor === undefined ? undefined : editorLink(editor, place);
  return link === undefined ? `<code>${text}</code>` : `<a href="${escapeHtml(link)}"><code>${text}</code></a>`;
}

function sourceOf(place: Place | undefined): string {
  if (place === undefined || place.lines.length === 0) return "";
  const lines = place.lines.map(
    ({ number, text }) =>
      `<span${number === place.line ? ' class="here"' : ""}><i>${number}</i>${escapeHtml(text)}</span>`,
  );
  return `<code class="source">${lines.join("")}</code>`;
}

function sectionOf({ title, entries }: Section): string {
  const rows = entries.map(
    ([name, value]) => `<tr><td>${escapeHtml(name)}</td><td><pre>${escapeHtml(value)}</pre></td></tr>`,
  );
  return `<details open><summary>${escapeHtml(title)}</summary><table>${rows.join("\n")}</table></details>`;
}
