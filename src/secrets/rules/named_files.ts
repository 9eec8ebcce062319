/**
 * Rules for files whose names suggest credentials, such as `.env`. Each rule parses the file
 * roughly as the program does that uses the file, so that even a short password is found.
 *
 * @module
 */

import { deploymentFiles } from "./deployment_files.ts";
import type { NamedFile } from "./named_file.ts";
import { isPlaceholder } from "./placeholder.ts";
import { isSecretName, lines, secretSetting, someSetting } from "./setting_text.ts";

/** Matches names of sample files such as `.env.example`, which users copy and fill in. */
const SAMPLE = /\b(examples?|samples?|templates?|dist|defaults?|tpl|tmpl|schema|vault|md|d\.ts)$/i;
const SAMPLE_FIRST = /^(example|sample|template|default)s?\.env$/i;
/**
 * Maximum length of an extension in {@linkcode SOURCES}, in characters; and the character code of a
 * full stop.
 */
const [MAX_ENDING, DOT] = [4, 46];
/** The most frequent extensions in packages. No file with such an extension is a settings file. */
const SOURCES = new Set(
  "js ts mjs cjs mts cts jsx tsx map md css html svg png py rb go rs c h cpp java wasm".split(" ")
    .map((ending) => endingOf(`.${ending}`)),
);
/**
 * Names of files that almost every package contains and that have no rule. Looking up a name is
 * faster than matching a regular expression.
 */
const COMMON = new Set("package.json tsconfig.json LICENSE LICENSE.txt".split(" "));
/** Matches names of source files and documentation, which are not settings files. */
const SOURCE = /\.(c|m)?[jt]sx?$|\.(py|rb|go|rs|md|html?|map)$/i;

/**
 * Rules for all files that are recognised by their paths, such as `.env`. Includes the rules for
 * deployment files.
 */
export const namedFiles: readonly NamedFile[] = [
  {
    kind: ".env with values",
    hints: "env",
    path: /(^|\/)(\.env([.\-_][^\/]*)?|\.flaskenv|[^\/]+\.env)$/i,
    holds: (text) => someSetting(text, (_, value) => !isPlaceholder(value)),
  },
  {
    kind: ".envrc with a secret",
    hints: "env",
    path: /(^|\/)\.envrc$/,
    holds: (text) =>
      someSetting(text, (name, value) => isSecretName(name) && !isPlaceholder(value)),
  },
  {
    kind: "npm credential",
    hints: "npmrc yarnrc",
    path: /(^|\/)[^\/]*(npmrc|yarnrc)[^\/]*$/i,
    holds: lines(/(?:^|:)_(?:authToken|auth|password)\s*=\s*["']?([^\s"']+)/im),
  },
  {
    kind: "Yarn credential",
    hints: "yarnrc",
    path: /(^|\/)\.yarnrc\.yml$/,
    holds: lines(/npmAuth(?:Token|Ident):\s*["']?([^\s"']+)/),
  },
  {
    kind: "netrc with a password",
    hints: "netrc",
    path: /(^|\/)[._]netrc$/,
    holds: lines(/\bpassword\s+(\S+)/),
  },
  {
    kind: "database password file",
    hints: "pgpass",
    path: /(^|\/)\.pgpass$|(^|\/)pgpass\.conf$/,
    holds: lines(/^[^#\n:]*:[^:\n]*:[^:\n]*:[^:\n]*:(.+)$/m),
  },
  {
    kind: "MySQL password",
    hints: "my.cnf",
    path: /(^|\/)\.?my\.cnf$/,
    holds: lines(/^[ \t]*password\s*=\s*["']?([^\s"']+)/m),
  },
  {
    kind: "Git credentials",
    hints: "credentials",
    path: /(^|\/)(\.?git-credentials|git\/credentials)$/,
    holds: lines(/^https?:\/\/[^\s:@]*:([^\s@]+)@/m),
  },
  {
    kind: "PyPI credential",
    hints: "pypirc",
    path: /(^|\/)\.pypirc$/,
    holds: lines(/^[ \t]*password\s*[=:]\s*(\S+)/m),
  },
  {
    kind: "password hashes",
    hints: "htpasswd",
    path: /(^|\/)\.?htpasswd$/,
    holds: lines(/^[^\s#:]+:(\$\w+\$\S+|\{SHA\}\S+|[A-Za-z0-9.\/]{13})/m),
  },
  {
    kind: "AWS credentials",
    hints: ".aws/ credentials s3cfg boto",
    path: /(^|\/)\.aws\/|(^|\/)credentials(\.ini)?$|(^|\/)\.(s3cfg|boto)$/,
    holds: lines(/^[ \t]*(?:aws_secret_access_key|secret_key|gs_secret_access_key)\s*=\s*(\S+)/m),
  },
  {
    kind: "registry credential",
    hints: "docker auth config",
    path: /(^|\/)(\.docker\/config|\.?dockercfg|\.?dockerconfigjson|auth|config)(\.json)?$/,
    holds: lines(/"(?:auth|identitytoken|registrytoken)"\s*:\s*"([A-Za-z0-9+\/=._-]{8,})"/),
  },
  {
    kind: "Composer credential",
    hints: "auth",
    path: /(^|\/)auth\.json$/,
    holds: lines(
      /"(?:password|(?:github|gitlab)\.[\w.-]{1,100})"\s*:\s*"([^"]+)"|"bearer"\s*:\s*\{\s*"[^"\n]+"\s*:\s*"([^"]+)"/,
    ),
  },
  {
    kind: "Cargo or gem credential",
    hints: "credentials",
    path: /(^|\/)\.?(cargo|gem)\/credentials(\.toml)?$|(^|\/)credentials\.toml$/,
    holds: lines(/(?:token\s*=|:\w*api_key:)\s*["']?([^\s"']+)/),
  },
  {
    kind: "Vault token",
    hints: "vault-token",
    path: /(^|\/)\.vault-token$/,
    holds: (text) => text.trim().length >= 8,
  },
  {
    kind: "Terraform credential",
    hints: "terraform credentials",
    path: /(^|\/)(\.terraformrc|terraform\.rc|credentials\.tfrc\.json)$/,
    holds: lines(/["']?token["']?\s*[=:]\s*"([^"]+)"/),
  },
  {
    kind: "Terraform variables or state with a secret",
    hints: ".tfvars .tfstate",
    path: /\.(tfvars|tfvars\.json|tfstate|tfstate\.backup)$/,
    holds: secretSetting,
  },
  {
    kind: "Kubernetes credential",
    hints: "kube admin.conf",
    path: /(^|\/)(kubeconfig|\.kube\/config|admin\.conf)$|\.kubeconfig$/,
    holds: lines(/(?:client-key-data|token|password):\s*["']?([^\s"']{6,})/),
  },
  {
    kind: "NuGet password",
    hints: "nuget",
    path: /(^|\/)nuget\.config$/i,
    holds: lines(/key="(?:ClearText)?Password"\s+value="([^"]+)"/i),
  },
  {
    kind: "Maven password",
    hints: "settings",
    path: /(^|\/)([\w.-]*-)?settings(-security|\.\w{1,20})?\.xml$/,
    holds: lines(/<(?:password|passphrase|master)>([^<]+)</),
  },
  {
    kind: "Gradle password",
    hints: ".properties",
    path: /(^|\/)(gradle|local|keystore|key)\.properties$/,
    holds: lines(/^[ \t]*[\w.]*(?:password|secret|token)\s*=\s*(\S+)/im),
  },
  {
    kind: "WordPress password",
    hints: "wp-config",
    path: /(^|\/)wp-config\.php$/,
    holds: lines(/define\(\s*['"](?:DB_PASSWORD|AUTH_KEY|SECURE_AUTH_KEY)['"]\s*,\s*['"]([^'"]+)/),
  },
  {
    kind: "Rails master key",
    hints: ".key",
    path: /(^|\/)(master|production|staging|development|credentials)\.key$/,
    holds: (text) => /^[0-9a-f]{32}\s*$/.test(text),
  },
  {
    kind: "signing key",
    hints: "key .sec .seed .priv .nk",
    path: /\.(key|sec|secret|seed|priv|nk)$|(secret|private|signing)[-_.]?key[^\/]*$/i,
    holds: (text) =>
      /^(?:[\w.-]{1,60}:)?(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{128}|[A-Za-z0-9+\/]{43}=|[A-Za-z0-9+\/]{86}==|S[A-Z2-7]{55,57})\s*$/
        .test(text),
  },
  {
    kind: "settings with a secret",
    hints: "secret credential settings database password",
    path:
      /(^|\/)(\.?secrets?|\.?credentials?|local\.settings|appsettings[^\/]*|database|\.?passwords?)\.(json|ya?ml|toml|ini|conf|cfg|properties|txt|xml)$/i,
    holds: secretSetting,
  },
  {
    kind: "rclone or mail password",
    hints: "rclone msmtprc fetchmailrc muttrc mbsyncrc offlineimaprc smbcredentials",
    path:
      /(^|\/)(rclone\.conf|\.(msmtprc|fetchmailrc|muttrc|mbsyncrc|offlineimaprc|smbcredentials))$/,
    holds: lines(
      /^[ \t]*(?:set[ \t]+)?(?:pass|password|smtp_pass|imap_pass|PassCmd|client_secret|token)[ \t]*(?:=[ \t]*|(?<=[ \t]))["']?(\S+)/im,
    ),
  },
  {
    kind: "FTP password",
    hints: "sitemanager recentservers filezilla ftp",
    path:
      /(^|\/)(sitemanager|recentservers|filezilla)\.xml$|(^|\/)\.?(ftpconfig|sftp(-config)?\.json)$/i,
    holds: lines(/<Pass[^<>]*>([^<]+)<|"(?:password|passphrase|pass)"\s*:\s*"([^"]+)"/),
  },
  {
    kind: "Azure token cache",
    hints: "accesstokens token_cache azureprofile tokencache",
    path: /(^|\/)(accessTokens|msal_token_cache|azureProfile|TokenCache)(\.json|\.dat)?$/,
    holds: lines(
      /"(?:accessToken|refreshToken|secret|access_token|refresh_token)"\s*:\s*"([^"]+)"/,
    ),
  },
  {
    kind: "Google credentials",
    hints: "credentials client_secret adc.json",
    path: /(^|\/)(application_default_credentials|client_secrets?[^\/]*|adc)\.json$/,
    holds: lines(/"(?:refresh_token|client_secret|private_key)"\s*:\s*"([^"]+)"/),
  },
  // Key stores of other programs, in encrypted or special formats. Such files exist to hold keys,
  // so any content counts as a secret.
  {
    kind: "key store",
    hints: ".p12 .pfx .jks .keystore .bks .kdb .psafe3 .ppk mobileprovision secring. wallet.dat " +
      "private-keys mylogin keychain key3.db key4.db logins.json",
    path:
      /\.(p12|pfx|jks|keystore|bks|kdbx?|psafe3|ppk|mobileprovision\.key)$|(^|\/)(secring\.(gpg|pgp|skr)|wallet\.dat|private-keys-v1\.d\/[^\/]+\.key|\.mylogin\.cnf|login\.keychain(-db)?|key[34]\.db|logins\.json)$/i,
    holds: (text) => text.length >= 16 && !isTruststore(text),
  },
  {
    kind: "libreseed home",
    hints: "state.db",
    path: /(^|\/)state\.db$/,
    holds: (text) => text.startsWith("SQLite format 3\0") && text.includes("verified_files"),
  },
  ...deploymentFiles,
];

const hinted = namedFiles.map((file) => ({ file, hints: file.hints.split(" ") }));
/** Matches paths that contain at least one of the hints (texts in the `hints` of the rules). */
const anyHint = new RegExp(
  [...new Set(hinted.flatMap(({ hints }) => hints))].join("|").replaceAll(".", "\\."),
);
const none: readonly NamedFile[] = [];

/** Returns the rules that apply to a path. Most paths have none. */
export function namedFilesOf(path: string): readonly NamedFile[] {
  if (SOURCES.has(endingOf(path))) return none;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (COMMON.has(name)) return none;
  const lower = path.toLowerCase();
  if (!anyHint.test(lower)) return none;
  if (SAMPLE.test(name) || SAMPLE_FIRST.test(name) || SOURCE.test(name)) return none;
  return hinted
    .filter(({ hints, file }) => hints.some((hint) => lower.includes(hint)) && file.path.test(path))
    .map(({ file }) => file);
}

/**
 * Returns a file's extension as a number; `undefined` if the extension is long or not ASCII.
 * Numbers avoid allocating a string for each path.
 */
function endingOf(path: string): number | undefined {
  let ending = 0;
  for (let at = path.length - 1; at >= path.length - 1 - MAX_ENDING; at--) {
    const char = path.charCodeAt(at);
    if (char === DOT) return ending;
    if (!(char < 128)) return undefined;
    ending = 128 * ending + char;
  }
}

/**
 * Whether the first entry of a Java key store is a certificate, as in a trust store, which holds no
 * private keys.
 */
function isTruststore(text: string): boolean {
  return text.startsWith("\xfe\xed\xfe\xed") && text.charCodeAt(15) === 2;
}
