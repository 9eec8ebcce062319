/**
 * The pages of the site by topic, in the order of the navigation. Pages in the folders `decisions` and
 * `upstream` are reached from the list in each folder.
 *
 * @module
 */

/** A topic of the navigation, with its pages as paths in the repository. */
export interface Topic {
  title: string;
  pages: readonly string[];
}

export const navigation: readonly Topic[] = [
  { title: "Begin", pages: ["README.md", "docs/README.md"] },
  {
    title: "Use",
    pages: ["docs/commands.md", "docs/operations.md", "docs/deployment.md", "docs/migration.md"],
  },
  { title: "Programs", pages: ["docs/api.md", "docs/library.md", "docs/protocol.md"] },
  {
    title: "Trust",
    pages: ["docs/security.md", "SECURITY.md", "docs/permissions.md", "docs/reliability.md"],
  },
  { title: "Measured", pages: ["docs/benchmarks.md", "docs/scale.md"] },
  {
    title: "Inside",
    pages: [
      ...["docs/architecture.md", "docs/internals-api.md", "docs/libraries.md"],
      ...["docs/debugging.md", "docs/decisions/README.md", "docs/upstream/README.md"],
      ...["docs/releasing.md", "CONTRIBUTING.md", "CHANGELOG.md"],
    ],
  },
];
