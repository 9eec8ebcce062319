/**
 * Table of tokens of services, recognised by their form: payment, mail, chat, language models,
 * monitoring, content.
 *
 * @module
 */

import type { TokenRow } from "./rule.ts";

/** Asserts that a token ends here. Used for tokens of a fixed length, to exclude longer words. */
const END = "(?![A-Za-z0-9_-])";
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

export const serviceTokens: readonly TokenRow[] = [
  // The next rows are for tokens that payment services issue.
  ["Stripe key", "sk_live_|rk_live_|sk_test_|rk_test_|sk_org_|sk_prod_", "[A-Za-z0-9]{16,}"],
  ["Stripe webhook secret", "whsec_", "[A-Za-z0-9+/=]{32,}"],
  // Square's prefix `sq0idp-` is omitted: this prefix marks the id of an application, and such ids
  // are not secret.
  ["Square token", "sq0atp-|sq0csp-", "[A-Za-z0-9_-]{22,}"],
  ["Square token", "^EAAA…", `[A-Za-z0-9_-]{60}(?![A-Za-z0-9_+/=-])`, "(?<![A-Za-z0-9_+/.-])"],
  [
    "Braintree token",
    "access_token$production$|access_token$sandbox$",
    "[0-9a-z]{16}\\$[0-9a-f]{32}",
  ],
  ["Razorpay key", "rzp_live_|rzp_test_", `[A-Za-z0-9]{14,24}${END}`],
  ["Flutterwave key", "FLWSECK-|FLWSECK_TEST-", "[A-Za-z0-9]{12,}"],
  ["Plaid token", "access-production-|access-sandbox-|access-development-", UUID],
  [
    "Adyen key",
    "AQE[a-z0-9]",
    "[A-Za-z0-9+/]{60,300}={0,2}-[A-Za-z0-9+/=]{20,300}-[\\x21-\\x7e]{10,}",
  ],
  ["Mollie key", "^live_[A-Za-z0-9]", `[A-Za-z0-9]{29,47}${END}`, "(?<=[\"'=:\s])"],
  ["Xendit key", "xnd_production_|xnd_development_", "[A-Za-z0-9]{40,}"],
  ["EasyPost key", "EZAK|EZTK", "[A-Za-z0-9]{54}"],
  ["Shippo token", "shippo_live_|shippo_test_", "[a-f0-9]{40}"],
  ["Duffel token", "duffel_live_|duffel_test_", "[A-Za-z0-9_=-]{43}"],
  ["Paddle key", "pdl_live_|pdl_sdbx_", "[A-Za-z0-9_]{40,}"],
  ["Shopify token", "shpat_|shpca_|shppa_|shpss_|shptka_", "[A-Fa-f0-9]{32}"],

  // The next rows are for tokens that mail and chat services issue.
  [
    "Slack token",
    "xoxb-|xoxp-|xoxa-|xoxo-|xoxr-|xoxs-|xoxe-|xoxc-|xoxd-|xoxe.xox",
    "[A-Za-z0-9%+/=.-]{24,}",
  ],
  ["Slack app token", "xapp-[0-9]", "-[A-Z0-9]{8,}-[0-9]{8,}-[a-f0-9]{32,}"],
  [
    "Slack webhook",
    "hooks.slack.com/services/|hooks.slack.com/workflows/|hooks.slack.com/triggers/",
    "[A-Z][A-Za-z0-9_]{6,}/[A-Za-z0-9_]{8,}/[A-Za-z0-9_]{20,}",
    "",
  ],
  [
    "Discord webhook",
    "discord.com/api/webhooks/|discordapp.com/api/webhooks/",
    "[0-9]{17,20}/[A-Za-z0-9_-]{60,}",
    "",
  ],
  [
    "Discord bot token",
    "[MNO][DTjz][AEIMQUYcgk][w-z0-5][MNO]",
    "[A-Za-z0-9_-]{18,23}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,}",
  ],
  // Discord bot tokens after a text that announces a token. In this row the pattern does not
  // require that the first characters encode the digits of a bot id.
  [
    "Discord bot token",
    `.login("|.login('|"token": "|"token":"|TOKEN = "|TOKEN=|oken: "|oken = "`,
    `["']?[MNO][A-Za-z0-9_-]{22,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,}`,
    "",
  ],
  [
    "Teams webhook",
    ".webhook.office.com/webhookb2/",
    "[0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/[0-9a-f]{32}",
    "",
  ],
  [
    "Telegram bot token",
    "[0-9]:AA[A-Za-z0-9_-]",
    `[A-Za-z0-9_-]{32}${END}`,
    "(?<=(?:^|[^0-9])(?:bot)?[0-9]{7,9})",
  ],
  ["Twilio key", "^SK[0-9a-f]", `[0-9a-f]{31}${END}`],
  ["SendGrid key", "^SG.", "[A-Za-z0-9_-]{20,24}\\.[A-Za-z0-9_-]{39,50}"],
  ["Mailgun key", "^key-[0-9a-f]|pubkey-[0-9a-f]", `[0-9a-f]{31}${END}`],
  ["Mailchimp key", "[0-9a-f]-us[0-9]", `[0-9]?${END}`, "(?<=(?:^|[^0-9a-f-])[0-9a-f]{31})"],
  ["Brevo key", "xkeysib-|xsmtpsib-", "[a-f0-9]{64}-[A-Za-z0-9]{16}"],
  ["Resend key", "^re_[A-Za-z0-9]", `[A-Za-z0-9]{7}_[A-Za-z0-9]{24}${END}`],
  ["MailerSend token", "mlsn.", "[a-f0-9]{64}"],
  ["Klaviyo key", "^pk_[a-f0-9]", `[a-f0-9]{33}${END}`],
  ["Zapier webhook", "hooks.zapier.com/hooks/catch/", "[0-9]{4,}/[A-Za-z0-9]{5,}", ""],
  ["Facebook token", "EAACEdEose0cBA|EAAB|EAAG", "[A-Za-z0-9]{80,}"],
  ["Instagram token", "IGQV", "[A-Za-z0-9_-]{60,}"],
  [
    "Twitter bearer token",
    "%2B[A-Za-z0-9]|%3D[A-Za-z0-9]",
    "[A-Za-z0-9%]{20,}",
    "(?<=A{18}[A-Za-z0-9]{1,40})",
  ],
  ["LinkedIn secret", "WPL_AP1.|WPL_AP0.", "[A-Za-z0-9]{16}\\.[A-Za-z0-9+/=]{6,}"],
  ["Intercom token", "dG9rOj", "[A-Za-z0-9+/=]{50,}"],
  ["Django secret key", "django-insecure-", "[a-z0-9!@#$%^&*(_=+)-]{40,}"],
  ["Okta token", "SSWS ", "00[A-Za-z0-9_-]{38,42}"],

  // The next rows are for tokens that providers of language models issue.
  ["OpenAI key", "T3BlbkFJ", "[A-Za-z0-9_-]{20,}", "(?<=sk-[A-Za-z0-9_-]{20,200})"],
  ["OpenAI key", "sk-proj-|sk-svcacct-|sk-admin-", "[A-Za-z0-9_-]{40,}"],
  ["Anthropic key", "sk-ant-", "[A-Za-z0-9_-]{40,}"],
  ["OpenRouter key", "sk-or-v1-", "[a-f0-9]{64}"],
  ["model provider's key", "^sk-[A-Za-z0-9]", `[A-Za-z0-9]{31,63}${END}`],
  ["Hugging Face token", "^hf_|^api_org_", "[A-Za-z]{34}"],
  ["Replicate token", "^r8_", "[A-Za-z0-9]{37}"],
  ["Groq key", "gsk_", "[A-Za-z0-9]{52}"],
  ["xAI key", "xai-", "[A-Za-z0-9_]{70,}"],
  ["Perplexity key", "pplx-", "[A-Za-z0-9]{40,}"],
  ["Fireworks or Together AI key", "^fw_|^tgp_v1_", "[A-Za-z0-9_-]{22,}"],
  ["NVIDIA key", "nvapi-", "[A-Za-z0-9_-]{60,}"],
  ["LangSmith key", "lsv2_pt_|lsv2_sk_", "[a-f0-9]{32}_[a-f0-9]{10}"],
  ["Langfuse key", "sk-lf-", UUID],
  ["Pinecone key", "pcsk_", "[A-Za-z0-9_]{40,}"],
  ["Weights & Biases key", "wandb_v1_", "[A-Za-z0-9_]{60,}"],
  ["ElevenLabs key", "^sk_[a-f0-9]", `[a-f0-9]{47}${END}`],
  ["Tavily key", "tvly-", "(?:dev-|prod-)?[A-Za-z0-9]{28,}"],
  ["Firecrawl key", "^fc-[a-f0-9]", `[a-f0-9]{31}${END}`],

  // The next rows are for tokens that monitoring and analytics services issue.
  ["Sentry token", "sntrys_|sntryu_|sntrya_|sntryi_", "[A-Za-z0-9+/=_]{60,}"],
  ["New Relic key", "NRAK-|NRAA-|NRIQ-|NRRA-|NRII-|NRSP-|NRJS-", "[A-Za-z0-9_-]{18,}"],
  ["Grafana token", "glsa_|glc_", "[A-Za-z0-9+/_]{32,}={0,2}"],
  ["Grafana key", "eyJrIjoi", "[A-Za-z0-9+/=]{70,}"],
  ["Dynatrace token", "dt0c01.|dt0s01.|dt0s16.", "[A-Z0-9]{8,24}\\.[A-Z0-9]{64}"],
  ["Datadog key", "ddapi_|ddapp_|dd_pat_", "[A-Za-z0-9]{32,}"],
  ["PostHog key", "phx_", "[A-Za-z0-9]{40,}"],
  ["Honeycomb key", "hcaik_|hcalk_|hcbik_|hcamk_", "[A-Za-z0-9]{50,}"],
  [
    "LaunchDarkly key",
    "sdk-[0-9a-f]|api-[0-9a-f]",
    `[0-9a-f]{7}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}${END}`,
  ],

  // The next rows are for tokens that services for content and collaboration issue.
  ["Atlassian token", "ATATT3", "[A-Za-z0-9_=-]{60,}"],
  ["Linear key", "lin_api_|lin_oauth_", "[A-Za-z0-9]{32,}"],
  ["Notion token", "ntn_", `[A-Za-z0-9]{42,}${END}`],
  ["Notion token", "ret_", `[A-Za-z0-9]{43}${END}`, "(?<=(?<![A-Za-z0-9_])sec)"],
  ["Airtable token", "^pat[A-Za-z0-9]", "[A-Za-z0-9]{13}\\.[a-f0-9]{64}"],
  ["Figma token", "figd_|figo_|figu_", "[A-Za-z0-9_-]{40,}"],
  ["Contentful token", "CFPAT-", "[A-Za-z0-9_-]{43}"],
  ["Dropbox token", "sl.u.|sl.[A-Z]", "[A-Za-z0-9_-]{120,}"],
  ["HubSpot token", "pat-na1-|pat-eu1-|pat-na2-|pat-na3-|pat-ap1-", UUID],
  ["Typeform token", "tfp_", "[A-Za-z0-9_-]{40,}"],
  ["Postman key", "PMAK-|PMAT-", "[A-Za-z0-9]{20,}(?:-[a-f0-9]{34})?"],
  ["Mapbox token", "^sk.eyJ", "[A-Za-z0-9_-]{50,}\\.[A-Za-z0-9_-]{20,}"],
  ["Adafruit key", "^aio_", `[A-Za-z0-9]{28}${END}`],
  ["Frame.io token", "fio-u-", "[A-Za-z0-9_=-]{64}"],
  ["ReadMe key", "rdme_", "[a-z0-9]{70}"],
  ["ngrok token", "^ngrok_|^cr_[0-9A-Za-z]", `[0-9A-Za-z]{25,}_[0-9A-Za-z]{20,}${END}`],
  ["Salesforce token", "^00D[A-Za-z0-9]", "[A-Za-z0-9]{11,14}![A-Za-z0-9_.]{60,}"],
];
