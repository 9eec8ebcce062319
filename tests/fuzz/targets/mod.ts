/** Collects the fuzz targets of this folder's files in one list. */

import type { Target } from "../target.ts";
import { bencodeTargets } from "./bencode.ts";
import { controlTargets } from "./control.ts";
import { gateTargets } from "./gate.ts";
import { keyTargets } from "./keys.ts";
import { memberListTargets } from "./member_list.ts";
import { networkTargets } from "./network.ts";
import { packageTargets } from "./package.ts";
import { recordTargets } from "./records.ts";
import { rendezvousTargets } from "./rendezvous.ts";
import { routerTargets } from "./router.ts";
import { settingTargets } from "./settings.ts";
import { trustTargets } from "./trust.ts";
import { utpTargets } from "./utp.ts";

/** All fuzz targets, in the order in which a campaign runs them. */
export const targets: readonly Target[] = [
  ...bencodeTargets,
  ...recordTargets,
  ...rendezvousTargets,
  ...keyTargets,
  ...trustTargets,
  ...packageTargets,
  ...memberListTargets,
  ...networkTargets,
  ...routerTargets,
  ...settingTargets,
  ...controlTargets,
  ...gateTargets,
  ...utpTargets,
];
