/**
 * Resolves requirements to a graph of packages, breadth first. Bounds stop a package whose dependencies
 * explode. The caller hands in how a package is found and fetched. Cycles are allowed, since no code of
 * a package runs during installation.
 *
 * @module
 */

import { eachLimited, LibreseedError } from "../base/mod.ts";
import {
  formatRequirement,
  packageRef,
  parseRequirement,
  rangesIntersect,
  type Requirement,
  requirementKey,
  satisfiesRange,
} from "../fetching/mod.ts";
import { type MinimalManifest, verifyMinimalSignature } from "../package/mod.ts";
import {
  deduplicate,
  type Graph,
  type GraphEdge,
  type GraphNode,
  highestFirst,
  label,
} from "./dependency_graph.ts";
import { InstallError } from "./errors.ts";

/** The source of packages. */
export interface GraphSource {
  /** Finds the highest version that satisfies the range. */
  resolve(wanted: Requirement, signal: AbortSignal): Promise<MinimalManifest>;
  /** Fetches a package and returns its signed dependencies: ranges by `[KEY/]NAME`. */
  load(minimal: MinimalManifest, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * A package that satisfies the requirement without a lookup, if there is one.
   *
   * @param parent package that has the requirement; absent for one of the user
   */
  known(wanted: Requirement, parent?: MinimalManifest): Promise<MinimalManifest | undefined>;
}

/** Limits of one installation. */
export interface GraphBounds {
  /** Number of packages, counting those that deduplication removes. */
  maxPackages: number;
  /** Steps from a requirement of the user to the farthest package. */
  maxDepth: number;
  /** Sum of the entries in `dependencies` over all packages. */
  maxRequirements: number;
}

/** Default limits; real projects stay far below them. */
export const graphBounds: GraphBounds = {
  maxPackages: 1_000,
  maxDepth: 64,
  maxRequirements: 50_000,
};

/** Packages resolved concurrently; reading the index of one name takes eight lookups. */
const MAX_RESOLVING = 4;
/** Packages fetched concurrently. */
const MAX_LOADING = 4;

/** An edge with the package that has the requirement; absent for a requirement of the user. */
interface PendingEdge extends GraphEdge {
  parent?: PendingNode;
}

/** A node with the package that required it first. */
interface PendingNode extends GraphNode {
  edges: PendingEdge[];
  parent?: PendingNode;
}

/**
 * Resolves requirements and all dependencies. One version of a package is chosen if it satisfies every
 * range; otherwise several versions are installed side by side, and each package sees its own. A bare
 * name means the same publisher throughout the graph.
 *
 * @throws {InstallError} `DEPENDENCY_NOT_FOUND` (kind `not-found`), `TOO_MANY_PACKAGES`,
 * `DEPENDENCIES_TOO_DEEP`, `DEPENDENCIES_INVALID`, `RECORD_INVALID` (kind `verification`),
 * `CONFLICT` if two requirements of the user for one package exclude each other; errors of `resolve`
 * and `load`, with the package and its parent in the message
 */
export async function resolveGraph(
  requirements: readonly Requirement[],
  source: GraphSource,
  { bounds = graphBounds, signal }: { bounds?: GraphBounds; signal?: AbortSignal } = {},
): Promise<Graph> {
  refuseConflicts(requirements, (a, b) => rangesIntersect(a.range, b.range));
  const resolution = new Resolution(source, bounds, signal);
  const graph = await resolution.run(requirements);
  deduplicate(graph);
  const refs = new Map(graph.direct.map(({ requirement, ref }) => [requirement, ref]));
  refuseConflicts(requirements, (a, b) => refs.get(a) === refs.get(b));
  return graph;
}

/** One resolution in progress. */
class Resolution {
  readonly #source: GraphSource;
  readonly #bounds: GraphBounds;
  readonly #signal: AbortSignal | undefined;
  readonly #nodes = new Map<string, PendingNode>();
  /** Packages found so far, by name. */
  readonly #byName = new Map<string, MinimalManifest[]>();
  /** Publisher of each bare name, `ed25519:BASE64`. */
  readonly #publishers = new Map<string, string>();
  #requirements = 0;

  constructor(source: GraphSource, bounds: GraphBounds, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#bounds = bounds;
    this.#signal = signal;
  }

  async run(requirements: readonly Requirement[]): Promise<Graph> {
    const direct: PendingEdge[] = requirements.map((requirement) => ({ requirement, ref: "" }));
    let wants = direct;
    for (let depth = 0; wants.length > 0; depth++) {
      if (depth > this.#bounds.maxDepth) throw this.#tooDeep(wants[0]!);
      await this.#find(wants);
      const fresh = this.#enter(wants);
      await eachLimited(fresh, MAX_LOADING, this.#signal, (node, signal) => {
        return this.#load(node, signal);
      });
      wants = fresh.flatMap(({ edges }) => edges);
      this.#requirements += wants.length;
      if (this.#requirements > this.#bounds.maxRequirements) throw this.#tooMany();
    }
    return { direct, nodes: this.#nodes };
  }

  /** Gives each edge its package; resolves the edges that no known package satisfies. */
  async #find(wants: readonly PendingEdge[]): Promise<void> {
    const groups = new Map<string, PendingEdge[]>();
    for (const want of wants) {
      const there = this.#chosen(want, this.#byName.get(want.requirement.name) ?? []);
      if (there) {
        want.ref = packageRef(there);
        continue;
      }
      const key = requirementKey(want.requirement);
      const group = groups.get(key);
      if (group) group.push(want);
      else groups.set(key, [want]);
    }
    // Each group adds at least one package, so the limit is exceeded before any lookup.
    if (this.#nodes.size + groups.size > this.#bounds.maxPackages) throw this.#tooMany();
    await eachLimited(groups.values(), MAX_RESOLVING, this.#signal, async (group, signal) => {
      const found: MinimalManifest[] = [];
      for (const want of group) {
        let minimal = this.#chosen(want, found);
        if (!minimal) {
          minimal = await this.#resolve(want, signal);
          found.push(minimal);
        }
        want.ref = packageRef(minimal);
      }
      for (const minimal of found) this.#remember(minimal);
    });
  }

  /** The highest of some packages that satisfies the edge. */
  #chosen(
    { requirement }: PendingEdge,
    among: readonly MinimalManifest[],
  ): MinimalManifest | undefined {
    const publisher = this.#publisherOf(requirement);
    return among.filter(({ pubkey, version }) =>
      pubkey === publisher && satisfiesRange(version, requirement.range)
    ).sort(highestFirst)[0];
  }

  async #resolve(want: PendingEdge, signal: AbortSignal): Promise<MinimalManifest> {
    const { requirement, parent } = want;
    const publisher = this.#publisherOf(requirement);
    const wanted = publisher === undefined ? requirement : { ...requirement, publisher };
    try {
      let minimal = await this.#source.known(requirement, parent?.minimal);
      if (minimal && publisher !== undefined && minimal.pubkey !== publisher) minimal = undefined;
      minimal ??= await this.#source.resolve(wanted, signal);
      checkResolved(minimal, wanted);
      if (requirement.publisher === undefined) {
        this.#publishers.set(requirement.name, minimal.pubkey);
      }
      return minimal;
    } catch (error) {
      throw parent ? neededBy(error, formatRequirement(requirement), parent) : error;
    }
  }

  #publisherOf({ publisher, name }: Requirement): string | undefined {
    return publisher ?? this.#publishers.get(name);
  }

  /** Notes a package once: two groups may find the same one, by bare name and by key. */
  #remember(minimal: MinimalManifest): void {
    const there = this.#byName.get(minimal.name) ?? [];
    if (there.some((other) => packageRef(other) === packageRef(minimal))) return;
    this.#byName.set(minimal.name, [...there, minimal]);
  }

  /** Adds a node for each new package, in the order of the edges. */
  #enter(wants: readonly PendingEdge[]): PendingNode[] {
    const fresh: PendingNode[] = [];
    for (const { ref, requirement, parent } of wants) {
      if (this.#nodes.has(ref)) continue;
      const minimal = this.#byName.get(requirement.name)!.find((one) => packageRef(one) === ref)!;
      const node: PendingNode = { minimal, edges: [], ...(parent && { parent }) };
      this.#nodes.set(ref, node);
      fresh.push(node);
    }
    if (this.#nodes.size > this.#bounds.maxPackages) throw this.#tooMany();
    return fresh;
  }

  async #load(node: PendingNode, signal: AbortSignal): Promise<void> {
    const { minimal, parent } = node;
    try {
      const dependencies = await this.#source.load(minimal, signal);
      node.edges = requirementsOf(minimal, dependencies).map((requirement) => ({
        requirement,
        ref: "",
        parent: node,
      }));
    } catch (error) {
      throw parent ? neededBy(error, label(minimal), parent) : error;
    }
  }

  #tooMany(): InstallError {
    const { maxPackages, maxRequirements } = this.#bounds;
    const most = this.#requirements > maxRequirements
      ? `more than ${maxRequirements} dependencies`
      : `more than ${maxPackages} packages`;
    return new InstallError(
      "verification",
      "TOO_MANY_PACKAGES",
      `The packages and their dependencies are ${most}, the limit of one installation. Nothing was installed`,
      { detail: { found: this.#nodes.size, maxPackages, maxRequirements } },
    );
  }

  #tooDeep({ requirement, parent }: PendingEdge): InstallError {
    const { maxDepth } = this.#bounds;
    return new InstallError(
      "verification",
      "DEPENDENCIES_TOO_DEEP",
      `${formatRequirement(requirement)} is needed by ${pathTo(parent!)}, more than ${maxDepth} ` +
        "steps from the requested package. Nothing was installed",
      { detail: { maxDepth } },
    );
  }
}

/**
 * The requirements of a package, sorted by name.
 *
 * @param dependencies ranges by `[KEY/]NAME`
 * @throws {InstallError} `DEPENDENCIES_INVALID` (kind `verification`)
 */
export function requirementsOf(
  minimal: MinimalManifest,
  dependencies: Readonly<Record<string, string>>,
): Requirement[] {
  const invalid = (why: string, cause?: unknown) =>
    new InstallError(
      "verification",
      "DEPENDENCIES_INVALID",
      `The dependencies of ${label(minimal)} are invalid: ${why}`,
      { cause },
    );
  const requirements = new Map<string, Requirement>();
  for (const key of Object.keys(dependencies).sort()) {
    let requirement: Requirement;
    try {
      requirement = parseRequirement(`${key}@${dependencies[key]}`);
    } catch (cause) {
      throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
    }
    const { name } = requirement;
    if (requirements.has(name)) {
      throw invalid(`it needs ${name} twice, and could see only one of them`);
    }
    requirements.set(name, requirement);
  }
  return [...requirements.values()];
}

/** Checks that a resolved package satisfies the requirement and that its publisher signed it. */
function checkResolved(minimal: MinimalManifest, wanted: Requirement): void {
  const { name, publisher, range } = wanted;
  const isMeant = minimal.name === name && satisfiesRange(minimal.version, range) &&
    (publisher === undefined || publisher === minimal.pubkey);
  if (isMeant && verifyMinimalSignature(minimal)) return;
  throw new InstallError(
    "verification",
    "RECORD_INVALID",
    `Asked for ${formatRequirement(wanted)}, got ${packageRef(minimal)}` +
      (isMeant ? ", which its publisher has not signed" : ""),
  );
}

/** Refuses two requirements of the user for one package that no single version satisfies. */
function refuseConflicts(
  requirements: readonly Requirement[],
  agree: (a: Requirement, b: Requirement) => boolean,
): void {
  const first = new Map<string, Requirement>();
  for (const requirement of requirements) {
    const key = requirementKey(requirement);
    const other = first.get(key);
    if (!other) first.set(key, requirement);
    else if (!agree(other, requirement)) throw conflict(other, requirement);
  }
}

function conflict(a: Requirement, b: Requirement): InstallError {
  return new InstallError(
    "usage",
    "CONFLICT",
    `No version of ${requirementKey(a)} is both ${a.range ?? "any"} and ${b.range ?? "any"}. ` +
      "To have two versions side by side, install one after the other",
    { detail: { name: a.name, ranges: [a.range ?? "*", b.range ?? "*"] } },
  );
}

/** The error with the dependent package in its message. */
function neededBy(error: unknown, what: string, parent: PendingNode): unknown {
  if (!(error instanceof LibreseedError)) return error;
  const isMissing = error.kind === "not-found";
  return new InstallError(
    error.kind,
    isMissing ? "DEPENDENCY_NOT_FOUND" : error.code,
    `${what}, which ${pathTo(parent)} needs: ${error.message}`,
    { cause: error, detail: { ...error.detail, wanted: what, neededBy: label(parent.minimal) } },
  );
}

/** `b@1.0.0 (for a@1.0.0)`: a package, and the package of the user that led to it. */
function pathTo(node: PendingNode): string {
  let root = node;
  while (root.parent) root = root.parent;
  return label(node.minimal) + (root === node ? "" : ` (for ${label(root.minimal)})`);
}
