import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Pid } from "hornbeam";
import { GenStatem } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { puppet } from "../../runtime/support.ts";
import { reasonOf, type Scenario, scriptedModules } from "./scripted-statem.ts";

/** A scenario, and what OTP's gen_statem did: for each step the callbacks and replies, and in the end the exit reason. */
interface Document {
  readonly id: number;
  readonly scenario: Scenario;
  readonly trace: readonly (readonly Entry[])[];
}
type Entry = readonly [kind: string, ...rest: unknown[]];

/** What the recorder waits after each step. */
const SETTLE = 1500;

const RECORDING = fileURLToPath(new URL("recorded.jsonl.gz", import.meta.url));
const documents = gunzipSync(readFileSync(RECORDING))
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Document);

test("state machines do what OTP's gen_statem does: each recorded callback, in its order, with its state and data", async () => {
  const different: string[] = [];
  for (const document of documents) {
    const [got, expected] = [split(await replay(document.scenario)), split(document.trace)];
    if (JSON.stringify(got) === JSON.stringify(expected)) continue;
    different.push(
      `${document.id}: ${JSON.stringify(document.scenario)}\n  got      ${JSON.stringify(got)}\n  expected ${JSON.stringify(expected)}`,
    );
  }
  console.log(`gen_statem: ${documents.length - different.length} identical, ${different.length} different`);
  expect(different.length, different.slice(0, 3).join("\n")).toBe(0);
  expect(documents.length).toBeGreaterThanOrEqual(300);
}, 60_000);

/**
 * A reply settles a promise, which is seen when the machine gives way; so callbacks and replies are each in order, but
 * how they mix is not compared. Of two answers to one call the first is seen.
 */
function split(trace: readonly (readonly Entry[])[]): object {
  const answered = new Set<unknown>();
  const isReply = ([kind]: Entry) => kind === "reply";
  const isFirst = ([, caller]: Entry) => !answered.has(caller) && answered.add(caller) !== undefined;
  return trace.map((step) => ({
    callbacks: step.filter((entry) => !isReply(entry)),
    replies: step.filter((entry) => isReply(entry) && isFirst(entry)),
  }));
}

function replay(scenario: Scenario): Promise<readonly Entry[][]> {
  return inVirtualTime({ time: "manual" }, async (sim) => {
    let seen: Entry[] = [];
    let down: Entry = ["down", "killed"];
    const tell = (entry: readonly unknown[]): void => void seen.push(entry as Entry);
    const settle = async (): Promise<Entry[]> => {
      await sim.advance(SETTLE);
      const entries = seen;
      seen = [];
      return entries;
    };
    const modules = scriptedModules(scenario, tell);
    const driver = puppet(sim);
    sim.telemetry.on("process.exit", (_, { label, reason }) => {
      if (label.endsWith("machine")) down = ["down", reasonOf(reason)];
    });
    const start: (...args: any[]) => Promise<Pid> = GenStatem.start;
    const machine = await start(sim, modules[scenario.module], undefined, { label: "machine" });
    const trace = [await settle()];
    for (const op of scenario.ops) {
      await driver.does((self) => {
        if (op.op === "stop") return void GenStatem.stop(self, machine, op.reason).catch(() => {});
        for (const [kind, key, caller] of op.items) {
          if (kind === "cast") self.cast<any, string>(machine, key);
          else if (kind === "info") self.send(machine, key);
          else {
            self
              .with({ timeout: "infinity" })
              .call<any, string>(machine, key, caller)
              .then(
                (value) => tell(["reply", caller, value]),
                () => {},
              );
          }
        }
      });
      trace.push(await settle());
    }
    sim.kill(machine);
    return [...trace, [down]];
  });
}
