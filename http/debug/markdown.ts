import type { Details, ShownError } from "./details.ts";
import type { Frame } from "./frames.ts";

/** What happened, as text to read in a terminal, to put into an issue, or to ask about. */
export function markdownOf({ title, errors, sections }: Details): string {
  return [
    `# ${title}`,
    ...errors.map((error, i) => (i === 0 ? describe(error) : `## Caused by ${error.name}\n\n${describe(error)}`)),
    ...sections.map(({ title: heading, entries }) =>
      [`## ${heading}\n`, ...entries.map(([name, value]) => `* ${name}: ${oneLine(value)}`)].join("\n"),
    ),
    "",
  ].join("\n\n");
}

function describe({ message, frames }: ShownError): string {
  const first = frames.find(({ kind, place }) => kind === "app" && place !== undefined && place.lines.length > 0);
  return [
    indented(message),
    ...(frames.length === 0 ? [] : [indented(frames.map(lineOf).join("\n"))]),
    ...(first === undefined ? [] : [codeOf(first)]),
  ].join("\n\n");
}

const lineOf = ({ name, kind, place }: Frame): string =>
  `${kind === "app" ? "" : `(${kind}) `}${place === undefined ? "" : `${place.shown}:${place.line}: `}${name}`;

function codeOf({ place }: Frame): string {
  if (place === undefined) return "";
  const width = String(place.line + place.lines.length).length;
  const lines = place.lines.map(
    ({ number, text }) => `${number === place.line ? ">" : " "} ${String(number).padStart(width)}  ${text}`,
  );
  return `${place.shown}:${place.line}\n\n${indented(lines.join("\n"))}`;
}

/** Code, in Markdown, of which nothing is markup. */
const indented = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ");
