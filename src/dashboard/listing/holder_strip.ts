/**
 * The strip of a record: one cell for each DHT node that was asked to hold it, at the last announcement.
 *
 * @module
 */

/** Kind of a cell: the node holds the record, it answered without holding it, or it did not answer. */
export type HolderCell = "holds" | "answered" | "silent";

/** Counts of a record's last announcement, from `RecordJson`. */
export interface HolderCounts {
  holding: number;
  asked: number;
  responded: number;
}

/** Maximum number of cells; more nodes than that share cells. */
export const MAX_CELLS = 24;

/** Makes the cells of a strip: those that hold the record first. No cells if no node was asked. */
export function holderCellsOf(counts: HolderCounts): HolderCell[] {
  const { holding, answered, silent, asked } = partsOf(counts);
  const cells = Math.min(asked, MAX_CELLS);
  // A few nodes among many still get a cell of their own: one node that is missing must be seen.
  const share = (count: number) => count === 0 ? 0 : Math.max(1, Math.floor(count * cells / asked));
  const others = share(answered) + share(silent);
  return [
    ...Array<HolderCell>(holding === 0 ? 0 : Math.max(1, cells - others)).fill("holds"),
    ...Array<HolderCell>(holding === 0 ? cells - share(silent) : share(answered)).fill("answered"),
    ...Array<HolderCell>(share(silent)).fill("silent"),
  ].slice(0, cells);
}

/** Describes a strip in words, for screen readers and as its tooltip. */
export function holderWords(counts: HolderCounts): string {
  const { holding, answered, silent, asked } = partsOf(counts);
  if (asked === 0) return "Not announced yet";
  const words = [`${holding} of ${asked} nodes hold it`];
  if (answered > 0) words.push(`${answered} answered without it`);
  if (silent > 0) words.push(`${silent} did not answer`);
  return words.join(", ");
}

/** Splits the asked nodes; counts that contradict each other are cut, so that the parts add up to `asked`. */
function partsOf({ holding, asked, responded }: HolderCounts) {
  const held = Math.min(holding, asked);
  const answered = Math.max(0, Math.min(responded, asked) - held);
  return { asked, holding: held, answered, silent: asked - held - answered };
}
