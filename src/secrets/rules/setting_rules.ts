/**
 * Rules for secrets that have no characteristic form. They are recognised by the name of their
 * setting or by the URL that contains them.
 *
 * @module
 */

import { isPlaceholder, isSampleToken, isStandIn, isVaried, looksRandom } from "./placeholder.ts";
import type { Rule } from "./rule.ts";

/**
 * Matches the text between the name and the value of a setting, in the syntax of many languages: an
 * optional quote, `=`, `:`, `:=` or `=>`, and an optional quote.
 */
const IS =
  "\\\\?[\"'`]?\\s{0,8}(?:: ?[sS]tring ?)?(?:=>|:=|[:=])\\s{0,8}(?:[a-zA-Z]{1,8}\\s)?\\\\?[\"'`]?";
/** Minimum length of a password, in characters. Shorter passwords occur mostly in documentation. */
const MIN_PASSWORD = 6;
/**
 * Matches hosts that are only reachable from the author's machine or network, and placeholders for
 * hosts.
 */
const NO_HOST =
  /^(localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|\[|.*\b(example|invalid|test|local|localhost|localdomain|host(name)?|server|domain|your-?\w*|my-?\w*|company|acme|foo|bar|baz)\b)/i;

/** Matches names of environment variables that hold secrets. */
const SECRET_NAME =
  "(?:API_?KEY|SECRET|SECRET_?KEY|ACCESS_?KEY|AUTH_?TOKEN|ACCESS_?TOKEN|API_?TOKEN|BOT_?TOKEN|TOKEN|PASSWORD|PASSWD|PRIVATE_?KEY|CLIENT_SECRET|WEBHOOK_SECRET|ENCRYPTION_KEY|SIGNING_KEY|MASTER_KEY)";

/** Creates the rules for secrets in settings and URLs. */
export function settingRules(): Rule[] {
  return [
    {
      kind: "npm credential",
      anchors: ["_authToken", ":_auth", ":_password"],
      // Accept 16 characters or more, although tokens of npm itself are longer. Exclude brackets
      // and commas, which do not occur in tokens, but occur in source code after a variable named
      // `_authToken`.
      pattern: /(?:_authToken|:_auth|:_password)["']?\s{0,4}=\s{0,4}["']?([^\s"'`<>(),;]{16,})/y,
      accept: ([, value]) => !isPlaceholder(value!) && /[0-9]/.test(value!),
    },
    {
      kind: "AWS secret access key",
      anchors: [
        "aws_secret_access_key",
        "AWS_SECRET_ACCESS_KEY",
        "aws_secret_key",
        "AWS_SECRET_KEY",
        "ecretAccessKey",
        "awsSecretKey",
      ],
      pattern: new RegExp(`[A-Za-z_]{10,24}${IS}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])`, "y"),
      accept: ([, key]) => looksRandom(key!),
    },
    {
      kind: "AWS session token",
      anchors: ["aws_session_token", "AWS_SESSION_TOKEN", "essionToken"],
      pattern: new RegExp(`[A-Za-z_]{10,24}${IS}([A-Za-z0-9/+=]{100,})`, "y"),
      accept: ([, token]) => looksRandom(token!),
    },
    {
      kind: "database address with a password",
      anchors: [
        ...["postgres://", "postgresql://", "mysql://", "mariadb://", "mongodb://", "db+srv://"],
        ...["redis://", "rediss://", "amqp://", "amqps://", "mssql://", "sqlserver://"],
        ...["clickhouse://", "cockroachdb://", "nats://", "smtp://", "smtps://", "ldap://"],
        ...["ldaps://", "sftp://", "ftp://", "ftps://", "jdbc:", "libsql://", "bolt://"],
      ],
      pattern:
        /(?:jdbc:)?[a-z0-9+]{3,20}:\/\/[^\s:@\/"'`<>]{0,100}:([^\s@\/"'`<>]{6,200})@([A-Za-z0-9_.[\]-]{1,253})/y,
      accept: ([, password, host]) =>
        !isStandIn(password!) && host!.includes(".") && !NO_HOST.test(host!) &&
        !/^[a-z]+$/i.test(password!),
    },
    {
      kind: "address with a token",
      anchors: ["://x-access-token:", "://oauth2:", "://gitlab-ci-token:", "x-oauth-basic@"],
      pattern:
        /(?:x-oauth-basic|:\/\/(?:x-access-token|oauth2|gitlab-ci-token):([^\s@:\/"'`]{16,}))@/y,
      accept: ([whole, token]) => token === undefined ? whole === "" : looksRandom(token),
    },
    {
      kind: "connection string with a password",
      anchors: [";Password=", ";password=", ";Pwd=", ";pwd=", ";PWD=", ";PASSWORD="],
      pattern: /;(?:password|pwd)=([^;"'`\s<>]{6,200})/iy,
      accept: ([, password]) =>
        password!.length >= MIN_PASSWORD && !isStandIn(password!) && /[0-9]/.test(password!) &&
        /[^0-9a-z]/.test(password!),
    },
    {
      kind: "Kubernetes credential",
      anchors: ["client-key-data:"],
      pattern: /client-key-data: ?["']?([A-Za-z0-9+/]{60,})/y,
      accept: ([, key]) => !isPlaceholder(key!),
    },
    {
      kind: "Google credentials",
      isWide: true,
      anchors: ['"authorized_user"', '"refresh_token"'],
      pattern:
        /"(?:authorized_user"[^]{0,600}"refresh_token|refresh_token)": ?"(1\/\/?[\w-]{30,}|[\w.-]{60,})"/y,
      accept: ([, token]) => looksRandom(token!),
    },
    {
      kind: "JSON Web Token",
      isWide: true,
      anchors: ["eyJ[hbrctajkz][bGXHIMWCVnQ][A-Za-z0-9]"],
      pattern:
        /(?<![A-Za-z0-9_.-])(eyJ[A-Za-z0-9_-]{10,400})\.(eyJ[A-Za-z0-9_-]{10,2400})\.[A-Za-z0-9_-]{27,700}/y,
      accept: ([, header, payload]) => isLiveToken(header!, payload!),
    },
    {
      kind: "setting with a secret",
      anchors: [
        ...["_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_PASSWD"].flatMap((name) =>
          ["=", ":", " ", '"', "'"].map((next) => name + next)
        ),
      ],
      pattern: new RegExp(
        `(?<=[A-Z0-9_]{0,60})_(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD)${IS}([A-Za-z0-9+/_.-]{20,200}={0,2})(?=[\\s"'\`,;\\\\)&#]|$)`,
        "y",
      ),
      accept: (match) => isSecretName(match) && looksRandom(match[1]!),
    },
    {
      kind: "setting with a secret",
      anchors: [
        ...["api_key", "apiKey", "apikey", "api-key", "secret_key", "secretKey", "access_token"],
        ...["accessToken", "auth_token", "authToken", "client_secret", "clientSecret"],
        ...["api_token", "apiToken", "private_token", "privateToken", "refresh_token"],
        ...["refreshToken", "consumer_secret", "consumerSecret", "app_secret", "appSecret"],
        ...["jwt_secret", "jwtSecret"],
      ],
      pattern: new RegExp(
        `(?:api[_-]?[kK]ey|secret_?[kK]ey|(?:access|auth|api|private|refresh)_?[tT]oken|(?:client|consumer|app|jwt)_?[sS]ecret)${IS}` +
          `([A-Za-z0-9+/_.~-]{20,200}={0,2})(?=[\\s"'\`,;\\\\)&#]|$)`,
        "y",
      ),
      accept: ([, value]) => looksRandom(value!) && !isSampleToken(value!),
    },
    {
      kind: "secret key of a web framework",
      anchors: ["SECRET_KEY=", "SECRET_KEY =", "SECRET_KEY'", 'SECRET_KEY"', "SECRET_KEY:"],
      pattern: /SECRET_KEY["']?\]?\s{0,4}[=:]\s{0,4}(?:"([!#-~]{40,200})"|'([!-&(-~]{40,200})')/y,
      accept: ([, one, other]) => {
        const key = (one ?? other)!;
        return /[0-9]/.test(key) && !key.includes("://") && !isSampleToken(key) && isVaried(key);
      },
    },
    {
      kind: "password hash of a system account",
      anchors: [":$6$", ":$5$", ":$y$", ":$2b$", ":$1$"],
      pattern: /:\$(?:6|5|y|2b|1)\$([A-Za-z0-9.\/$,=]{20,120}):[0-9]{3,6}:[0-9]{0,6}:/y,
      accept: () => true,
    },
    {
      kind: "registry credential",
      isWide: true,
      anchors: ['"auths"', '"auth": "', '"auth":"'],
      pattern:
        /"(?:auths"\s{0,4}:\s{0,4}\{[^}]{1,600}?"auth|auth)"\s{0,4}:\s{0,4}"([A-Za-z0-9+/]{12,}={0,2})"/y,
      accept: ([whole, value]) => whole!.startsWith('"auths"') && !isPlaceholder(value!),
    },
  ];
}

/**
 * Whether the full name of a setting is that of a secret. The full name includes the characters
 * before the match, which begins in the middle of the name.
 */
function isSecretName(match: RegExpExecArray): boolean {
  const before = match.input.slice(Math.max(0, match.index - 60), match.index);
  const name = /[A-Z0-9_]*$/.exec(before)![0] + /^_[A-Z]+/.exec(match[0])![0];
  return new RegExp(`(?:^|_)${SECRET_NAME}$`).test(name) && !/PUBLIC|PUBLISHABLE/.test(name);
}

/**
 * Whether the header and the payload of a JSON Web Token are real. Samples in documentation have no
 * algorithm, few claims, or well-known values.
 */
function isLiveToken(header: string, payload: string): boolean {
  const { alg } = parsePart(header) ?? {};
  if (typeof alg !== "string" || alg === "none") return false;
  const claims = parsePart(payload);
  if (!claims) return false;
  // The role `anon` marks Supabase's anonymous key, which is public and grants only the rights of
  // any visitor.
  if (claims.role === "anon") return false;
  const text = JSON.stringify(claims);
  return !/1234567890|John ?Doe|"joe"|example/i.test(text) &&
    Object.keys(claims).length >= 2;
}

function parsePart(part: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
