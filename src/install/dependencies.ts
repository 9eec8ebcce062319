/**
 * Resolves requirements and their dependencies to a graph of packages, breadth first. Limits stop a
 * package with an excessive number of dependencies. The caller passes the functions that find and
 * fetch packages. Dependency cycles are harmless, because installation runs no code of a package.
 *
 * @module
 */

import { eachLimited, LibreseedError, messageOf } from "../base/mod.ts";
import {
  formatRequirement,
  isTagged,
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

/** The functions that find and fetch packages during dependency resolution. */
export interface GraphSource {
  /** Finds the highest version of a package that satisfies the requirement's range or tag. */
  resolve(wanted: Requirement, signal: AbortSignal): Promise<MinimalManifest>;
  /** Fetches a package and returns its signed dependencies: a range for each `[KEY/]NAME`. */
  load(minimal: MinimalManifest, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * Returns a package that satisfies the requirement without a lookup; `undefined` if there is
   * none.
   *
   * @param parent the package that has the requirement; absent if the user made it
   */
  known(wanted: Requirement, parent?: MinimalManifest): Promise<MinimalManifest | undefined>;
}

/** Limits on the dependency graph of one installation. */
export interface GraphBounds {
  /** Maximum number of packages, including packages that deduplication later removes. */
  maxPackages: number;
  /** Maximum length of a dependency chain, counted from the package that the user requested. */
  maxDepth: number;
  /** Maximum total number of `dependencies` entries over all packages. */
  maxRequirements: number;
}

/** Default limits of one installation. Real projects stay far below these limits. */
export const graphBounds: GraphBounds = {
  maxPackages: 1_000,
  maxDepth: 64,
  maxRequirements: 50_000,
};

/**
 * Maximum number of packages looked up concurrently. Looking up one name takes eight DHT lookups.
 */
const MAX_RESOLVING = 4;
/** Maximum number of packages that dependency resolution fetches concurrently. */
const MAX_LOADING = 4;

/**
 * A dependency edge during resolution. `parent` is the package that has the requirement; it is
 * absent if the user made the requirement.
 */
interface PendingEdge extends GraphEdge {
  parent?: PendingNode;
}

/**
 * A package during resolution. `parent` is the package through which it was first found; absent if
 * the user requested the package.
 */
interface PendingNode extends GraphNode {
  edges: PendingEdge[];
  parent?: PendingNode;
}

/**
 * Resolves requirements and all their dependencies to a graph. If one version of a package
 * satisfies all ranges, only this version is chosen. Otherwise several versions are installed side
 * by side, and each dependent package gets the version that satisfies its own range. A bare name
 * (without a publisher's key) means the same publisher in the whole graph.
 *
 * @throws {InstallError} `DEPENDENCY_NOT_FOUND` (kind `not-found`); `TOO_MANY_PACKAGES`,
 * `DEPENDENCIES_TOO_DEEP`, `DEPENDENCIES_INVALID`, `RECORD_INVALID` (kind `verification`);
 * `CONFLICT` (kind `usage`) if no version of a package satisfies two requirements of the user
 * @throws the errors of `resolve` and `load`, with the package and its dependent in the message
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

/** Resolves one set of requirements to a dependency graph, and holds the packages found so far. */
class Resolution {
  readonly #source: GraphSource;
  readonly #bounds: GraphBounds;
  readonly #signal: AbortSignal | undefined;
  readonly #nodes = new Map<string, PendingNode>();
  /** Packages found so far by this resolution, keyed by name. */
  readonly #byName = new Map<string, MinimalManifest[]>();
  /** The publisher chosen for each bare name, as `ed25519:BASE64`. */
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

  /**
   * Assigns a package to each edge. For an edge whose requirement no known package satisfies, a
   * package is looked up.
   */
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
    // Each group of edges needs a lookup and normally adds a package, so the limit on the number of
    // packages is checked before the lookups.
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

  /** Returns the highest version among the given packages that satisfies the edge's requirement. */
  #chosen(
    { requirement }: PendingEdge,
    among: readonly MinimalManifest[],
  ): MinimalManifest | undefined {
    // Only the publisher's list tells the version of a tag.
    if (isTagged(requirement.range)) return undefined;
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

  /**
   * Adds a found package to the packages found so far, unless it is among them. Two lookups may
   * find the same package: one by bare name, one by name with key.
   */
  #remember(minimal: MinimalManifest): void {
    const there = this.#byName.get(minimal.name) ?? [];
    if (there.some((other) => packageRef(other) === packageRef(minimal))) return;
    this.#byName.set(minimal.name, [...there, minimal]);
  }

  /** Adds a graph node for each package that is not in the graph yet, in the order of the edges. */
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
 * Parses the dependencies of a package. Returns its requirements, sorted by name.
 *
 * @param dependencies a range for each `[KEY/]NAME`
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
      throw invalid(messageOf(cause), cause);
    }
    const { name } = requirement;
    if (requirements.has(name)) {
      throw invalid(`it needs ${name} twice, and could see only one of them`);
    }
    requirements.set(name, requirement);
  }
  return [...requirements.values()];
}

/**
 * Checks that a resolved package satisfies the requirement, and verifies its publisher's signature.
 *
 * @throws {InstallError} `RECORD_INVALID` (kind `verification`)
 */
function checkResolved(minimal: MinimalManifest, wanted: Requirement): void {
  const { name, publisher, range } = wanted;
  const isMeant = minimal.name === name && satisfiesRange(minimal.version, range) &&
    // A publisher that has made a root for its only key may still be named by that key.
    (publisher === undefined || [minimal.pubkey, minimal.signer?.key].includes(publisher));
  if (isMeant && verifyMinimalSignature(minimal)) return;
  throw new InstallError(
    "verification",
    "RECORD_INVALID",
    `Asked for ${formatRequirement(wanted)}, got ${packageRef(minimal)}` +
      (isMeant ? ", which its publisher has not signed" : ""),
  );
}

/**
 * Refuses conflicting requirements of the user: two requirements for the same package that no
 * single version satisfies.
 *
 * @throws {InstallError} `CONFLICT` (kind `usage`)
 */
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

/** Wraps an error of a dependency, so that its message names the dependent package. */
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

/**
 * Formats a package for a message, with the requested package that needs it: `b@1.0.0 (for
 * a@1.0.0)`.
 */
function pathTo(node: PendingNode): string {
  let root = node;
  while (root.parent) root = root.parent;
  return label(node.minimal) + (root === node ? "" : ` (for ${label(root.minimal)})`);
}
