import { escapeHtml } from "hornbeam/http";
import { expect, test } from "vitest";

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
