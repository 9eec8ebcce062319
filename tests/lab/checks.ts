/**
 * All checks of the lab, in groups. `GROUP_test.ts` registers the checks of a group as tests, so that
 * groups run at the same time, but for the longest ones.
 *
 * @module
 */

import { bindingChecks } from "./binding_checks.ts";
import { clientChecks } from "./client_checks.ts";
import { holeChecks } from "./hole_checks.ts";
import { ipv6Checks } from "./ipv6_checks.ts";
import type { Lab } from "./lab.ts";
import { lanChecks } from "./lan_checks.ts";
import { mappingChecks } from "./mapping_checks.ts";
import { networkChecks } from "./network_checks.ts";
import { pinholeChecks } from "./pinhole_checks.ts";
import { reachabilityChecks } from "./reachability_checks.ts";
import { rendezvousChecks } from "./rendezvous_checks.ts";

/** The checks by group and name. Each takes a lab without hosts. */
export const checks = {
  binding: bindingChecks,
  client: clientChecks,
  hole: holeChecks,
  ipv6: ipv6Checks,
  lan: lanChecks,
  mapping: mappingChecks,
  network: networkChecks,
  pinhole: pinholeChecks,
  reachability: reachabilityChecks,
  rendezvous: rendezvousChecks,
} satisfies Record<string, Record<string, (lab: Lab) => Promise<void>>>;

/** Checks that mostly wait, for half a minute or more. `checks_long_test.ts` registers them. */
export const longChecks: ReadonlySet<string> = new Set([
  "a daemon that seeds nothing learns its address, although few nodes tell it",
  "a home whose router gets another address is found there, without a word from the machine",
  "a seeder with temporary addresses is known by its lasting one, and when that changes by the new one",
  "a reader behind a symmetric router is told that hole punching cannot help it",
  "in a home without the internet, transmission with local discovery reads from libreseed",
]);

/** Name of a group of checks. */
export type Group = keyof typeof checks;
