const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text as it may stand in HTML, between tags or in a quoted attribute (Plug: `Plug.HTML.html_escape`). Not for scripts,
 * styles, or attributes without quotes.
 *
 * @example
 * expect(escapeHtml('<a href="?b&c">')).toBe("&lt;a href=&quot;?b&amp;c&quot;&gt;");
 */
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] as string);

/** Text that is HTML already, and is not escaped again. */
export class SafeHtml {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: text and numbers are escaped; lists are one after the other; nothing is nothing. */
export type HtmlPart = SafeHtml | string | number | bigint | boolean | null | undefined | readonly HtmlPart[];

/**
 * HTML in which what is put in is escaped (Phoenix: HEEx templates). `undefined`, `null` and booleans are left out, so that
 * `${condition && html`…`}` works. Only between tags and in quoted attributes, as {@link escapeHtml}.
 *
 * @example
 * const page = html`<h1>${"<Ada>"}</h1><ul>${["a", "b"].map((each) => html`<li>${each}</li>`)}</ul>`;
 * expect(String(page)).toBe("<h1>&lt;Ada&gt;</h1><ul><li>a</li><li>b</li></ul>");
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): SafeHtml {
  let text = strings[0] as string;
  for (let i = 0; i < parts.length; i++) text += textOf(parts[i]) + strings[i + 1];
  return new SafeHtml(text);
}

/** HTML that was made elsewhere, and is trusted (Phoenix: `raw/1`). */
export const raw = (text: string): SafeHtml => new SafeHtml(text);

function textOf(part: HtmlPart): string {
  if (part instanceof SafeHtml) return part.text;
  if (Array.isArray(part)) return part.map(textOf).join("");
  if (part === undefined || part === null || typeof part === "boolean") return "";
  return escapeHtml(String(part));
}
