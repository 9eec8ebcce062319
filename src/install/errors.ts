/**
 * Errors of installing packages into a project.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `NOT_INSTALLED` | not-found | this home does not have it |
 * | `PACKAGE_AMBIGUOUS` | usage | a name can mean several installed packages |
 * | `PACKAGE_NEEDED` | failed | something needs the package that was to be uninstalled |
 * | `CONFLICT` | usage | a package is asked for twice, with ranges that no version satisfies |
 * | `DEPENDENCY_NOT_FOUND` | not-found | a package that another one needs is not to be had |
 * | `DEPENDENCIES_INVALID` | verification | what a package says that it needs makes no sense |
 * | `TOO_MANY_PACKAGES`, `DEPENDENCIES_TOO_DEEP`, `INSTALL_TOO_LARGE` | verification | an install has bounds |
 * | `LOCK_MISSING`, `NOT_IN_LOCK` | not-found | there is no lock file, or it does not hold the name |
 * | `LOCK_INVALID` | failed, verification | a lock file makes no sense, or a signature in it does not hold |
 * | `LOCK_MISMATCH` | verification | a lock file does not agree with a package's manifest |
 * | `LINK_OCCUPIED`, `LINK_FAILED` | failed | a link cannot be made |
 * | `NO_PEERS` | network | no peer sends the archive of a locked version |
 * | `RECORD_INVALID` | verification | a record names another package or version than was asked for |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of this room. */
export class InstallError extends LibreseedError {
  override name = "InstallError";
}
