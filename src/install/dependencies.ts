/**
 * From what the user asks for to all packages that are needed for it, breadth first, with bounds
 * against packages that want the world. How a package is found and fetched is handed in; nothing of a
 * package is run, so circles do no harm.
 *
 * @module
 */

import { eachLimited, LibreseedError } from "../base/mod.ts";
import {
  canBeBoth,
  fits,
  formatRequirement,
  packageRef,
  parseRequirement,
  type Requirement,
  requirementKey,
} from "../fetching/mod.ts";
import { type MinimalManifest, verifyMinimalSignature } from "../package/mod.ts";
import {
  type Graph,
  type GraphEdge,
  type GraphNode,
  highestFirst,
  label,
  settle,
} from "./dependency_graph.ts";
import { InstallError } from "./errors.ts";

/** Where packages come from. */
export interface GraphSource {
  /** Finds the package that is meant; the highest version that satisfies the range. */
  resolve(wanted: Requirement, signal: AbortSignal): Promise<MinimalManifest>;
  /** Fetches a package and tells what it depends on: ranges by `[KEY/]NAME`, signed by its publisher. */
  load(minimal: MinimalManifest, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * A package that will do, if there is one that need not be looked up.
   *
   * @param parent who asks; the user, if it is absent
   */
  known(wanted: Requirement, parent?: MinimalManifest): Promise<MinimalManifest | undefined>;
}

/** What one installation may not exceed. */
export interface GraphBounds {
  /** Packages, those that turn out not to be needed counted too. */
  maxPackages: number;
  /** Steps from what the user asked for to the farthest package. */
  maxDepth: number;
  /** Entries in the `dependencies` of all packages together. */
  maxRequirements: number;
}

/** Far beyond any sensible package. */
export const graphBounds: GraphBounds = {
  maxPackages: 1_000,
  maxDepth: 64,
  maxRequirements: 50_000,
};

/** Packages that are looked for at a time: the index of a name is eight lookups. And downloads. */
const MAX_RESOLVING = 4;
const MAX_LOADING = 4;

/** An edge that is looked for. */
interface Want extends GraphEdge {
  parent?: Found;
}

/** A node that was found. */
interface Found extends GraphNode {
  edges: Want[];
  parent?: Found;
}

/**
 * Finds all packages. If one version of a publisher's package satisfies all who need it, it is the
 * only one; otherwise several are there side by side, for each package sees its own. A name without a
 * key means one publisher throughout.
 *
 * @throws {InstallError} `DEPENDENCY_NOT_FOUND` (kind `not-found`), `TOO_MANY_PACKAGES`,
 * `DEPENDENCIES_TOO_DEEP`, `DEPENDENCIES_INVALID`, `RECORD_INVALID` (kind `verification`),
 * `CONFLICT` if the user asks for a package twice and no version is both; what `resolve` and `load`
 * throw, with the name of the package and of who needs it
 */
export async function resolveGraph(
  requirements: readonly Requirement[],
  source: GraphSource,
  { bounds = graphBounds, signal }: { bounds?: GraphBounds; signal?: AbortSignal } = {},
): Promise<Graph> {
  refuseConflicts(requirements, (a, b) => canBeBoth(a.range, b.range));
  const resolution = new Resolution(source, bounds, signal);
  const graph = await resolution.run(requirements);
  settle(graph);
  const refs = new Map(graph.direct.map(({ requirement, ref }) => [requirement, ref]));
  refuseConflicts(requirements, (a, b) => refs.get(a) === refs.get(b));
  return graph;
}

/** One resolution on its way. */
class Resolution {
  readonly #source: GraphSource;
  readonly #bounds: GraphBounds;
  readonly #signal: AbortSignal | undefined;
  readonly #nodes = new Map<string, Found>();
  /** What was found of each name. */
  readonly #byName = new Map<string, MinimalManifest[]>();
  /** Whose package a name without a key means here. */
  readonly #publishers = new Map<string, string>();
  #requirements = 0;

  constructor(source: GraphSource, bounds: GraphBounds, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#bounds = bounds;
    this.#signal = signal;
  }

  async run(requirements: readonly Requirement[]): Promise<Graph> {
    const direct: Want[] = requirements.map((requirement) => ({ requirement, ref: "" }));
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

  /** Gives each edge its package, looking up what nothing that is there satisfies. */
  async #find(wants: readonly Want[]): Promise<void> {
    const groups = new Map<string, Want[]>();
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
    // Each group needs at least one more, so there is no point in looking for any of them.
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

  /** The highest of some packages that will do. */
  #chosen({ requirement }: Want, among: readonly MinimalManifest[]): MinimalManifest | undefined {
    const publisher = this.#publisherOf(requirement);
    return among.filter(({ pubkey, version }) =>
      pubkey === publisher && fits(version, requirement.range)
    ).sort(highestFirst)[0];
  }

  async #resolve(want: Want, signal: AbortSignal): Promise<MinimalManifest> {
    const { requirement, parent } = want;
    const publisher = this.#publisherOf(requirement);
    const wanted = publisher === undefined ? requirement : { ...requirement, publisher };
    try {
      let minimal = await this.#source.known(requirement, parent?.minimal);
      if (minimal && publisher !== undefined && minimal.pubkey !== publisher) minimal = undefined;
      minimal ??= await this.#source.resolve(wanted, signal);
      check(minimal, wanted);
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

  /** Two groups may have found the same package, by its name and by its key. */
  #remember(minimal: MinimalManifest): void {
    const there = this.#byName.get(minimal.name) ?? [];
    if (there.some((other) => packageRef(other) === packageRef(minimal))) return;
    this.#byName.set(minimal.name, [...there, minimal]);
  }

  /** Makes nodes of the packages that are new, in the order in which they are asked for. */
  #enter(wants: readonly Want[]): Found[] {
    const fresh: Found[] = [];
    for (const { ref, requirement, parent } of wants) {
      if (this.#nodes.has(ref)) continue;
      const minimal = this.#byName.get(requirement.name)!.find((one) => packageRef(one) === ref)!;
      const node: Found = { minimal, edges: [], ...(parent && { parent }) };
      this.#nodes.set(ref, node);
      fresh.push(node);
    }
    if (this.#nodes.size > this.#bounds.maxPackages) throw this.#tooMany();
    return fresh;
  }

  async #load(node: Found, signal: AbortSignal): Promise<void> {
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
      `What was asked for needs ${most}, more than one installation may have. Nothing was installed`,
      { detail: { found: this.#nodes.size, maxPackages, maxRequirements } },
    );
  }

  #tooDeep({ requirement, parent }: Want): InstallError {
    const { maxDepth } = this.#bounds;
    return new InstallError(
      "verification",
      "DEPENDENCIES_TOO_DEEP",
      `${formatRequirement(requirement)} is needed by ${wayTo(parent!)}, more than ${maxDepth} ` +
        "steps from what was asked for. Nothing was installed",
      { detail: { maxDepth } },
    );
  }
}

/**
 * What a package depends on, in the order of the names.
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
      `The dependencies of ${label(minimal)} make no sense: ${why}`,
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

/** Whoever resolves is trusted with the choice, not with its being what was asked for. */
function check(minimal: MinimalManifest, wanted: Requirement): void {
  const { name, publisher, range } = wanted;
  const isMeant = minimal.name === name && fits(minimal.version, range) &&
    (publisher === undefined || publisher === minimal.pubkey);
  if (isMeant && verifyMinimalSignature(minimal)) return;
  throw new InstallError(
    "verification",
    "RECORD_INVALID",
    `Asked for ${formatRequirement(wanted)}, got ${packageRef(minimal)}` +
      (isMeant ? ", which its publisher has not signed" : ""),
  );
}

/** The user may ask for one package twice, but gets it once. */
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

/** The error, with who needs the package that it is about. */
function neededBy(error: unknown, what: string, parent: Found): unknown {
  if (!(error instanceof LibreseedError)) return error;
  const isMissing = error.kind === "not-found";
  return new InstallError(
    error.kind,
    isMissing ? "DEPENDENCY_NOT_FOUND" : error.code,
    `${what}, which ${wayTo(parent)} needs: ${error.message}`,
    { cause: error, detail: { ...error.detail, wanted: what, neededBy: label(parent.minimal) } },
  );
}

/** `b@1.0.0 (for a@1.0.0)`: a package and what the user asked for that led to it. */
function wayTo(node: Found): string {
  let root = node;
  while (root.parent) root = root.parent;
  return label(node.minimal) + (root === node ? "" : ` (for ${label(root.minimal)})`);
}
