/** What the server may say, whatever it is sent. */
const KNOWN = new Set([100, 200, 400, 413, 414, 417, 421, 431, 501, 505]);
const START = "HTTP/1.1 ";

export const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

/** What is wrong with the answers on a connection, if anything is: they follow each other, each as long as it says. */
export function misanswered(text: string, cut: boolean): string | undefined {
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return cut ? undefined : `half an answer: ${JSON.stringify(rest)}`;
    const head = rest.slice(0, end);
    rest = rest.slice(end + 4);
    const status = Number(/^HTTP\/1\.1 (\d{3}) [^\r\n]*/.exec(head)?.[1]);
    if (!KNOWN.has(status)) return `the answer ${JSON.stringify(`${head}\r\n\r\n${rest}`.slice(0, 400))}`;
    if (status === 100) continue;
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) return `an answer without a length: ${JSON.stringify(head)}`;
    // One to HEAD has none of its body.
    if (rest === "" || rest.startsWith(START)) continue;
    if (rest.length < Number(length)) return cut ? undefined : `half a body: ${JSON.stringify(rest)}`;
    rest = rest.slice(Number(length));
  }
  return undefined;
}
