/**
 * Describes the peers at a publisher's rendezvous. What they say of themselves is marked as a claim.
 *
 * @module
 */

import { formatBytes, formatCount } from "../../base/mod.ts";
import type { FoundSeeders, HeardSeeder } from "../../fetching/mod.ts";
import { formatDuration, printable } from "./format.ts";

/** Maximum number of seeders in a text; `--json` has all. */
const MAX_LISTED = 10;
/** The longest uptime that is shown as such (s): a hundred years. A peer may claim any number. */
const MAX_UPTIME_SECONDS = 100 * 365 * 86_400;

/** Describes the peers in one line, and in a line each what they claim. */
export function describeSeeders(found: FoundSeeders | undefined): string[] {
  if (!found) return ["unknown: the rendezvous of the publisher could not be asked"];
  const { answered, seeders } = found;
  const more = seeders.length - MAX_LISTED;
  return [
    `${found.found} that the DHT names for the publisher, ${answered} answered` +
    (seeders.length > 0 ? "; they claim:" : ""),
    ...seeders.slice(0, MAX_LISTED).map(describeSeeder),
    ...(more > 0 ? [`… and ${more} more (--json lists all)`] : []),
  ];
}

function describeSeeder({ from, version, archives, bytes, uptimeSeconds }: HeardSeeder): string {
  const uptime = uptimeSeconds > MAX_UPTIME_SECONDS
    ? "more than a hundred years"
    : formatDuration(uptimeSeconds * 1_000);
  return `${printable(from)}  libreseed ${version ?? "of unknown version"}, ${
    formatCount(archives, "archive")
  }, ${formatBytes(bytes)}, up ${uptime}`;
}
