/**
 * `libreseed pack DIR`: creates a signed, reproducible archive.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { formatBytes, homePaths, refuseEarlyClock } from "../../base/mod.ts";
import {
  agentKeyFlag,
  allowSecretFlag,
  defineCommand,
  switchFlag,
  textArgument,
  textFlag,
  webSeedFlag,
} from "../flags/command.ts";
import { archiveSettings } from "../flags/common_flags.ts";
import { webSeedsOf } from "../running/web_seeds.ts";
import { packageMagnet } from "../flags/package_magnet.ts";
import { sourceDateEpoch } from "../flags/source_date_epoch.ts";
import { printContents, warnOfContents } from "../running/contents.ts";
import { neverPacked } from "../running/never_packed.ts";
import { publisherSigner, warnIfRevoked } from "../running/publisher_key.ts";

type Flags = {
  name?: string;
  version?: string;
  out?: string;
  includeIgnored?: boolean;
  dryRun?: boolean;
  allowSecret?: readonly string[];
  webSeed?: readonly string[];
  key?: string;
};

export default defineCommand<Flags, [dir: string]>({
  description:
    "Name and version default to those in package.json or deno.json in DIR. The minimal manifest and " +
    "the torrent are written beside the archive. The same files always give the same archive.",
  examples: [
    "libreseed pack ./my-tool",
    "libreseed pack --dry-run ./my-tool",
    "libreseed pack ./site --name site --version 1.2.0 -o out/site-1.2.0.tgz",
  ],
  settings: ["home", "allow-local", ...archiveSettings],
  home: "existing",
  dryRunNeedsNoHome: true,
  parameters: {
    flags: {
      name: textFlag("NAME", "Name of the package"),
      version: textFlag("VERSION", "Version of the package"),
      out: textFlag("FILE", "Where to write the archive (default NAME-VERSION.tgz here)"),
      includeIgnored: switchFlag("Also pack files that ignore files and lists exclude"),
      dryRun: switchFlag("Only list the files that would be packed"),
      allowSecret: allowSecretFlag,
      webSeed: webSeedFlag,
      key: agentKeyFlag,
    },
    aliases: { o: "out" },
    positional: {
      kind: "tuple",
      parameters: [textArgument("DIR", "Directory to pack")],
    },
  },
  async run(given) {
    const { flags, args: [dir] } = given;
    const { name, version, out, includeIgnored, dryRun, allowSecret } = flags;
    const { output, io, settings } = given;
    const { values } = await settings();
    const webSeeds = webSeedsOf(flags.webSeed, values) ?? [];
    const { signal } = io;
    const { contentsOfSelection, archiveLimitsOf, listDirectory, packDirectory } = await import(
      "../../package/mod.ts"
    );
    const chosen = {
      dir,
      name,
      version,
      leaveOut: includeIgnored ? "nothing" : "rules",
      neverPack: neverPacked(values, io),
      describe: io.launcher.describe,
      allowSecrets: allowSecret,
      limits: archiveLimitsOf(values),
      signal,
    } as const;
    if (dryRun) return printContents(output, await listDirectory(chosen), dir);
    refuseEarlyClock(io.clock.now());
    const signer = await publisherSigner(io, values.home, flags.key);
    const bar = output.progress(basename(dir));
    const packed = await packDirectory({
      ...chosen,
      out: out === undefined ? undefined : resolve(io.cwd, out),
      outDir: io.cwd,
      stagingFor: io.stagingFor,
      placeFile: (staged, path) => io.launcher.placeFile(staged, path, true),
      startThread: io.launcher.startHelper,
      signer,
      webSeeds,
      timestampMs: io.clock.now(),
      sourceDateEpoch: sourceDateEpoch(io.env.SOURCE_DATE_EPOCH),
      onSelected: (selection) =>
        warnOfContents(output, contentsOfSelection(selection, allowSecret)),
      onProgress: ({ doneBytes, totalBytes }) => bar.update({ doneBytes, totalBytes }),
    }).finally(() => bar.end());
    for (const path of packed.skipped) output.detail(`left out ${path}`);
    const { archivePath, minimalPath, torrentPath, minimal } = packed;
    if (!allowSecret?.length) {
      const { noteSearched } = await import("../../store/mod.ts");
      try {
        noteSearched(homePaths(values.home).searched, minimal.archiveSha256);
      } catch (error) {
        // `publish` then searches the archive again.
        output.detail(String(error));
      }
    }
    await warnIfRevoked(signer, output);
    output.notice(`packed ${minimal.name}@${minimal.version}, ${formatBytes(minimal.length)}`);
    output.result({
      name: minimal.name,
      version: minimal.version,
      path: archivePath,
      minimal: minimalPath,
      torrent: torrentPath,
      sha256: minimal.archiveSha256.replace(/^sha256:/, ""),
      infohash: minimal.btih,
      length: minimal.length,
      ...(webSeeds.length > 0 && { webSeeds }),
      magnet: await packageMagnet(minimal, webSeeds),
    }, archivePath);
  },
});
