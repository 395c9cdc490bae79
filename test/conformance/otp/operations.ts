/** The operations of a table of fields by name: `{ link: { target: string } }` is `{ op: "link", target: string }`. */
export type Operation<Fields> = {
  [Name in keyof Fields]: { readonly op: Name } & Readonly<Fields[Name]>;
}[keyof Fields];

/** What each operation does. */
export type Table<Fields, Args extends readonly unknown[] = []> = {
  readonly [Name in keyof Fields]: (fields: Readonly<Fields[Name]>, ...args: Args) => unknown;
};

export function perform<Fields, Args extends readonly unknown[]>(
  table: Table<Fields, Args>,
  operation: Operation<Fields>,
  ...args: Args
): unknown {
  const action = table[operation.op] as ((fields: unknown, ...args: Args) => unknown) | undefined;
  if (action === undefined) throw new Error(`expected an operation that is replayed, got: ${String(operation.op)}`);
  return action(operation, ...args);
}
