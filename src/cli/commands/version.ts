/**
 * `libreseed version`: prints the version.
 *
 * @module
 */

import { version } from "../../base/mod.ts";
import { defineCommand } from "../flags/command.ts";
import { libraryVersions } from "../process/version.ts";
import { formatTable } from "../terminal/table.ts";

export default defineCommand<Record<never, never>, []>({
  description: "-v adds the versions of the runtime and of the main libraries.",
  home: "unused",
  parameters: {},
  run({ output }) {
    const { deno, v8 } = Deno.version;
    const libraries = libraryVersions();
    const rows = [["deno", deno], ["v8", v8], ...Object.entries(libraries)];
    const more = output.verbose ? `\n${formatTable(rows)}` : "";
    output.result({ version, deno, v8, libraries }, `libreseed ${version}${more}`);
  },
});
