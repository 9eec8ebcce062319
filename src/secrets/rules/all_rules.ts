/**
 * Lists the rules of all files in this folder that detect secrets in text. A new file of rules must
 * be added here.
 *
 * @module
 */

import { keyRules } from "./key_rules.ts";
import { providerTokens } from "./provider_tokens.ts";
import { requestRules } from "./request_rules.ts";
import { type Rule, tokenRule } from "./rule.ts";
import { serviceTokens } from "./service_tokens.ts";
import { settingRules } from "./setting_rules.ts";

/**
 * Creates all rules for secrets in text. Each call returns new rules, because their regular
 * expressions are stateful (`lastIndex`).
 */
export function allRules(): Rule[] {
  return [
    ...keyRules(),
    ...settingRules(),
    ...requestRules(),
    ...[...providerTokens, ...serviceTokens].map(tokenRule),
  ];
}
