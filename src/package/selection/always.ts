/**
 * Names that are in or out under any rules: files of version control, editors and operating
 * systems, and the files that npm always publishes.
 *
 * @module
 */

/** Version control: directories with histories, paths of one machine and often a remote's token. */
const VERSION_CONTROL = new Set([
  ...[".git", ".hg", ".svn", "CVS", ".jj", ".bzr", "_darcs", ".pijul", ".sl", ".fslckout"],
  "_FOSSIL_",
]);

/** The version control that was left out before there were rules. */
const FIRST_VERSION_CONTROL = new Set([".git", ".hg", ".svn"]);

/** Whether the name belongs to version control that packing has left out from the start. */
export function isFirstVersionControl(name: string): boolean {
  return FIRST_VERSION_CONTROL.has(name);
}

/**
 * Whether a file or directory of this name is left out at any depth. No list of the package brings it
 * back: nobody publishes such files on purpose, and `.npmrc` holds tokens.
 */
export function isAlwaysOut(name: string): boolean {
  return VERSION_CONTROL.has(name) || name === "node_modules" || name === ".npmrc" ||
    name === ".DS_Store" || name.startsWith("._") || name.endsWith(".swp");
}

/** Name of the ignore file for libreseed alone. */
export const OWN_IGNORE_FILE = ".libreseedignore";

/** Names of ignore files by priority: the first that a directory has counts. */
export const IGNORE_FILE_NAMES = [OWN_IGNORE_FILE, ".npmignore", ".gitignore"] as const;

/**
 * Lock files, which npm leaves out: a project that installs the package has a lock file of its own.
 */
export const LOCK_FILES = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lockb"];

/**
 * Default rules in the syntax of gitignore. They precede all others, so that the package's own
 * rules can take back each of them. They are npm's rules (npm-packlist) without those for npm's own
 * use.
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

/** Readme and licence files, such as `README.md` and `LICENSE`. */
const DESCRIPTION = /^(?:readme|copying|license|licence)(?:\..*[^~$])?$/i;

/** The files from which name and version may come. */
export const PACKAGE_FILES = ["package.json", "deno.json", "deno.jsonc"];

/** Whether a path at the root is that of a readme or a licence. */
export function isDescription(path: string): boolean {
  return DESCRIPTION.test(path);
}
