/**
 * Where no program without all permissions may go, and how Deno says so.
 *
 * @module
 */

/**
 * Which path Deno refused because of where it lies, and what to tell people; `undefined` for any
 * other error. Deno wants all permissions for the system's own directories, and its message names
 * flags of its own that nobody can give to a compiled program.
 */
export function outOfReach(error: unknown): { path: string; why: string } | undefined {
  if (!(error instanceof Deno.errors.NotCapable)) return undefined;
  const [, path] = /"(\/(?:dev|proc|sys)(?:\/[^"]*)?)"/.exec(error.message) ?? [];
  if (path === undefined) return undefined;
  return { path, why: "libreseed may not go to /dev, /proc and /sys" };
}
