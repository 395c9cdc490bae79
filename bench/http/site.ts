// What every implementation serves, each site in a process of its own:
//
//   hello   GET /hello          the text "hello", behind three plugs: a request id, an assign, the router
//   users   GET /users/:id      {"id":id,"name":"user","steps":10}, behind ten plugs that set a key each
//   api     POST /users/:id     the same, with the name that the JSON body says
//
// A peer has its own idiom for a plug; raw node:http has none in hello, and ten functions in the others.

export const SITES = ["hello", "users", "api"] as const;
export type Site = (typeof SITES)[number];

/** Each starts a server, and tells its port. */
export type Sites = Readonly<Record<Site, () => Promise<number>>>;

export const HOST = "127.0.0.1";
export const TEXT = "text/plain; charset=utf-8";
export const JSON_TYPE = "application/json; charset=utf-8";
/** The longest body that is read, in bytes. */
export const LIMIT = 100_000;

/** The keys that the ten plugs set. */
export const STEPS: readonly string[] = Array.from({ length: 10 }, (_, i) => `step${i + 1}`);

/** How many of them are set. */
export function stepsIn(context: object): number {
  const keys = context as Readonly<Record<string, unknown>>;
  let count = 0;
  for (const step of STEPS) if (keys[step] === 1) count++;
  return count;
}

const USER = {
  name: "Ada Lovelace",
  email: "ada@example.com",
  admin: false,
  tags: ["mathematics", "engines"],
  address: { street: "12 St James's Square", city: "London", country: "United Kingdom" },
  age: 36,
};

/** What connection `n` asks a site for, and the body of the answer. */
export function exchangeOf(site: Site, n: number): { readonly request: string; readonly answer: string } {
  const id = String(1000 + n);
  if (site === "hello") return { request: requestOf("GET", "/hello"), answer: "hello" };
  const name = site === "users" ? "user" : USER.name;
  const answer = JSON.stringify({ id, name, steps: STEPS.length });
  if (site === "users") return { request: requestOf("GET", `/users/${id}`), answer };
  return { request: requestOf("POST", `/users/${id}`, JSON.stringify(USER)), answer };
}

function requestOf(method: string, path: string, body?: string): string {
  const about = body === undefined ? "" : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${about}\r\n${body ?? ""}`;
}
