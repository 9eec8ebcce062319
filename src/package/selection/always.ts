/**
 * Names that are in or out whatever the package says: what version control, editors and operating
 * systems leave behind, and the files that npm publishes in any case.
 *
 * @module
 */

/** Directories of version control, with histories, machine-bound paths and often a remote's token. */
const VERSION_CONTROL = new Set([
  ...[".git", ".hg", ".svn", "CVS", ".jj", ".bzr", "_darcs", ".pijul", ".sl", ".fslckout"],
  "_FOSSIL_",
]);

/** The version control that packages were kept free of before there were rules. */
const FIRST_VERSION_CONTROL = new Set([".git", ".hg", ".svn"]);

/** Whether version control keeps this, as packing has always seen it. */
export function isFirstVersionControl(name: string): boolean {
  return FIRST_VERSION_CONTROL.has(name);
}

/**
 * Whether a file or directory of this name is left out wherever it lies. No list of the package
 * brings it back: nobody publishes these on purpose, and `.npmrc` holds tokens.
 */
export function isAlwaysOut(name: string): boolean {
  return VERSION_CONTROL.has(name) || name === "node_modules" || name === ".npmrc" ||
    name === ".DS_Store" || name.startsWith("._") || name.endsWith(".swp");
}

/** The ignore file that is for libreseed alone. */
export const OWN_IGNORE_FILE = ".libreseedignore";

/** The ignore files, of which the first that a directory has counts. */
export const IGNORE_FILE_NAMES = [OWN_IGNORE_FILE, ".npmignore", ".gitignore"] as const;

/** Lock files, which npm leaves out of what it packs: whoever installs a package has their own. */
export const LOCK_FILES = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lockb"];

/**
 * Rules of gitignore that come before all others, so that the package's own rules may take back each
 * of them. They are npm's (npm-packlist), less those that mean nothing outside of it.
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

/** What names the package or says on which terms it may be used: `README.md`, `LICENSE`. */
const DESCRIPTION = /^(?:readme|copying|license|licence)(?:\..*[^~$])?$/i;

/** The files that name and version may come from. */
export const PACKAGE_FILES = ["package.json", "deno.json", "deno.jsonc"];

/** Whether a path at the root is that of a readme or a licence. */
export function isDescription(path: string): boolean {
  return DESCRIPTION.test(path);
}
