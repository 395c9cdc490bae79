import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Pid, type Self, system } from "hornbeam";
import { deleteUpload, giveAway, Parsers, pipeline, plug, temporaryFile, Upload } from "hornbeam/http";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { FORM_DATA, file, formData } from "./form-data.ts";
import { serving } from "./support.ts";

/** A process that owns a temporary file, and then waits. */
async function owner(sim: VirtualSystem, prefix?: string): Promise<{ readonly pid: Pid; readonly path: string }> {
  let path = "";
  const pid = sim.spawn((self: Self) => {
    path = temporaryFile(self, prefix);
    return self.receive();
  });
  await sim.idle();
  expect(existsSync(path)).toBe(true);
  return { pid, path };
}

/** Whether the system is still at a file, which may appear only then. */
const isWriting = (): boolean => process.getActiveResourcesInfo().some((kind) => kind.startsWith("FSReq"));

const idler = (sim: VirtualSystem): Pid => sim.spawn((self: Self) => self.receive());

describe("a temporary file is gone", () => {
  test.each([
    ["has come to its end", (sim: VirtualSystem, pid: Pid) => sim.send(pid, "go on")],
    ["was told to stop", (sim: VirtualSystem, pid: Pid) => sim.exit(pid, "shutdown")],
    ["has crashed", (sim: VirtualSystem, pid: Pid) => sim.exit(pid, new Error("boom"))],
    ["was killed", (sim: VirtualSystem, pid: Pid) => sim.exit(pid, "kill")],
  ])("when its owner %s, before anybody hears of that", (_, end) =>
    inVirtualTime(async (sim) => {
      const { pid, path } = await owner(sim);
      let there: boolean | undefined;
      sim.spawn(async (self: Self) => {
        self.monitor(pid);
        await self.receive();
        there = existsSync(path);
      });
      await sim.idle();
      end(sim, pid);
      await sim.idle();
      expect(there).toBe(false);
    }),
  );

  test("when it is deleted before, which is done once", () =>
    inVirtualTime(async (sim) => {
      const { pid, path } = await owner(sim);
      expect([deleteUpload(path), existsSync(path)]).toEqual([true, false]);
      writeFileSync(path, "somebody else's");
      expect(deleteUpload(path)).toBe(false);
      sim.exit(pid, "kill");
      await sim.idle();
      expect(existsSync(path)).toBe(true);
      rmSync(path);
    }));

  test("when the system stops, with the folder of all of them", async () => {
    const world = system({ reports: false });
    const paths: string[] = [];
    for (let i = 0; i < 3; i++) {
      world.spawn((self: Self) => {
        self.trapExit = true;
        paths.push(temporaryFile(self));
        return new Promise(() => {});
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(paths.map((path) => existsSync(path))).toEqual([true, true, true]);
    expect(new Set(paths.map((path) => dirname(path))).size).toBe(1);
    await world.stop();
    expect(existsSync(dirname(paths[0] as string))).toBe(false);
  });

  test("and no others: not even those of other owners in the same folder", () =>
    inVirtualTime(async (sim) => {
      const [one, other] = [await owner(sim, "a"), await owner(sim, "a")];
      expect(one.path).not.toBe(other.path);
      sim.exit(one.pid, "kill");
      await sim.idle();
      expect([existsSync(one.path), existsSync(other.path)]).toEqual([false, true]);
    }));

  test("and its owner goes on if somebody else has moved it away", () =>
    inVirtualTime(async (sim) => {
      const { pid, path } = await owner(sim);
      const folder = await mkdtemp(join(tmpdir(), "hornbeam-kept-"));
      await rename(path, join(folder, "kept"));
      sim.exit(pid, "kill");
      await sim.idle();
      expect(existsSync(join(folder, "kept"))).toBe(true);
      await rm(folder, { recursive: true });
    }));
});

describe("a file that is given away", () => {
  test.each([
    ["its path", (path: string) => path],
    ["an upload", (path: string) => new Upload(path, "a.txt", undefined, 0)],
  ])("by %s stays when its first owner ends, and goes with the new one", (_, what) =>
    inVirtualTime(async (sim) => {
      const { pid, path } = await owner(sim);
      const other = idler(sim);
      expect(giveAway(what(path), other)).toBe(true);
      sim.exit(pid, "kill");
      await sim.idle();
      expect(existsSync(path)).toBe(true);
      sim.exit(other, "kill");
      await sim.idle();
      expect(existsSync(path)).toBe(false);
    }),
  );

  test("can be given on", () =>
    inVirtualTime(async (sim) => {
      const { path } = await owner(sim);
      const [second, third] = [idler(sim), idler(sim)];
      giveAway(path, second);
      giveAway(path, third);
      sim.exit(second, "kill");
      await sim.idle();
      expect(existsSync(path)).toBe(true);
      sim.exit(third, "kill");
      await sim.idle();
      expect(existsSync(path)).toBe(false);
    }));

  test("to a process that has ended is gone at once", () =>
    inVirtualTime(async (sim) => {
      const { path } = await owner(sim);
      const dead = idler(sim);
      sim.exit(dead, "kill");
      await sim.idle();
      expect([giveAway(path, dead), existsSync(path)]).toEqual([true, false]);
    }));

  test("must be one that there is", () =>
    inVirtualTime(async (sim) => {
      const { path } = await owner(sim);
      deleteUpload(path);
      expect([giveAway(path, idler(sim)), giveAway("/etc/passwd", idler(sim))]).toEqual([false, false]);
    }));
});

test("a system whose folder was cleared away makes another one", () =>
  inVirtualTime(async (sim) => {
    const { path } = await owner(sim);
    rmSync(dirname(path), { recursive: true });
    const again = await owner(sim);
    expect(dirname(again.path)).not.toBe(dirname(path));
  }));

describe("an upload goes with its request", () => {
  const body = formData(file("f", "f.txt", "x".repeat(300_000)));
  const head = (length = body.length) => [`Content-Type: ${FORM_DATA}`, `Content-Length: ${length}`];
  /** A folder of its own for the uploads of a test. */
  const within = async (look: (dir: string, left: () => string[]) => Promise<void>) => {
    const dir = mkdtempSync(join(tmpdir(), "hornbeam-uploads-"));
    await look(dir, () => readdirSync(dir).flatMap((folder) => readdirSync(join(dir, folder))));
    expect(readdirSync(dir)).toEqual([]);
    rmSync(dir, { recursive: true });
  };
  const site = (uploadDir: string, last: (upload: Upload, self: Self) => unknown) =>
    pipeline()
      .plug(plug(Parsers, { parsers: ["multipart"], multipart: { uploadDir } }))
      .plug(async (conn) => {
        await last(conn.bodyParams.f as Upload, conn.self);
        return conn.text("done");
      });

  test("while the connection stays open for others", () =>
    within(async (dir, left) => {
      const sizes: number[] = [];
      const plug = site(dir, ({ size }) => sizes.push(left().length, size));
      await serving({ plug }, async (live) => {
        const client = await live.connect();
        for (let i = 0; i < 2; i++) {
          client.request("POST", "/", head()).socket.write(body);
          expect((await client.answer()).body).toBe("done");
          await live.sim.idle();
          expect(left()).toEqual([]);
        }
        expect(sizes).toEqual([1, 300_000, 1, 300_000]);
      });
    }));

  test("and outlives it, when it is given to a process that does", () =>
    within(async (dir, left) => {
      let keeper: Pid;
      await serving({ plug: site(dir, (upload) => giveAway(upload, keeper)) }, async (live) => {
        keeper = live.sim.spawn((self: Self) => self.receive());
        const client = await live.connect();
        client.request("POST", "/", head()).socket.write(body);
        await client.answer();
        await live.sim.idle();
        expect(left()).toHaveLength(1);
        live.sim.exit(keeper, "shutdown");
        await live.sim.idle();
        expect(left()).toEqual([]);
      });
    }));

  test("when its client goes away while it is sent", () =>
    within(async (dir, left) => {
      await serving({ plug: site(dir, () => {}) }, async (live) => {
        const client = await live.connect();
        client.request("POST", "/", head()).socket.write(body.subarray(0, 200_000));
        const { pid } = await live.next("http.request.start");
        while (left().length === 0) await live.sim.idle();
        const end = live.ended(pid);
        client.reset();
        await end;
        expect(left()).toEqual([]);
      });
    }));

  test("when it is killed at any point, and it is not told of as a zombie", () =>
    within(async (dir, left) => {
      await serving({ plug: site(dir, () => {}) }, async (live) => {
        const zombies: unknown[] = [];
        live.sim.telemetry.on("process.zombie", (_, report) => void zombies.push(report));
        for (let turns = 0; turns < 20; turns++) {
          const client = await live.connect();
          client.request("POST", "/", head()).socket.write(body.subarray(0, 200_000));
          const { pid } = await live.next("http.request.start");
          for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
          live.sim.exit(pid, "kill");
          await live.sim.idle();
          // What it had begun to do with its file comes to an end, when the system has done it.
          for (let turn = 0; turn < 20_000 && (isWriting() || left().length > 0); turn++) await live.sim.idle();
          expect(left()).toEqual([]);
        }
        expect(zombies).toEqual([]);
      });
    }));
});
