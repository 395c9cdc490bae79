import { readFileSync } from "node:fs";
import type { TlsOptions as NodeTlsOptions } from "node:tls";
import { checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";

/** PEM text, bytes, or the path of a file that has them; or several. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[];

/** What `node:tls` takes, with files by their path, and presets (Plug: `Plug.SSL.configure/1`). */
export interface TlsOptions extends Omit<NodeTlsOptions, "key" | "cert" | "ca" | "pfx" | "ALPNProtocols"> {
  readonly key?: Pem;
  readonly cert?: Pem;
  readonly ca?: Pem;
  /** A PKCS #12 file with both, in place of `key` and `cert`. */
  readonly pfx?: Pem;
  /**
   * Which ciphers to offer: `"strong"` (TLS 1.3, and forward secrecy with authenticated encryption in 1.2) or
   * `"compatible"` (also those of TLS 1.2 that older clients need). `ciphers` and `minVersion` go before it. Default:
   * Node's own choice.
   */
  readonly cipherSuite?: "strong" | "compatible";
}

const STRONG = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
];

const OLDER = [
  "ECDHE-ECDSA-AES256-SHA384",
  "ECDHE-RSA-AES256-SHA384",
  "ECDHE-ECDSA-AES128-SHA256",
  "ECDHE-RSA-AES128-SHA256",
  "ECDHE-ECDSA-AES256-SHA",
  "ECDHE-RSA-AES256-SHA",
  "ECDHE-ECDSA-AES128-SHA",
  "ECDHE-RSA-AES128-SHA",
  "AES256-GCM-SHA384",
  "AES128-GCM-SHA256",
];

const SUITES: Readonly<Record<string, readonly string[]>> = { strong: STRONG, compatible: [...STRONG, ...OLDER] };

/** Checks the options of a server that speaks TLS. Throws BadArgument for what makes no sense. */
export function checkTls(options: TlsOptions): TlsOptions {
  const { key, cert, pfx, cipherSuite, SNICallback } = checkOptions("http: tls", options);
  if (pfx === undefined && SNICallback === undefined && (key === undefined || cert === undefined)) {
    const missing = key === undefined ? "key" : "cert";
    throw new BadArgument(`http: expected tls to have a key and a cert, or a pfx, got: no ${missing}`);
  }
  if (cipherSuite !== undefined && !Object.hasOwn(SUITES, cipherSuite)) {
    throw new BadArgument(`http: expected cipherSuite to be strong or compatible, got: ${show(cipherSuite)}`);
  }
  return options;
}

/** The options as `node:tls` takes them. Files are read here: at each start, so that a new certificate needs a restart only. */
export function nodeTls({ key, cert, ca, pfx, cipherSuite, ...rest }: TlsOptions): NodeTlsOptions {
  const suite =
    cipherSuite === undefined
      ? {}
      : {
          ciphers: (SUITES[cipherSuite] as readonly string[]).join(":"),
          minVersion: "TLSv1.2" as const,
          honorCipherOrder: true,
        };
  return {
    ...suite,
    ...rest,
    ...pems("key", key),
    ...pems("cert", cert),
    ...pems("ca", ca),
    ...pems("pfx", pfx),
  };
}

function pems<N extends string>(name: N, given: Pem | undefined): { [K in N]?: (string | Buffer)[] } {
  if (given === undefined) return {};
  const several = typeof given === "string" || given instanceof Uint8Array ? [given] : given;
  return { [name]: several.map((one) => pem(name, one)) } as { [K in N]: (string | Buffer)[] };
}

function pem(name: string, given: string | Uint8Array): string | Buffer {
  if (given instanceof Uint8Array) return Buffer.from(given);
  if (given.includes("-----BEGIN ")) return given;
  try {
    return readFileSync(given);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new BadArgument(
      `http: expected the ${name} of tls to be PEM or the path of a file, got: ${show(given)}; ${why}`,
    );
  }
}
