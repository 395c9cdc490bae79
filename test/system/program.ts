import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A program under test, as an operating system sees it: its output, its signals, its exit code. */
export class Program {
  readonly child: ChildProcess;
  output = "";
  private readonly ended: Promise<number | null>;
  private listeners: (() => void)[] = [];

  constructor(script: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
    const path = fileURLToPath(new URL(`../../${script}`, import.meta.url));
    this.child = spawn(process.execPath, ["--conditions=hornbeam-source", path, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        for (const look of this.listeners) look();
      });
    }
    this.ended = once(this.child, "close").then(([code]) => code as number | null);
  }

  /** Resolves when the output matches; rejects with all of it when the program ends before. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.output);
        if (match === null) return;
        this.listeners = this.listeners.filter((listener) => listener !== look);
        resolve(match);
      };
      this.listeners.push(look);
      this.ended.then((code) => reject(new Error(`ended with ${code} before ${pattern}:\n${this.output}`)));
      look();
    });
  }

  /** The port that the program says it listens on. */
  async port(): Promise<number> {
    const [, port] = await this.line(/listening on http:\/\/localhost:(\d+)/);
    return Number(port);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** The exit code; null when a signal ended it. */
  code(): Promise<number | null> {
    return this.ended;
  }

  /** For the end of a test, whatever became of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.ended;
  }
}
