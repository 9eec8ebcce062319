/**
 * Which anchors share bits in the tables of the search. Written by `scripts/group_anchors.ts`: grouped
 * by how they look, three to five times as many words would get a second look.
 *
 * @module
 */

/** The anchors of each group, a line each. */
const groups: readonly string[] = [
  "+AEh\n+AMC\nACCA…\nACDb\nIQoJb3JpZ2luX2Vj…\nSCW[A-Z0-9]…\n^c[M-W]…\n_TOKEN \n_TOKEN\"\n_TOKEN'\n" +
  "cmVmdGtu…\neyJ[hbrctajkz][bGXHIMWCVnQ][A-Za-z0-9]\nhooks.slack.com/workflows/\nrdme_…\n" +
  "rk_live_…\nrk_test_…\nsdk-[0-9a-f]…\nsk_live_…\nsk_org_…\nsk_prod_…",
  ":APA91b\n:_password\n<DSAKeyValue>\n<RSAKeyValue>\nLS0tLS1CRUdJTi\nLTAI…\nNRJS-…\nNRSP-…\n" +
  "SSWS …\n^9[1-3]…\ndG9rOj…\ndb+srv://\ndt0c01.…\ndt0s01.…\ndt0s16.…\neyJrIjoi…\npypi-AgE…",
  "ABIA…\nABSK…\nASIA…\nEZAK…\nEZTK…\nGR1348941…\nHRKU-…\n^L[1-5]…\nbkct_…\nbkpat_…\nbkpt_…\n" +
  "dp.audit.…\ndp.ct.…\ndp.pt.…\ndp.sa.…\ndp.scim.…\ndp.st.…\nglc_…\nglcbt-…\nglpat-…\nglptt-…\n" +
  "glrt-…\nhvb.…\nhvr.…\nhvs.…\njwtSecret\nsb_secret_…\nsmtp://\nsmtps://\nsq0atp-…\nsq0csp-…\n" +
  "sqlserver://\nya29.…",
  "://x-access-token:\nAIza…\nAPI-[A-Z0-9]…\nATBB…\nAVNS_…\nEAACEdEose0cBA…\nFLWSECK-…\n" +
  'FLWSECK_TEST-…\nOpenVPN Static key\nOpenVPN tls-crypt\nTOKEN = "\nTOKEN=\n^5[HJK]…\n^SG.…\n' +
  "^SK[0-9a-f]…\n^hf_…\n_TOKEN:\n_TOKEN=\naccess-production-…\namqp://\namqps://\ncockroachdb://\n" +
  "dckr_oat_…\ndckr_pat_…\ndd_pat_…\nddw_…\ndjango-insecure-…\nfio-u-…\nfo1_…\nmongodb://\nntn_…\n" +
  "postgresql://\nsgd_…\nsk-admin-…\nsk-ant-…\nsk-proj-…\nsl.[A-Z]…\nsl.u.…\nslk_…\nx-oauth-basic@",
  '"kty"\n"kty\\\n%2B[A-Za-z0-9]\n%3D[A-Za-z0-9]\n+ABa\n+ASb\n+ASt\n:$5$\n:$6$\n:$y$\n;Pwd=\n;pwd=\n' +
  "AIoT\nAKCp…\nAKIA…\nAKID…\nAQE[a-z0-9]…\nAZDO\nAzCa\nAzFu\nAzSe\nCFPAT-…\nIGQV…\n" +
  "[0-9]:AA[A-Za-z0-9_-]\n[0-9]Q~\n^K[w-z]…\ntvly-…",
  '"ciphertext"\n"d": "\n.login("\n.login(\'\n1//0…\n:_auth\n;PASSWORD=\nAGE-PLUGIN-\n' +
  "AWS_SESSION_TOKEN\nCCIPAT_…\nCCIPRJ_…\nCLOJARS_…\nGOCSPX-…\nNKEY SEED-----\nNRII-…\nNRIQ-…\n" +
  "PRIVATE KEY\nWPL_AP0.…\nWPL_AP1.…\n^A3-[A-Z0-9]…\n^cio[A-Za-z0-9]…\n^cr_[0-9A-Za-z]…\n" +
  "^dapi[0-9a-f]…\n^dose[0-9a-f]…\n^fc-[a-f0-9]…\n^fw_…\n^key-[0-9a-f]…\n^oy2[a-z0-9]…\n^sat.…\n" +
  "^sk-[A-Za-z0-9]…\n^sk_[a-f0-9]…\n_PASSWORD \n_PASSWORD\"\n_PASSWORD'\n_PASSWORD:\n_PASSWORD=\n" +
  "api-[0-9a-f]…\napiKey\nappSecret\nawsSecretKey\ncfat_…\ncfk_…\nclickhouse://\nclient_secret\n" +
  "ddapi_…\nddapp_…\nglagent-…\ngloas-…\ngsk_…\nhexpm_…\nhooks.slack.com/services/\n" +
  "hooks.slack.com/triggers/\nlsv2_pt_…\nlsv2_sk_…\npcsk_…\npdl_sdbx_…\nphx_…\npscale_pw_…\n" +
  "pscale_tkn_…\npul-…\nredis://\nrediss://\nrubygems_…\nsntrya_…\nsntryi_…\nsntrys_…\nsntryu_…\n" +
  "vci_…\nvck_…\nvcr_…\nwhsec_…\nxai-…\nxapp-[0-9]…",
  '"d":"\n"private_key"\n"token": "\n"token":"\n&sig=\n\'private_key\'\n+ACR\n.atlasv1.\n' +
  ".webhook.office.com/webhookb2/\n:$1$\n:$2b$\n://oauth2:\n;PWD=\n== ed25519v1-secret\n?sig=\n" +
  "AAACOG\nAB[A-Z0-9]ACOG\nAGE-SECRET-KEY-\nATATT3…\nATCTT3x…\nAWS_SECRET_ACCESS_KEY\n" +
  "AWS_SECRET_KEY\nAccountKey=…\nBasic [A-Za-z0-9]\nEAAB…\nEAAG…\nETMsDg…\nFlyV1 …\nGOOG[A-Z0-9]…\n" +
  "PrivateKey=\nSECRET_KEY =\nSECRET_KEY\"\nSECRET_KEY'\nSECRET_KEY:\nSECRET_KEY=\n" +
  "SharedAccessKey=…\nT3BlbkFJ\n[0-9a-f]-us[0-9]\n^00D[A-Za-z0-9]…\n^aio_…\n^api_org_…\n^ico-…\n" +
  "^live_[A-Za-z0-9]\n^ngrok_…\n^r8_…\n^re_[A-Za-z0-9]…\n^tgp_v1_…\n_KEY \n_KEY\"\n_KEY'\n_KEY:\n" +
  "_KEY=\n_PASSWD \n_PASSWD\"\n_PASSWD'\n_PASSWD:\n_PASSWD=\n_SECRET \n_SECRET\"\n_SECRET'\n_SECRET:\n" +
  "_SECRET=\n_authToken\naccess-sandbox-…\naccessToken\naccess_token\naccess_token$production$…\n" +
  "access_token$sandbox$…\napi-key\napiToken\napi_key\napi_token\napikey\napp_secret\nauthToken\n" +
  "auth_token\naws_secret_access_key\naws_secret_key\naws_session_token\nbasic [A-Za-z0-9]\n" +
  "bkaa_…\nbolt://\ncurl \nddo_…\nddp_…\ndiscord.com/api/webhooks/\ndiscordapp.com/api/webhooks/\n" +
  "doo_v1_…\ndop_v1_…\ndor_v1_…\necretAccessKey\nessionToken\nfigd_…\nfigo_…\nfigu_…\nfm1[ar]_…\n" +
  "fm2_…\nftp://\nftps://\ngho_…\nghp_…\nghr_…\nghs_…\nghu_…\ngithub_pat_…\ngldt-…\nglft-…\nglimt-…\n" +
  "glsa_…\nglsoat-…\nglwt-…\ngta_…\nhcaik_…\nhcalk_…\nhcamk_…\nhcbik_…\n" +
  "hooks.zapier.com/hooks/catch/\njdbc:\njwt_secret\nldap://\nldaps://\nlibsql://\nlin_api_…\n" +
  "mariadb://\nmlsn.…\nmssql://\nmysql://\nnapi_…\nnats://\nnfb_…\nnfc_…\nnfo_…\nnfp_…\nnfu_…\nnpm_…\n" +
  "nvapi-…\nops_ey…\npat-ap1-…\npat-eu1-…\npat-na1-…\npat-na2-…\npat-na3-…\npdl_live_…\npnb_…\n" +
  "pnu_…\npostgres://\npplx-…\nprivateToken\nprivate_token\npubkey-[0-9a-f]…\nrefreshToken\nret_\n" +
  "rzp_live_…\nrzp_test_…\nsbp_oauth_…\nsbp_…\nsecret key\nsecretKey\nsecret_key\nsftp://\nsgp_…\n" +
  "shippo_live_…\nshippo_test_…\nshptka_…\nsk-or-v1-…\nsk-svcacct-…\nsqa_…\nsqp_…\nsqu_…\ntfp_…\n" +
  "tprv8\nuthorization\": \"token \nuthorization': 'token \nuthorization: token \nvca_…\nvcp_…\n" +
  "vercel_blob_rw_…\nwandb_v1_…\nxnd_development_…\nxnd_production_…\nxprv9\nyprvA\nzprvA",
  '"auth": "\n"auth":"\n"authorized_user"\n"auths"\n"refresh_token"\n://gitlab-ci-token:\n' +
  ";Password=\n;password=\nApiKey-…\nBearer [A-Za-z0-9_-]\nFwoGZXIvYXdzE…\nNRAA-…\nNRAK-…\nNRRA-…\n" +
  "PMAK-…\nPMAT-…\nPrivate-key-format: v1\nPrivateKey = \nPuTTY-User-Key-File-\n" +
  "[MNO][DTjz][AEIMQUYcgk][w-z0-5][MNO]…\n^EAAA…\n^pat.…\n^pat[A-Za-z0-9]…\n^pk_[a-f0-9]…\n" +
  "^rnd_…\n^sk.eyJ…\naccess-development-…\nbearer [A-Za-z0-9_-]\n" +
  "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t…\nbkua_…\ncfut_…\nclient-key-data:\n" +
  "clientSecret\nconsumerSecret\nconsumer_secret\ndnkey-…\nduffel_live_…\nduffel_test_…\n" +
  'glffct-…\nlin_oauth_…\noken = "\noken: "\npscale_oauth_…\nrefresh_token\nshpat_…\nshpca_…\n' +
  "shppa_…\nshpss_…\nsk-lf-…\nsk_test_…\ntskey-…\nv1.0-[0-9a-f]…\nxkeysib-…\nxoxa-…\nxoxb-…\nxoxc-…\n" +
  "xoxd-…\nxoxe-…\nxoxe.xox…\nxoxo-…\nxoxp-…\nxoxr-…\nxoxs-…\nxsmtpsib-…",
];

const groupsByAnchor = new Map(
  groups.flatMap((group, index) => group.split("\n").map((anchor) => [anchor, index] as const)),
);

/** The group of an anchor. One that is not listed is found too, with more second looks. */
export function groupOf(anchor: string): number {
  return groupsByAnchor.get(anchor) ?? 0;
}

/** Whether the list has an anchor. */
export function isGrouped(anchor: string): boolean {
  return groupsByAnchor.has(anchor);
}
