import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Endpoint, PeerData, SslData } from "../conn/adapter.ts";

// What adapters say of the socket below them.

const tlsOf = (socket: Socket): TLSSocket | undefined =>
  (socket as Partial<TLSSocket>).encrypted === true ? (socket as TLSSocket) : undefined;

export function peerOf(socket: Socket): PeerData {
  const certificate = tlsOf(socket)?.getPeerCertificate();
  return { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0, sslCert: certificate?.raw };
}

export const sockOf = (socket: Socket): Endpoint => ({
  address: socket.localAddress ?? "",
  port: socket.localPort ?? 0,
});

export function sslOf(socket: Socket): SslData | undefined {
  const tls = tlsOf(socket);
  if (tls === undefined) return undefined;
  return {
    protocol: tls.getProtocol() ?? "",
    cipher: tls.getCipher().name,
    alpn: typeof tls.alpnProtocol === "string" ? tls.alpnProtocol : undefined,
    serverName: (tls as { readonly servername?: string }).servername || undefined,
  };
}
