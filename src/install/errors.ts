/**
 * Errors of installing packages into a project.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `NOT_INSTALLED` | not-found | the store does not have the package |
 * | `TAG_UNKNOWN` | usage | a tag is to name a package in the store, which has no tags |
 * | `PACKAGE_AMBIGUOUS` | usage | several packages in the store satisfy the requirement |
 * | `PACKAGE_NEEDED` | failed | another reference keeps the package that was to be uninstalled |
 * | `CONFLICT` | usage | two requirements of the user for one package exclude each other |
 * | `DEPENDENCY_NOT_FOUND` | not-found | a dependency is not in the DHT |
 * | `DEPENDENCIES_INVALID` | verification | the `dependencies` of a manifest are invalid |
 * | `TOO_MANY_PACKAGES`, `DEPENDENCIES_TOO_DEEP`, `INSTALL_TOO_LARGE` | verification | a limit of one installation is exceeded |
 * | `LOCK_MISSING`, `NOT_IN_LOCK` | not-found | there is no lock file, or it lacks the name |
 * | `LOCK_INVALID` | failed, verification | a lock file is malformed, or a signature in it is wrong |
 * | `NEWER_FORMAT` | failed | a newer libreseed has written the lock file |
 * | `LOCK_MISMATCH` | verification | a lock file contradicts a package's signed manifest |
 * | `LINK_OCCUPIED`, `LINK_FAILED` | failed | the path of a link is taken, or the link cannot be made |
 * | `NO_PEERS` | network | no peer sends the archive of a locked version |
 * | `RECORD_INVALID` | verification | a record names another package or version than requested |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of installing, linking or removing packages. */
export class InstallError extends LibreseedError {
  override name = "InstallError";
}
