import { type WebSocket, WebSocketServer } from "ws";
import type { Upgrade } from "../http/server/socket-handler.ts";
import { type Accept, Gone, type Wire } from "./wire.ts";

export interface WebSocketLimits {
  /** The largest message a client may send, in bytes; larger ones close the connection with 1009. */
  readonly maxFrameSize: number;
  /** How many bytes may wait for a client that does not read, before it is cut off with 1013. */
  readonly maxBuffer: number;
}

/** Why a request cannot become a WebSocket (RFC 6455 §4.2.1), or undefined. */
export function refuseUpgrade(method: string, header: (name: string) => string | undefined): string | undefined {
  if (method !== "GET") return "expected the method GET";
  if (header("upgrade")?.toLowerCase() !== "websocket") return "expected the header Upgrade: websocket";
  if (!KEY.test(header("sec-websocket-key") ?? "")) return "expected a Sec-WebSocket-Key of 16 bytes in base64";
  if (header("sec-websocket-version") !== "13") return "expected Sec-WebSocket-Version 13";
  return undefined;
}

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** The WebSockets of one mount. */
export function webSockets({ maxFrameSize, maxBuffer }: WebSocketLimits): (upgrade: Upgrade) => Accept {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxFrameSize, clientTracking: false });
  return ({ request, socket, head }) =>
    (events) => {
      let accepted: WebSocket | undefined;
      server.handleUpgrade(request, socket, head, (webSocket) => {
        accepted = webSocket;
      });
      if (accepted === undefined) throw new Gone("the client hung up during the handshake");
      const webSocket = accepted;
      webSocket.on("message", (data, isBinary) => {
        events.alive();
        if (isBinary) events.binary();
        else events.text(String(data));
      });
      webSocket.on("ping", () => events.alive());
      webSocket.on("pong", () => events.alive());
      webSocket.on("close", () => events.closed());
      // The close that follows an error is what counts: bad frames, resets and the like are the client's doing.
      webSocket.on("error", () => {});
      return wireOf(webSocket, maxBuffer);
    };
}

const OPEN = 1;

function wireOf(webSocket: WebSocket, maxBuffer: number): Wire {
  return {
    send: (frame) => {
      if (webSocket.readyState !== OPEN) return;
      webSocket.send(frame, { binary: false });
      if (webSocket.bufferedAmount > maxBuffer) {
        webSocket.close(1013, "the client does not read");
        webSocket.terminate();
      }
    },
    close: (code, reason) => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
  };
}
