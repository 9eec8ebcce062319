/**
 * The anchors of all rules in their order, in the format of `AnchorSearch`. They are divided into groups
 * whose bits rarely agree by chance. Written by `scripts/group_anchors.ts`; not to be edited.
 *
 * @module
 */

/** Classes of the characters from `\x80` on, as between the brackets of a regular expression. */
export const classes: readonly string[] = [
  "A-Za-z0-9+/_=~.%:@$!-",
  "^A-Za-z0-9_",
  "HJK",
  "w-z",
  "1-5",
  "1-3",
  "M-W",
  "hbrctajkz",
  "bGXHIMWCVnQ",
  "A-Za-z0-9",
  "A-Za-z0-9_-",
  "A-Z0-9",
  "0-9",
  "ar",
  "0-9a-f",
  "a-z0-9",
  "MNO",
  "DTjz",
  "AEIMQUYcgk",
  "w-z0-5",
  "a-f0-9",
  "A-Z",
  "0-9A-Za-z",
];

/** One line per anchor: group, offset of the window, flags, bytes. */
export const rows: string =
  "300PRIVATE KEY\n040LS0tLS1CRUdJTi\n220PuTTY-User-Key-File-\n040AGE-SECRET-KEY-\n" +
  "040AGE-PLUGIN-\n030OpenVPN Static key\n130OpenVPN tls-crypt\n650NKEY SEED-----\n" +
  "650secret key\n060PrivateKey = \n660PrivateKey=\n370Private-key-format: v1\n" +
  '270== ed25519v1-secret\n300<RSAKeyValue>\n100<DSAKeyValue>\n700"kty"\n700"kty\\\n300"d":"\n' +
  '500"d": "\n400"ciphertext"\n300xprv9\n300tprv8\n300yprvA\n300zprvA\n103\x815\x82\x80\x80\n103\x81K\x83\x80\x80\n' +
  "703\x81L\x84\x80\x80\n103\x819\x85\x80\x80\n703\x81c\x86\x80\x80\n380\"private_key\"\n380'private_key'\n340_authToken\n300:_auth\n" +
  "000:_password\n3@0aws_secret_access_key\n040AWS_SECRET_ACCESS_KEY\n390aws_secret_key\n" +
  "040AWS_SECRET_KEY\n690ecretAccessKey\n000awsSecretKey\n000aws_session_token\n" +
  "040AWS_SESSION_TOKEN\n350essionToken\n400postgres://\n260postgresql://\n500mysql://\n" +
  "330mariadb://\n020mongodb://\n010db+srv://\n500redis://\n500rediss://\n100amqp://\n" +
  "100amqps://\n500mssql://\n100sqlserver://\n020clickhouse://\n470cockroachdb://\n500nats://\n" +
  "000smtp://\n000smtps://\n400ldap://\n400ldaps://\n000sftp://\n400ftp://\n000ftps://\n300jdbc:\n" +
  "010libsql://\n500bolt://\n420://x-access-token:\n650://oauth2:\n680://gitlab-ci-token:\n" +
  "450x-oauth-basic@\n540;Password=\n540;password=\n300;Pwd=\n300;pwd=\n300;PWD=\n030;PASSWORD=\n" +
  '360client-key-data:\n670"authorized_user"\n670"refresh_token"\n700eyJ\x87\x88\x89\n300_KEY=\n300_KEY:\n' +
  "300_KEY \n300_KEY\"\n300_KEY'\n010_TOKEN=\n010_TOKEN:\n010_TOKEN \n110_TOKEN\"\n010_TOKEN'\n" +
  "010_SECRET=\n010_SECRET:\n010_SECRET \n010_SECRET\"\n010_SECRET'\n030_PASSWORD=\n030_PASSWORD:\n" +
  "030_PASSWORD \n030_PASSWORD\"\n030_PASSWORD'\n020_PASSWD=\n020_PASSWD:\n020_PASSWD \n" +
  "220_PASSWD\"\n020_PASSWD'\n310api_key\n000apiKey\n000apikey\n010api-key\n350secret_key\n" +
  "640secretKey\n560access_token\n350accessToken\n010auth_token\n330authToken\n450client_secret\n" +
  "550clientSecret\n000api_token\n320apiToken\n570private_token\n360privateToken\n" +
  "660refresh_token\n360refreshToken\n640consumer_secret\n570consumerSecret\n000app_secret\n" +
  "000appSecret\n000jwt_secret\n000jwtSecret\n000SECRET_KEY=\n000SECRET_KEY =\n000SECRET_KEY'\n" +
  '000SECRET_KEY"\n000SECRET_KEY:\n300:$6$\x80\n300:$5$\x80\n300:$y$\x80\n300:$2b$\n300:$1$\x80\n610"auths"\n' +
  '610"auth": "\n610"auth":"\n500Bearer \x8a\n500bearer \x8a\n030uthorization: token \n' +
  "5?0uthorization': 'token \n5?0uthorization\": \"token \n000Basic \x89\n000basic \x89\n300curl \n" +
  "102AKIA\x80\n402ASIA\x80\n102ABIA\x80\n402ACCA\x80\n102ABSK\x80\n" +
  "0?2bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t\n032FwoGZXIvYXdzE\n0;2IQoJb3JpZ2luX2Vj\n" +
  "702AIza\x80\n002GOCSPX-\n002ya29.\n3021//0\x80\n202GOOG\x8b\n010:APA91b\n662AccountKey=\n" +
  "0;2SharedAccessKey=\n700+ASt\x80\n300ACDb\x80\n700+ASb\x80\n300+AEh\x80\n700AIoT\x80\n300+ACR\x80\n700+ABa\x80\n" +
  "700+AMC\x80\n700AzSe\x80\n700AzFu\x80\n700AzCa\x80\n700\x8cQ~\x80\x80\n700AZDO\x80\n620AB\x8bACOG\n610AAACOG\n300&sig=\n" +
  "300?sig=\n402LTAI\x80\n102AKID\x80\n022ApiKey-\n022dop_v1_\n022doo_v1_\n222dor_v1_\n102SCW\x8b\x80\n" +
  "002HRKU-\n002FlyV1 \n102fm1\x8d_\n102fm2_\x80\n302fo1_\x80\n102nfp_\x80\n202nfc_\x80\n202nfo_\x80\n202nfu_\x80\n" +
  "102nfb_\x80\n202vcp_\x80\n302vci_\x80\n402vca_\x80\n202vcr_\x80\n202vck_\x80\n0:2vercel_blob_rw_\n203\x81rnd_\n" +
  "202cfut_\n202cfat_\n102cfk_\x80\n202v1.0-\x8e\n102sbp_\x80\n002sbp_oauth_\n102sb_secret_\n002napi_\n" +
  "052pscale_tkn_\n052pscale_pw_\n682pscale_oauth_\n013\x81dapi\x8e\n413\x81dose\x8e\n502ETMsDg\n102AVNS_\n" +
  "202pnu_\x80\n302pnb_\x80\n403\x81ico-\n202ghp_\x80\n202gho_\x80\n202ghu_\x80\n202ghs_\x80\n202ghr_\x80\n032github_pat_\n" +
  "502glpat-\n202gldt-\n202glrt-\n202glcbt-\n202glptt-\n202glft-\n402glimt-\n502glagent-\n" +
  "202gloas-\n402glsoat-\n202glffct-\n202glwt-\n002GR1348941\n102ATBB\x80\n012ATCTT3x\n402gta_\x80\n" +
  "102sgp_\x80\n402slk_\x80\n102sgd_\x80\n002CCIPAT_\n002CCIPRJ_\n202bkua_\n202bkaa_\n102bkct_\n202bkpt_\n" +
  "702bkpat_\n203\x81pat.\n203\x81sat.\n102sqp_\x80\n202squ_\x80\n102sqa_\x80\n102AKCp\x80\n012cmVmdGtu\n" +
  "640.atlasv1.\n102hvs.\x80\n102hvb.\x80\n102hvr.\x80\n402pul-\x80\n502dp.pt.\n502dp.st.\n502dp.ct.\n" +
  "502dp.sa.\n502dp.scim.\n502dp.audit.\n302ops_ey\n203\x81A3-\x8b\n012dckr_pat_\n012dckr_oat_\n" +
  "312tskey-\n312dnkey-\n302API-\x8b\n302npm_\x80\n232pypi-AgE\n012rubygems_\n403\x81cio\x89\n403\x81oy2\x8f\n" +
  "502CLOJARS_\n202ddp_\x80\n202ddo_\x80\n202ddw_\x80\n212hexpm_\n702sk_live_\n502rk_live_\n702sk_test_\n" +
  "702rk_test_\n702sk_org_\n702sk_prod_\n402whsec_\n102sq0atp-\n102sq0csp-\n003\x81EAAA\n" +
  "392access_token$production$\n0@2access_token$sandbox$\n202rzp_live_\n202rzp_test_\n" +
  "002FLWSECK-\n002FLWSECK_TEST-\n242access-production-\n0:2access-sandbox-\n" +
  "662access-development-\n102AQE\x8f\x80\n211\x81live_\x89\n202xnd_production_\n202xnd_development_\n" +
  "102EZAK\x80\n102EZTK\x80\n232shippo_live_\n232shippo_test_\n652duffel_live_\n502duffel_test_\n" +
  "402pdl_live_\n042pdl_sdbx_\n612shpat_\n012shpca_\n012shppa_\n012shpss_\n612shptka_\n002xoxb-\n" +
  "202xoxp-\n202xoxa-\n002xoxo-\n002xoxr-\n002xoxs-\n402xoxe-\n002xoxc-\n002xoxd-\n212xoxe.xox\n" +
  "002xapp-\x8c\n580hooks.slack.com/services/\n5B0hooks.slack.com/workflows/\n" +
  "580hooks.slack.com/triggers/\n6?0discord.com/api/webhooks/\n" +
  '6B0discordapp.com/api/webhooks/\n002\x90\x91\x92\x93\x90\n000.login("\n000.login(\'\n500"token": "\n' +
  '500"token":"\n100TOKEN = "\n100TOKEN=\n500oken: "\n500oken = "\n' +
  "3I0.webhook.office.com/webhookb2/\n700\x8c:AA\x8a\n103\x81SK\x8e\x80\n103\x81SG.\x80\n013\x81key-\x8e\n002pubkey-\x8e\n" +
  "300\x8e-us\x8c\n502xkeysib-\n002xsmtpsib-\n403\x81re_\x89\n402mlsn.\n203\x81pk_\x94\n" +
  "630hooks.zapier.com/hooks/catch/\n422EAACEdEose0cBA\n202EAAB\x80\n202EAAG\x80\n102IGQV\x80\n700%2B\x89\x80\n" +
  "700%3D\x89\x80\n002WPL_AP1.\n002WPL_AP0.\n012dG9rOj\n032django-insecure-\n102SSWS \n630T3BlbkFJ\n" +
  "102sk-proj-\n012sk-svcacct-\n102sk-admin-\n102sk-ant-\n142sk-or-v1-\n203\x81sk-\x89\n103\x81hf_\x80\n" +
  "013\x81api_org_\n203\x81r8_\x80\n202gsk_\x80\n402xai-\x80\n202pplx-\n103\x81fw_\x80\n033\x81tgp_v1_\n002nvapi-\n" +
  "012lsv2_pt_\n012lsv2_sk_\n212sk-lf-\n002pcsk_\n042wandb_v1_\n203\x81sk_\x94\n102tvly-\n403\x81fc-\x94\n" +
  "622sntrys_\n622sntryu_\n622sntrya_\n622sntryi_\n302NRAK-\n002NRAA-\n002NRIQ-\n002NRRA-\n" +
  "002NRII-\n002NRSP-\n002NRJS-\n402glsa_\n202glc_\x80\n012eyJrIjoi\n022dt0c01.\n022dt0s01.\n" +
  "022dt0s16.\n012ddapi_\n012ddapp_\n302dd_pat_\n202phx_\x80\n012hcaik_\n612hcalk_\n412hcbik_\n" +
  "612hcamk_\n002sdk-\x8e\n002api-\x8e\n012ATATT3\n322lin_api_\n652lin_oauth_\n302ntn_\x80\n300ret_\x80\n" +
  "203\x81pat\x89\n002figd_\n002figo_\n002figu_\n002CFPAT-\n002sl.u.\n102sl.\x95\x80\n432pat-na1-\n032pat-eu1-\n" +
  "432pat-na2-\n432pat-na3-\n032pat-ap1-\n302tfp_\x80\n302PMAK-\n302PMAT-\n023\x81sk.eyJ\n403\x81aio_\n" +
  "012fio-u-\n202rdme_\n623\x81ngrok_\n203\x81cr_\x96\n403\x8100D\x89\n";
