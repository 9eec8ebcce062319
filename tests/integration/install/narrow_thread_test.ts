/**
 * Installing, linking and pruning in a thread that may write in the store only. The links are made
 * by the launcher's code in the main thread, which checks each request.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type ErrorData, errorFromData, errorToData } from "../../../src/base/mod.ts";
import { saveToLock } from "../../../src/install/project_lock.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { checkLink, type LinkGrants, makeLink } from "../../../src/launcher/links.ts";
import { type MinimalManifest, packDirectory } from "../../../src/package/mod.ts";
import { PackageStore } from "../../../src/store/mod.ts";
import { temporaryHome } from "../../support/mod.ts";
import type { Work } from "./narrow_thread.ts";

const signer = keyPairFromSeed(new Uint8Array(32).fill(31));

type WithoutId<T> = T extends unknown ? Omit<T, "id" | "store"> : never;
type FromThread =
  | { kind: "ready" }
  | { kind: "link"; id: number; target: string; path: string }
  | { kind: "done"; id: number; value: unknown }
  | { kind: "failed"; id: number; error: ErrorData };

/** A thread with few permissions, and the launcher's side of its requests. */
class NarrowThread implements Disposable {
  readonly #worker: Worker;
  readonly #grants: LinkGrants;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ready = Promise.withResolvers<void>();
  #lastId = 0;

  constructor(grants: LinkGrants & { storePath: string }, read: string[]) {
    this.#grants = grants;
    this.#worker = new Worker(new URL("narrow_thread.ts", import.meta.url), {
      type: "module",
      deno: {
        permissions: {
          read: [grants.storePath, ...read],
          write: [grants.storePath],
          ...{ net: false, env: false, sys: ["uid", "statfs"], run: false, ffi: false },
        },
      },
    });
    this.#worker.addEventListener("message", ({ data }) => this.#hear(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#ready.reject(new Error(event.message));
      for (const one of this.#waiting.values()) one.reject(new Error(event.message));
    });
  }

  async do<T>(work: WithoutId<Work>): Promise<T> {
    await this.#ready.promise;
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ ...work, id, store: this.#grants.storePath });
    return await waiting.promise as T;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  async #hear(message: FromThread): Promise<void> {
    if (message.kind === "ready") return this.#ready.resolve();
    const { id } = message;
    if (message.kind === "done") return this.#waiting.get(id)!.resolve(message.value);
    if (message.kind === "failed") {
      return this.#waiting.get(id)!.reject(errorFromData(message.error));
    }
    const { target, path } = message;
    try {
      await checkLink(this.#grants, target, path);
      await makeLink(target, path);
      this.#worker.postMessage({ kind: "linked", id });
    } catch (error) {
      this.#worker.postMessage({ kind: "linked", id, error: errorToData(error) });
    }
  }
}

async function pack(
  home: string,
  spec: string,
  dependencies = {},
): Promise<{ minimal: MinimalManifest; archive: string }> {
  const at = spec.lastIndexOf("@");
  const [name, version] = [spec.slice(0, at), spec.slice(at + 1)];
  const dir = await Deno.makeTempDir({ dir: home, prefix: "source-" });
  const about = { name, version, libreseed: { dependencies } };
  await Deno.writeTextFile(join(dir, "package.json"), JSON.stringify(about));
  const { archivePath, minimal } = await packDirectory({
    dir,
    outDir: join(home, "archives"),
    signer,
    timestampMs: 1_700_000_000_000,
  });
  return { minimal, archive: archivePath };
}

Deno.test("a thread that may write in the store only installs, links, prunes and uninstalls", async () => {
  await using temporary = await temporaryHome();
  const home = await Deno.realPath(temporary.path);
  const [archives, project] = [join(home, "archives"), join(home, "project")];
  for (const path of [archives, project]) await Deno.mkdir(path);
  const packages = [
    await pack(home, "@s/lib@1.0.0"),
    await pack(home, "app@1.0.0", { "@s/lib": "1.0.0" }),
    await pack(home, "app@2.0.0", { "@s/lib": "1.0.0" }),
    await pack(home, "locked@1.0.0"),
  ];
  const storePath = join(home, "packages");
  const link = join(project, "node_modules", "app");
  const lockPath = join(project, "libreseed.lock.json");
  using thread = new NarrowThread({ storePath, links: [link] }, [archives, link, lockPath]);

  const paths: string[] = [];
  for (const spec of ["app@1.0.0", "app@2.0.0", "locked@1.0.0"]) {
    paths.push(...await thread.do<string[]>({ what: "install", spec, packages }));
  }
  const lib = await Deno.realPath(join(paths[0]!, "../node_modules/@s/lib"));
  assert.equal(
    await Deno.readTextFile(join(lib, "package.json")).then(JSON.parse).then(({ name }) => name),
    "@s/lib",
  );

  await assert.rejects(thread.do({ what: "make link", target: lib, path: join(storePath, "own") }));
  for (
    const [spec, before] of [["app@1.0.0", "nothing"], ["app@1.0.0", "same"], [
      "app@2.0.0",
      "other",
    ]]
  ) {
    const linked = await thread.do<{ before: string }>({
      what: "link",
      spec: spec!,
      directory: project,
    });
    assert.equal(linked.before, before);
  }
  assert.equal(await Deno.readLink(link), paths[1]);
  await assert.rejects(
    thread.do({ what: "link", spec: "app@1.0.0", directory: project, to: join(home, "elsewhere") }),
    { code: "LINK_FAILED" },
  );
  await assert.rejects(Deno.lstat(join(home, "elsewhere")), Deno.errors.NotFound);

  // The lock file is written by the main thread, for only linking is tried here.
  const store = new PackageStore(storePath, makeLink);
  const { minimal } = packages[3]!;
  const ref = `${minimal.pubkey}/locked@1.0.0`;
  await saveToLock(store, { lockPath }, {
    direct: [{ requirement: { name: "locked" }, ref }],
    nodes: new Map([[ref, { minimal, edges: [] }]]),
  });
  const needed: Record<string, string[]> = {};
  for (const spec of ["app@1.0.0", "app@2.0.0", "locked@1.0.0"]) {
    needed[spec] = await thread.do<string[]>({ what: "uninstall", spec });
  }
  assert.deepEqual(needed, {
    "app@1.0.0": [],
    "app@2.0.0": [`link ${link}`],
    "locked@1.0.0": [lockPath],
  });
  assert.deepEqual(await thread.do({ what: "prune" }), []);
  await Deno.remove(link);
  assert.deepEqual((await thread.do<string[]>({ what: "prune" })).sort(), [
    "@s/lib@1.0.0",
    "app@2.0.0",
  ]);
  assert.deepEqual((await store.list()).map(({ path }) => path), [paths[2]]);
});

Deno.test("prune in a thread that may not read a registered lock file fails, and removes nothing", async () => {
  await using temporary = await temporaryHome();
  const home = await Deno.realPath(temporary.path);
  await Deno.mkdir(join(home, "archives"));
  const packages = [await pack(home, "app@1.0.0")];
  const storePath = join(home, "packages");
  using thread = new NarrowThread({ storePath, links: [] }, [join(home, "archives")]);
  await thread.do({ what: "install", spec: "app@1.0.0", packages });
  const store = new PackageStore(storePath, makeLink);
  await store.setDirect((await store.list())[0]!, false);
  for (const root of ["libreseed.lock.json", "link"]) {
    await Deno.symlink((await store.list())[0]!.path, join(home, "link")).catch(() => {});
    await store.roots.add(join(home, root));
    await assert.rejects(thread.do({ what: "prune" }));
    await store.roots.delete(join(home, root));
  }
  assert.equal((await store.list()).length, 1);
});
