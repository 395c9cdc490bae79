import { checkArray, checkOptions } from "../../../runtime/checks.ts";
import { BadArgument } from "../../../runtime/errors.ts";
import { show } from "../../../runtime/inspect.ts";
import type { Conn } from "../../conn/conn.ts";
import { systemTime } from "../../conn/system-time.ts";
import { deriveKey, type KeyOptions } from "../../crypto/key-generator.ts";
import { decrypt, encrypt } from "../../crypto/message-encryptor.ts";
import { sign, verify } from "../../crypto/message-verifier.ts";
import { NO_SESSION, type SessionData, type SessionStore } from "./session-store.ts";

/** How sessions become text, if not as JSON. */
export interface SessionSerializer {
  encode(data: SessionData): string;
  /** Anything but an object is no session. */
  decode(text: string): unknown;
}

/** A salt, or what gives it when it is needed. */
type Salt = string | (() => string);

export interface SealOptions extends KeyOptions {
  /** The session is signed with it: readable for the client, who cannot change it. */
  readonly signingSalt?: Salt;
  /** The session is encrypted with it, which signs it, too. */
  readonly encryptionSalt?: Salt;
  /** Default: that of the server. At least 64 bytes. */
  readonly secretKeyBase?: string;
}

export interface CookieStoreOptions extends SealOptions {
  /** How long a session is good after it was last written, in seconds. Default: for ever. */
  readonly maxAge?: number;
  readonly serializer?: SessionSerializer;
  /** Other ways in which sessions may still be sealed, tried in order: those before a secret or a salt was changed. */
  readonly rotatingOptions?: readonly SealOptions[];
}

/** There is no id: the cookie is the session. */
const ID = "cookie";

/**
 * Keeps sessions in the cookie itself, signed or encrypted (Plug: `Plug.Session.COOKIE`). It may hold what JSON has, and
 * with all that belongs to it at most 4,096 bytes. It cannot be taken back: who has kept an old cookie has the old session.
 * Without a salt, or with a secret below 64 bytes, it is a `BadArgument`.
 *
 * @example
 * pipeline().plug(plug(Session, { store: cookieStore({ signingSalt: "Kx7v0lqN" }), key: "_chat" }))
 */
export function cookieStore(options: CookieStoreOptions): SessionStore {
  const { maxAge = Number.POSITIVE_INFINITY, serializer, rotatingOptions = [] } = checkOptions("cookieStore", options);
  checkSeal(options);
  for (const older of checkArray("cookieStore rotatingOptions", rotatingOptions)) checkSeal(older);
  if (serializer !== undefined) checkSerializer(serializer);
  return {
    get(conn, cookie) {
      for (const seal of [options, ...rotatingOptions]) {
        const found = open(conn, seal, cookie, maxAge);
        if (found !== undefined) return { id: ID, data: dataOf(serializer ? decode(serializer, found) : found) };
      }
      return NO_SESSION;
    },

    put(conn, _id, data) {
      const value = serializer === undefined ? data : serializer.encode(data);
      const { encryptionSalt, signingSalt } = options;
      const salt = saltOf(encryptionSalt ?? signingSalt);
      const seal = encryptionSalt === undefined ? sign : encrypt;
      return seal(secretOf(conn, options), salt, value, { ...options, maxAge, now: systemTime(conn.self) });
    },

    delete() {},
  };
}

function open(conn: Conn<any>, seal: SealOptions, cookie: string, maxAge: number): unknown {
  const salt = saltOf(seal.encryptionSalt ?? seal.signingSalt);
  const read = seal.encryptionSalt === undefined ? verify : decrypt;
  return read(secretOf(conn, seal), salt, cookie, { ...seal, maxAge, now: systemTime(conn.self) });
}

const secretOf = (conn: Conn<any>, { secretKeyBase }: SealOptions): string => secretKeyBase ?? conn.secretKeyBase;

const saltOf = (salt: Salt | undefined): string => (typeof salt === "function" ? salt() : (salt as string));

const dataOf = (value: unknown): SessionData =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as SessionData) : {};

/** A text that was written by another serializer, or an older version of it, is no session; it was sealed by us. */
function decode(serializer: SessionSerializer, text: unknown): unknown {
  try {
    return typeof text === "string" ? serializer.decode(text) : undefined;
  } catch {
    return undefined;
  }
}

/** With a secret and a salt of its own, the key is made now: what is wrong with them is wrong at the start. */
function checkSeal(seal: SealOptions): void {
  const { encryptionSalt, signingSalt, secretKeyBase } = checkOptions("cookieStore", seal);
  const salt = encryptionSalt ?? signingSalt;
  if (typeof salt !== "function" && (typeof salt !== "string" || salt === "")) {
    throw new BadArgument(`cookieStore: expected a signingSalt or an encryptionSalt (a string), got: ${show(salt)}`);
  }
  if (secretKeyBase !== undefined && typeof salt === "string") deriveKey(secretKeyBase, salt, seal);
}

function checkSerializer(serializer: SessionSerializer): void {
  if (typeof serializer?.encode === "function" && typeof serializer.decode === "function") return;
  throw new BadArgument(`cookieStore: expected a serializer with encode and decode, got: ${show(serializer)}`);
}
