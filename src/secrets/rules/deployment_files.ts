/**
 * Rules for files that say how to build, download or connect, such as a Dockerfile. Some of these
 * files contain a password, most do not. So placeholders and plain words do not count as secrets in
 * these files.
 *
 * @module
 */

import type { NamedFile } from "./named_file.ts";
import { isPassword, looksRandom } from "./placeholder.ts";
import { passwords, passwordSetting } from "./setting_text.ts";

/** Matches `ENV NAME value` in a Dockerfile, the old syntax without `=`. */
const SPACED_SETTING =
  /^[ \t]{0,20}ENV[ \t]{1,8}([A-Za-z_]\w{0,100})[ \t]{1,8}["']?([^\s"']{1,2000})/gim;
/** Matches the credentials in a URL: `://user:password@` or `://token@`. */
const ADDRESS = /:\/\/(?:[^\s:@\/"'<>]{0,100}:([^\s@\/"'<>]{1,200})|([\w-]{20,200}))@/g;

/**
 * Rules for deployment files. Each rule is for files with certain names, such as
 * `package-lock.json`.
 */
export const deploymentFiles: readonly NamedFile[] = [
  {
    kind: "address with a password",
    hints: "gitmodules gitconfig hgrc curlrc wgetrc bower condarc npmrc yarn pip. pipfile " +
      "pydistutils requirements constraints pyproject poetry. uv. gemfile composer " +
      "environment package-lock shrinkwrap pnpm-lock sources.list",
    path:
      /(^|\/)(\.gitmodules|\.gitconfig|\.hgrc|\.(curl|wget|bower|conda|npm|yarn)rc|\.yarnrc\.yml|pip\.(conf|ini)|\.?pydistutils\.cfg|(requirements|constraints)[^\/]*\.txt|requirements\/[^\/]+\.txt|Pipfile(\.lock)?|pyproject\.toml|poetry\.(toml|lock)|uv\.(toml|lock)|Gemfile(\.lock)?|composer\.(json|lock)|environment\.ya?ml|bower\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|sources\.list)$/i,
    holds: addressPassword,
  },
  {
    kind: ".NET password",
    hints: ".config .pubxml publishsettings .udl .dsn",
    path:
      /(^|\/)(web|app|connectionstrings)(\.[\w-]{1,60})?\.config$|\.(exe|dll)\.config$|\.(pubxml|pubxml\.user|publishsettings|udl|dsn)$/i,
    holds: passwords(
      /\b(?:password|pwd|userPWD)\s{0,4}=\s{0,4}["']?([^;"'<>\s]{1,200})|<\w{0,40}password>([^<\s]{1,200})</i,
    ),
  },
  {
    kind: "Compose file with a password",
    hints: "compose stack",
    path: /(^|\/)(docker-)?(compose|stack)([.\-_][^\/]*)?\.ya?ml$/i,
    holds: passwordSetting,
  },
  {
    kind: "Dockerfile with a secret",
    hints: "dockerfile containerfile",
    path: /(^|\/)(docker|container)file([.\-_][^\/]*)?$|\.(docker|container)file$/i,
    holds: (text) => passwordSetting(text) || spacedSetting(text),
  },
  {
    kind: "Spring password",
    hints: "application bootstrap",
    path: /(^|\/)(application|bootstrap)([.\-_][\w.-]*)?\.(properties|ya?ml)$/i,
    holds: passwordSetting,
  },
  {
    kind: "settings with a password",
    hints: "config settings mail smtp ftp remote-sync deploy knexfile datasources",
    path:
      /(^|\/)\.?(config|settings|nodemailer|mailer|mail|email|smtp|s?ftp|ftpsync|remote-sync|deploy|ormconfig|knexfile|datasources)([.\-_][\w.-]*)?\.json$|(^|\/)config\/[^\/]+\.json$|(^|\/)\.ftp(config|pass|access)$/i,
    holds: passwords(
      /"(?:pass|passwd|password|passphrase|pwd)"\s{0,8}:\s{0,8}"([^"\s]{1,200})"/i,
    ),
  },
];

function addressPassword(text: string): boolean {
  for (const [, password, token] of text.matchAll(ADDRESS)) {
    if (password !== undefined ? isPassword(password) : looksRandom(token!)) return true;
  }
  return false;
}

function spacedSetting(text: string): boolean {
  for (const [, name, value] of text.matchAll(SPACED_SETTING)) {
    if (passwordSetting(`${name}="${value}"`)) return true;
  }
  return false;
}
