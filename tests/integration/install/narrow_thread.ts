/**
 * The thread of `narrow_thread_test.ts`: installs, links and prunes packages as commands do. Asks the
 * other thread for each symbolic link.
 *
 * @module
 */

import { errorFromData, errorToData, NO_FLAGS } from "../../../src/base/mod.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { install } from "../../../src/install/install.ts";
import { linkPackage } from "../../../src/install/link.ts";
import { pruneStore, uninstall } from "../../../src/install/prune.ts";
import { defaultArchiveLimits, type MinimalManifest } from "../../../src/package/mod.ts";
import { PackageStore } from "../../../src/store/mod.ts";

/** A piece of work for the thread; the answer has the same `id`. */
export type Work =
  & { id: number; store: string }
  & (
    | { what: "install"; spec: string; packages: { minimal: MinimalManifest; archive: string }[] }
    | { what: "link"; spec: string; directory: string; to?: string }
    | { what: "uninstall"; spec: string }
    | { what: "prune" }
    | { what: "make link"; target: string; path: string }
  );

const asked = new Map<number, PromiseWithResolvers<void>>();
let lastId = 0;

function makeLink(target: string, path: string): Promise<void> {
  const waiting = Promise.withResolvers<void>();
  asked.set(++lastId, waiting);
  self.postMessage({ kind: "link", id: lastId, target, path });
  return waiting.promise;
}

async function work(given: Work): Promise<unknown> {
  const store = new PackageStore(given.store, makeLink);
  if (given.what === "make link") return await Deno.symlink(given.target, given.path);
  if (given.what === "prune") {
    return (await pruneStore(store)).removed.map((one) => one.problem ?? nameOf(one));
  }
  const requirement = parseRequirement(given.spec);
  if (given.what === "uninstall") return (await uninstall(store, requirement)).neededBy;
  if (given.what === "link") {
    const { directory, to } = given;
    return await linkPackage(store, { requirement, directory, ...(to !== undefined && { to }) });
  }
  const { packages } = given;
  const { direct } = await install({
    store,
    limits: defaultArchiveLimits,
    resolve: ({ name, range }) => {
      const fits = packages.findLast(({ minimal }) =>
        minimal.name === name && (range === "*" || range === minimal.version)
      );
      return Promise.resolve({ minimal: fits!.minimal, skipped: [], flags: NO_FLAGS });
    },
    fetch: (minimal) =>
      Promise.resolve({
        archivePath: packages.find((one) => one.minimal.btih === minimal.btih)!.archive,
      }),
  }, { requirements: [requirement], direct: true });
  return direct.map(({ path }) => path);
}

function nameOf({ minimal: { name, version } }: { minimal: MinimalManifest }): string {
  return `${name}@${version}`;
}

self.addEventListener("message", async (event) => {
  const { data } = event as MessageEvent;
  if (data.kind === "linked") {
    if (data.error) asked.get(data.id)!.reject(errorFromData(data.error));
    else asked.get(data.id)!.resolve();
    return;
  }
  const { id } = data as Work;
  try {
    self.postMessage({ kind: "done", id, value: await work(data) });
  } catch (error) {
    self.postMessage({ kind: "failed", id, error: errorToData(error) });
  }
});
self.postMessage({ kind: "ready" });
