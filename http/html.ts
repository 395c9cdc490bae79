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
