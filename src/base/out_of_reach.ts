/**
 * Recognises the error that Deno throws for paths in `/dev`, `/proc` and `/sys`.
 *
 * @module
 */

/**
 * Explains Deno's refusal to access `/dev`, `/proc` or `/sys`, which requires all permissions.
 * Deno's own message advises flags that a compiled program does not accept. Returns `undefined` for
 * any other error.
 */
export function outOfReach(error: unknown): { path: string; why: string } | undefined {
  if (!(error instanceof Deno.errors.NotCapable)) return undefined;
  const [, path] = /"(\/(?:dev|proc|sys)(?:\/[^"]*)?)"/.exec(error.message) ?? [];
  if (path === undefined) return undefined;
  return { path, why: "libreseed may not go to /dev, /proc and /sys" };
}
