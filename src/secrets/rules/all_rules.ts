/**
 * The list of all rules. A new file of rules is added here.
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
 * Every rule. Each call makes new ones, because a sticky regular expression keeps its position in
 * `lastIndex`.
 */
export function allRules(): Rule[] {
  return [
    ...keyRules(),
    ...settingRules(),
    ...requestRules(),
    ...[...providerTokens, ...serviceTokens].map(tokenRule),
  ];
}
