export type { Channel } from "./channel.ts";
export type { CheckOrigin } from "./origin.ts";
export { type Broadcast, PubSub } from "./pubsub.ts";
export { Socket } from "./socket.ts";
export { type SocketOptions, socket, type UserSocket } from "./user-socket.ts";
