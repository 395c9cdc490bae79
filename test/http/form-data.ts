/** One part of a multipart body: its headers, line by line, and what it contains. */
export type PartOf = readonly [headers: readonly string[], content: string | Uint8Array];

export const BOUNDARY = "----w58EW1cEpjzydSCq";
export const FORM_DATA = `multipart/form-data; boundary=${BOUNDARY}`;

export const field = (name: string, content: string | Uint8Array): PartOf => [
  [`Content-Disposition: form-data; name="${name}"`],
  content,
];

export const file = (name: string, filename: string, content: string | Uint8Array, type = "text/plain"): PartOf => [
  [`Content-Disposition: form-data; name="${name}"; filename="${filename}"`, `Content-Type: ${type}`],
  content,
];

/** A multipart body, as a browser writes it. */
export function formData(...parts: readonly PartOf[]): Buffer {
  const bytes = parts.flatMap(([headers, content]) => [
    Buffer.from(`--${BOUNDARY}\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`),
    Buffer.from(content as string),
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...bytes, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}
