import { escapeHtml, html, raw, type SafeHtml } from "hornbeam/http";
import { describe, expect, test } from "vitest";

test.each([
  ["<script>", "&lt;script&gt;"],
  ["html&company", "html&amp;company"],
  ['"quoted"', "&quot;quoted&quot;"],
  ["html's test", "html&#39;s test"],
  ["&lt;", "&amp;lt;"],
  ["é ✓ 🌳 `=", "é ✓ 🌳 `="],
  ["", ""],
])("text is escaped for HTML: %s", (text, html) => {
  expect(escapeHtml(text)).toBe(html);
});

describe("html`…`", () => {
  test.each<[page: SafeHtml, text: string]>([
    [html`<p>${"<b>"}</p>`, "<p>&lt;b&gt;</p>"],
    [html`<a href="${'"&'}">`, '<a href="&quot;&amp;">'],
    [html`${html`<b>${"&"}</b>`}`, "<b>&amp;</b>"],
    [html`${["<", html`<i></i>`, [1, "&"]]}`, "&lt;<i></i>1&amp;"],
    [html`${undefined}${null}${true}${false}${0}${""}${7n}`, "07"],
    [html`${raw("<hr>")}`, "<hr>"],
  ])("escapes what is put in, but for what is HTML already: %s", (page, text) => {
    expect(String(page)).toBe(text);
  });
});
