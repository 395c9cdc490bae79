import { type Channel, Socket } from "phoenix";

interface Line {
  readonly from: string;
  readonly text: string;
}

/** A visitor with the official client, who does what the page does: joins again whenever the room has gone. */
export class ChatClient {
  readonly heard: string[] = [];
  joined = false;
  private readonly socket: Socket;
  private readonly topic: string;
  private readonly user: string;
  private channel: Channel;

  constructor(port: number, user: string, topic: string) {
    this.user = user;
    this.topic = topic;
    this.socket = new Socket(`ws://127.0.0.1:${port}/socket`, {
      params: { user },
      transport: WebSocket,
      reconnectAfterMs: () => 10,
      rejoinAfterMs: () => 10,
      timeout: 2000,
    });
    this.socket.connect();
    this.channel = this.join();
  }

  private join(): Channel {
    const channel = this.socket.channel(this.topic, { user: this.user });
    channel.on("said", ({ text }: Line) => void this.heard.push(text));
    channel.onError(() => {
      if (this.channel === channel) this.joined = false;
    });
    channel.onClose(() => {
      if (this.channel !== channel) return;
      this.joined = false;
      this.channel = this.join();
    });
    channel.join().receive("ok", () => {
      this.joined = true;
    });
    return channel;
  }

  say(text: string): void {
    this.channel.push("say", { text });
  }

  leave(): Promise<void> {
    return new Promise((resolve) => this.socket.disconnect(() => resolve()));
  }
}
