/**
 * Chooses the nodes that should hold a record, among those that answered a lookup.
 *
 * @module
 */

import { fitsAddress } from "../../reachability/mod.ts";
import type { LookupAnswer } from "./lookup.ts";

/**
 * Answers among which nodes whose ids fit are preferred, as a multiple of the number of holders. A
 * lookup gets some three times as many answers as it needs, also where an attacker has the closest ids.
 */
const WINDOW = 4;

/**
 * Sorts the answers of a lookup by preference. Of the 4 × `count` closest nodes those whose ids fit
 * their addresses (BEP 42) come first, then the others; the nodes farther away follow. So an attacker
 * needs addresses, and not only ids, to hold all copies of a record.
 *
 * @param answers answers of the lookup, closest first
 * @param count number of nodes that should hold the record
 */
export function preferFitting(answers: readonly LookupAnswer[], count: number): LookupAnswer[] {
  const near = answers.slice(0, WINDOW * count);
  const fits = ({ contact }: LookupAnswer) => fitsAddress(contact.id, contact.host);
  return [
    ...near.filter(fits),
    ...near.filter((answer) => !fits(answer)),
    ...answers.slice(WINDOW * count),
  ];
}
