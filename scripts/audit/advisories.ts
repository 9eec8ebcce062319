/**
 * Fetches known advisories about the dependencies with `deno audit`, which posts the names and
 * versions of the lock file to the registry's bulk advisory endpoint. The caller decides how to
 * treat the advisories.
 */

/** The outcome of the query for advisories, and its text. */
export interface Advisories {
  outcome: "none" | "found" | "unknown";
  /** The text of the advisories or, for `unknown`, the reason why they could not be fetched. */
  text: string;
}

/**
 * Queries the registry for advisories. A missing or unreadable answer gives `unknown`, which
 * differs from `none`.
 *
 * @param env additional environment variables, such as `NPM_CONFIG_REGISTRY` for another registry
 */
export async function askForAdvisories(
  root: string,
  env: Record<string, string> = {},
): Promise<Advisories> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["audit"],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  if (code === 0 && /no known vulnerabilities/i.test(text)) return { outcome: "none", text };
  if (code !== 0 && /found \d+ vulnerabilit/i.test(text)) return { outcome: "found", text };
  const trouble = new TextDecoder().decode(stderr).trim().split("\n")[0] || text || `code ${code}`;
  return { outcome: "unknown", text: trouble };
}
