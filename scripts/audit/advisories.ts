/**
 * What the registry knows against the dependencies, by `deno audit`, which posts the names and versions
 * of the lock file to the registry's bulk advisory endpoint. Leaves it to the caller what to make of it.
 *
 * @module
 */

/** Whether the registry could be asked, and what it answered. */
export interface Advisories {
  outcome: "none" | "found" | "unknown";
  /** What was found or, if nobody could be asked, why not. */
  text: string;
}

/**
 * Asks the registry. No answer, and one that cannot be read, is `unknown`: that is not the same as none.
 *
 * @param root directory of the lock file
 * @param env more environment variables: `NPM_CONFIG_REGISTRY` names another registry
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
