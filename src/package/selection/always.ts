/**
 * File names with fixed rules: files of version control, editors and operating systems are always
 * left out, and some files are always included, as in npm.
 *
 * @module
 */

/**
 * Names of version control directories and files. They contain the history, paths of one machine
 * and often an access token for a remote.
 */
const VERSION_CONTROL = new Set([
  ...[".git", ".hg", ".svn", "CVS", ".jj", ".bzr", "_darcs", ".pijul", ".sl", ".fslckout"],
  "_FOSSIL_",
]);

/** Names of the version control directories that `leaveOut: "version-control"` leaves out. */
const FIRST_VERSION_CONTROL = new Set([".git", ".hg", ".svn"]);

/**
 * Whether the name is one of the version control directories that `leaveOut: "version-control"`
 * leaves out.
 */
export function isFirstVersionControl(name: string): boolean {
  return FIRST_VERSION_CONTROL.has(name);
}

/**
 * Whether a file or directory of this name is left out at any depth, even if the package lists the
 * file or directory. Such files are not published on purpose, and `.npmrc` may hold tokens.
 */
export function isAlwaysOut(name: string): boolean {
  return VERSION_CONTROL.has(name) || name === "node_modules" || name === ".npmrc" ||
    name === ".DS_Store" || name.startsWith("._") || name.endsWith(".swp");
}

/** Name of libreseed's own ignore file. */
export const OWN_IGNORE_FILE = ".libreseedignore";

/** Names of ignore files by priority. In each directory only the first existing one is used. */
export const IGNORE_FILE_NAMES = [OWN_IGNORE_FILE, ".npmignore", ".gitignore"] as const;

/**
 * Lock files, which npm leaves out too: a project that installs the package uses its own lock file.
 */
export const LOCK_FILES = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lockb"];

/**
 * Default rules in the syntax of gitignore. These rules come first, so that the package's own rules
 * can override each default rule. They are the rules of npm-packlist, without the rules for npm's
 * internal files.
 */
export const DEFAULT_RULES: readonly string[] = [
  ...IGNORE_FILE_NAMES,
  "*.orig",
  "npm-debug.log",
  "/.lock-wscript",
  "/.wafpickle-*",
  "/build/config.gypi",
  ...LOCK_FILES.map((name) => `/${name}`),
];

/** Matches readme and licence files, such as `README.md` and `LICENSE`. */
const DESCRIPTION = /^(?:readme|copying|license|licence)(?:\..*[^~$])?$/i;

/** The files from which the package's name and version are read. */
export const PACKAGE_FILES = ["package.json", "deno.json", "deno.jsonc"];

/** Whether a path is that of a readme or licence file in the root directory. */
export function isDescription(path: string): boolean {
  return DESCRIPTION.test(path);
}
