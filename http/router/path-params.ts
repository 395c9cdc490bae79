// What the type of a path literal knows: its parameters, and where a scope puts it.

/** A parameter's name ends where its suffix begins, at the first character that no word has: `file-:id.json`. */
type Name<Text extends string> = Text extends `${infer Char}${infer Rest}`
  ? IsWord<Char> extends true
    ? `${Char}${Name<Rest>}`
    : ""
  : "";
type IsWord<Char extends string> =
  Lowercase<Char> extends Uppercase<Char> ? (Char extends `${number}` | "_" ? true : false) : true;
/** What follows the mark that is not escaped. */
type Part<Segment extends string, Mark extends string> = Segment extends `${infer Before}${Mark}${infer After}`
  ? Before extends `${string}\\`
    ? Part<After, Mark>
    : Name<After>
  : never;
type Parts<Path extends string, Mark extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? Part<Segment, Mark> | Parts<Rest, Mark>
  : Part<Path, Mark>;

/** The parameters that a path literal has: strings, and the segments of a `*rest`. Names that begin with `_` match only. */
export type PathParams<Path extends string> = { readonly [K in Exclude<Parts<Path, ":">, `_${string}`>]: string } & {
  readonly [K in Exclude<Parts<Path, "*">, `_${string}`>]: readonly string[];
};

/** What a path is made of again: also the parameters that are matched only; numbers are written out. */
export type GivenParams<Path extends string> = { readonly [K in Parts<Path, ":">]: string | number | bigint } & {
  readonly [K in Parts<Path, "*">]: readonly (string | number | bigint)[];
};

/** Where a scope or a router at `Base` puts a path. */
export type Joined<Base extends string, Path extends string> = Path extends "/"
  ? Base extends ""
    ? "/"
    : Base
  : `${Base}${Path}`;

/** The base of what is in a scope at `Path`. */
export type Below<Base extends string, Path extends string> = Path extends `${infer Start}/`
  ? `${Base}${Start}`
  : `${Base}${Path}`;
