/**
 * Table of tokens of code hosting, clouds, databases and package registries, recognised by their
 * form. Where a provider documents the length of its tokens, the pattern treats it as a minimum:
 * longer tokens match too.
 *
 * @module
 */

import type { TokenRow } from "./rule.ts";

/** Asserts that a token ends here. Used for tokens of a fixed length, to exclude longer words. */
const END = "(?![A-Za-z0-9_-])";

export const providerTokens: readonly TokenRow[] = [
  // The next rows are for tokens that cloud providers and database services issue.
  ["AWS access key", "AKIA|ASIA|ABIA|ACCA", `[A-Z2-7]{16}${END}`],
  ["AWS Bedrock key", "ABSK", "[A-Za-z0-9+/]{109,269}={0,2}"],
  ["AWS Bedrock key", "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t", "[A-Za-z0-9+/=]{20,}"],
  ["AWS session token", "FwoGZXIvYXdzE|IQoJb3JpZ2luX2Vj", "[A-Za-z0-9+/=]{80,}"],
  ["Google API key", "AIza", `[A-Za-z0-9_-]{35}${END}`],
  ["Google OAuth client secret", "GOCSPX-", "[A-Za-z0-9_-]{28}"],
  ["Google OAuth token", "ya29.", "[A-Za-z0-9_-]{30,}"],
  ["Google refresh token", "1//0", "[A-Za-z0-9_-]{40,}"],
  [
    "Google HMAC secret",
    "GOOG[A-Z0-9]",
    "[A-Z0-9]{8,60}[\"'\\s,:=]{1,8}[\\w\"']{0,24}[\\s:=\"']{0,6}[A-Za-z0-9/+]{40}",
  ],
  ["Firebase server key", ":APA91b", "[A-Za-z0-9_-]{120,}", "(?<=AAAA[A-Za-z0-9_-]{7})"],
  ["Azure storage key", "AccountKey=|SharedAccessKey=", "[A-Za-z0-9+/]{40,90}={1,2}"],
  [
    "Azure key",
    "+ASt|ACDb|+ASb|+AEh|AIoT|+ACR|+ABa|+AMC",
    "[A-Za-z0-9+/]{3,10}={0,2}(?![A-Za-z0-9+/=])",
    "(?<=[\"'\\s=:][A-Za-z0-9+/]{36,84})",
  ],
  [
    "Azure search key",
    "AzSe|AzFu|AzCa",
    "[A-Za-z0-9_-]{6}(?:[A-Za-z0-9_=-]{0,4})(?![A-Za-z0-9_=-])",
    "(?<=[\"'\\s=:][A-Za-z0-9_-]{38,44})",
  ],
  [
    "Azure client secret",
    "[0-9]Q~",
    "[A-Za-z0-9_.~-]{31,34}(?![A-Za-z0-9_.~-])",
    "(?<=(?:^|[^A-Za-z0-9_.~-])[A-Za-z0-9_.~-]{3})",
  ],
  [
    "Azure DevOps token",
    "AZDO",
    "[A-Za-z0-9]{4}(?![A-Za-z0-9])",
    "(?<=(?:^|[^A-Za-z0-9])[A-Za-z0-9]{76})",
  ],
  [
    "Azure OpenAI key",
    "AB[A-Z0-9]ACOG|AAACOG",
    "[A-Za-z0-9]{4}(?![A-Za-z0-9])",
    "(?<=[A-Za-z0-9]{60,80})",
  ],
  ["Azure shared access signature", "&sig=|?sig=", "[A-Za-z0-9%+/]{40,70}(?:%3[dD]|=)", ""],
  ["Alibaba Cloud key", "LTAI", `[A-Za-z0-9]{17,24}${END}`],
  ["Tencent Cloud key", "AKID", `[A-Za-z0-9]{32}${END}`],
  [
    "IBM Cloud key",
    "ApiKey-",
    `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}${END}`,
  ],
  ["DigitalOcean token", "dop_v1_|doo_v1_|dor_v1_", "[a-f0-9]{64}"],
  [
    "Scaleway key",
    "SCW[A-Z0-9]",
    `[A-Z0-9]{16}["'\\s,:=]{1,8}[\\w"']{0,24}[\\s:="']{0,6}[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
  ],
  ["Heroku token", "HRKU-", "[A-Za-z0-9_-]{36,}"],
  ["Fly.io token", "FlyV1 |fm1[ar]_|fm2_", "[A-Za-z0-9+/=,_ -]{60,}"],
  ["Fly.io token", "fo1_", "[A-Za-z0-9_-]{43}"],
  ["Netlify token", "nfp_|nfc_|nfo_|nfu_|nfb_", "[A-Za-z0-9_]{36,}"],
  ["Vercel token", "vcp_|vci_|vca_|vcr_|vck_", "[A-Za-z0-9]{24,}"],
  ["Vercel Blob token", "vercel_blob_rw_", "[A-Za-z0-9_]{30,}"],
  ["Render key", "^rnd_", `[A-Za-z0-9]{28,40}${END}`],
  ["Cloudflare token", "cfut_|cfat_|cfk_", "[A-Za-z0-9_-]{40,}"],
  ["Cloudflare origin CA key", "v1.0-[0-9a-f]", "[0-9a-f]{23}-[0-9a-f]{146}"],
  ["Supabase key", "sbp_|sbp_oauth_", "[a-f0-9]{40}"],
  ["Supabase key", "sb_secret_", "[A-Za-z0-9_-]{22,}"],
  ["Neon key", "napi_", "[a-z0-9]{60,}"],
  ["PlanetScale credential", "pscale_tkn_|pscale_pw_|pscale_oauth_", "[A-Za-z0-9_=.-]{32,64}"],
  ["Databricks token", "^dapi[0-9a-f]", `[0-9a-f]{31}(?:-[0-9])?${END}`],
  ["Databricks secret", "^dose[0-9a-f]", `[0-9a-f]{31}${END}`],
  ["Snowflake token", "ETMsDg", "[A-Za-z0-9+/=]{60,}"],
  ["Aiven password", "AVNS_", "[A-Za-z0-9_-]{19}"],
  ["Prefect token", "pnu_|pnb_", `[A-Za-z0-9]{36}${END}`],
  ["Infracost key", "^ico-", `[A-Za-z0-9]{32}${END}`],

  // The next rows are for tokens of code hosting and continuous integration services.
  ["GitHub token", "ghp_|gho_|ghu_|ghs_|ghr_", "[A-Za-z0-9]{36,}"],
  ["GitHub token", "github_pat_", "[A-Za-z0-9_]{60,}"],
  [
    "GitLab token",
    "glpat-|gldt-|glrt-|glcbt-|glptt-|glft-|glimt-|glagent-|gloas-|glsoat-|glffct-|glwt-",
    "[A-Za-z0-9_.-]{20,}",
  ],
  ["GitLab runner token", "GR1348941", "[A-Za-z0-9_-]{20,}"],
  ["Bitbucket password", "ATBB", `[A-Za-z0-9]{32}${END}`],
  ["Bitbucket token", "ATCTT3x", "[A-Za-z0-9_=-]{60,}"],
  ["Gitea token", "gta_", "[A-Za-z0-9]{40}"],
  ["Sourcegraph token", "sgp_|slk_|sgd_", "(?:(?:[a-f0-9]{16}|local)_)?[a-f0-9]{40,64}"],
  ["CircleCI token", "CCIPAT_|CCIPRJ_", "[A-Za-z0-9_-]{40,}"],
  ["Buildkite token", "bkua_|bkaa_|bkct_|bkpt_|bkpat_", "[A-Za-z0-9_]{36,}"],
  ["Harness token", "^pat.|^sat.", "[A-Za-z0-9_-]{22}\\.[a-f0-9]{24}\\.[A-Za-z0-9]{20}"],
  ["SonarQube token", "sqp_|squ_|sqa_", `[a-f0-9]{40}${END}`],
  ["JFrog key", "AKCp", "[A-Za-z0-9]{60,}"],
  ["JFrog token", "cmVmdGtu", "[A-Za-z0-9]{50,}"],
  ["Terraform Cloud token", ".atlasv1.", "[A-Za-z0-9_=-]{60,70}", "(?<=[A-Za-z0-9]{14})"],
  ["Vault token", "hvs.|hvb.|hvr.", "[A-Za-z0-9_-]{24,}"],
  ["Pulumi token", "pul-", "[a-f0-9]{40}"],
  ["Doppler token", "dp.pt.|dp.st.|dp.ct.|dp.sa.|dp.scim.|dp.audit.", "[A-Za-z0-9_.]{40,}"],
  ["1Password token", "ops_ey", "[A-Za-z0-9+/=_-]{100,}"],
  [
    "1Password secret key",
    "^A3-[A-Z0-9]",
    `[A-Z0-9]{5}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}${END}`,
  ],
  ["Docker token", "dckr_pat_|dckr_oat_", "[A-Za-z0-9_-]{27,}"],
  ["Tailscale key", "tskey-", "[a-z]{2,14}-[A-Za-z0-9]{6,}(?:-[A-Za-z0-9]{16,})?"],
  ["Defined Networking key", "dnkey-", "[a-z0-9=_-]{26}-[a-z0-9=_-]{52}"],
  ["Octopus Deploy key", "API-[A-Z0-9]", `[A-Z0-9]{25}${END}`],

  // The next rows are for tokens that package registries issue.
  ["npm token", "npm_", `[A-Za-z0-9]{36}(?![A-Za-z0-9_])`],
  ["PyPI token", "pypi-AgE", "[A-Za-z0-9_-]{50,}"],
  ["RubyGems key", "rubygems_", "[a-f0-9]{48}"],
  ["crates.io token", "^cio[A-Za-z0-9]", `[A-Za-z0-9]{31}${END}`],
  ["NuGet key", "^oy2[a-z0-9]", `[a-z0-9]{42}${END}`],
  ["Clojars token", "CLOJARS_", "[a-z0-9]{60}"],
  ["Deno Deploy token", "ddp_|ddo_|ddw_", "[A-Za-z0-9]{36,}"],
  ["Hex.pm key", "hexpm_", "[a-f0-9]{32,}"],
];
