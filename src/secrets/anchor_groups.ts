/**
 * Which anchors share bits in the tables of the search. Written by `scripts/group_anchors.ts`: grouped
 * by how they look, three to five times as many words would get a second look.
 *
 * @module
 */

/** The anchors of each group, a line each. */
const groups: readonly string[] = [
  ".atlasv1.\nACDb\nAIoT\nAIza…\nAzCa\nAzFu\nAzSe\nCFPAT-…\nFLWSECK-…\nFLWSECK_TEST-…\nIGQV…\n" +
  "SCW[A-Z0-9]…\nT3BlbkFJ\n^c[M-W]…\neyJ[hbrctajkz][bGXHIMWCVnQ][A-Za-z0-9]\nrdme_…",
  ":APA91b\n<DSAKeyValue>\n<RSAKeyValue>\nLS0tLS1CRUdJTi\nLTAI…\nNRJS-…\nNRSP-…\nSSWS …\n^9[1-3]…\n" +
  "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t…\ncmVmdGtu…\ndG9rOj…\ndb+srv://\ndt0c01.…\n" +
  "dt0s01.…\ndt0s16.…\neyJrIjoi…\npypi-AgE…\nshpca_…",
  "ABIA…\nABSK…\nASIA…\nEZAK…\nEZTK…\nGR1348941…\nHRKU-…\nIQoJb3JpZ2luX2Vj…\n^L[1-5]…\nbkct_…\n" +
  "bkpat_…\nbkpt_…\ndp.audit.…\ndp.ct.…\ndp.pt.…\ndp.sa.…\ndp.scim.…\ndp.st.…\nglc_…\nglcbt-…\n" +
  "glpat-…\nglptt-…\nglrt-…\nhvb.…\nhvr.…\nhvs.…\njwtSecret\nsb_secret_…\nsmtp://\nsmtps://\n" +
  "sq0atp-…\nsq0csp-…\nsqlserver://\nya29.…",
  "://x-access-token:\nACCA…\nAPI-[A-Z0-9]…\nATBB…\nAVNS_…\nEAACEdEose0cBA…\nOpenVPN Static key\n" +
  'OpenVPN tls-crypt\nTOKEN = "\nTOKEN=\n^5[HJK]…\n^SG.…\n^SK[0-9a-f]…\n^hf_…\n_TOKEN:\n_TOKEN=\n' +
  "access-production-…\namqp://\namqps://\ncockroachdb://\ndckr_oat_…\ndckr_pat_…\ndd_pat_…\n" +
  "ddw_…\ndjango-insecure-…\nfio-u-…\nfo1_…\nhooks.slack.com/workflows/\nmongodb://\nntn_…\n" +
  "postgresql://\nrk_live_…\nsdk-[0-9a-f]…\nsgd_…\nsk-admin-…\nsk-ant-…\nsk-proj-…\nsk_live_…\n" +
  "sk_org_…\nsk_prod_…\nsl.[A-Z]…\nsl.u.…\nslk_…\nx-oauth-basic@",
  '"kty"\n"kty\\\n%2B[A-Za-z0-9]\n%3D[A-Za-z0-9]\n+ABa\n+ASb\n+ASt\n:$5$\n:$6$\n:$y$\nAKCp…\nAKIA…\n' +
  "AKID…\nAQE[a-z0-9]…\nAZDO\n[0-9]:AA[A-Za-z0-9_-]\n[0-9]Q~\n^K[w-z]…\ntvly-…",
  '"ciphertext"\n"d": "\n.login("\n.login(\'\n1//0…\n:_auth\n:_password\n;PASSWORD=\nAGE-PLUGIN-\n' +
  "AWS_SESSION_TOKEN\nBearer [A-Za-z0-9_-]\nFwoGZXIvYXdzE…\nGOCSPX-…\nNKEY SEED-----\nNRII-…\n" +
  "NRIQ-…\nPRIVATE KEY\nWPL_AP0.…\nWPL_AP1.…\n^A3-[A-Z0-9]…\n^cio[A-Za-z0-9]…\n^cr_[0-9A-Za-z]…\n" +
  "^dapi[0-9a-f]…\n^dose[0-9a-f]…\n^fc-[a-f0-9]…\n^fw_…\n^key-[0-9a-f]…\n^oy2[a-z0-9]…\n^sat.…\n" +
  "^sk-[A-Za-z0-9]…\n^sk_[a-f0-9]…\n_PASSWORD \n_PASSWORD\"\n_PASSWORD'\n_PASSWORD:\n_PASSWORD=\n" +
  "api-[0-9a-f]…\napiKey\nappSecret\napp_secret\nawsSecretKey\naws_session_token\n" +
  "bearer [A-Za-z0-9_-]\nbkua_…\ncfat_…\ncfk_…\nclickhouse://\nclient_secret\nddapi_…\nddapp_…\n" +
  "duffel_test_…\nghs_…\nglagent-…\nglffct-…\ngloas-…\ngsk_…\nhooks.slack.com/services/\n" +
  "hooks.slack.com/triggers/\nlsv2_pt_…\nlsv2_sk_…\npcsk_…\npdl_sdbx_…\nphx_…\npscale_pw_…\n" +
  "pscale_tkn_…\npul-…\nredis://\nrediss://\nrubygems_…\nshppa_…\nvci_…\nvck_…\nvcr_…\nwhsec_…\n" +
  "xai-…\nxapp-[0-9]…",
  '"d":"\n"token": "\n"token":"\n&sig=\n+ACR\n:$1$\n://oauth2:\n== ed25519v1-secret\n?sig=\nAAACOG\n' +
  "AB[A-Z0-9]ACOG\nAGE-SECRET-KEY-\nATATT3…\nATCTT3x…\nAWS_SECRET_ACCESS_KEY\nAWS_SECRET_KEY\n" +
  "Basic [A-Za-z0-9]\nEAAB…\nEAAG…\nFlyV1 …\nGOOG[A-Z0-9]…\nPMAK-…\nPMAT-…\nSECRET_KEY =\n" +
  "SECRET_KEY\"\nSECRET_KEY'\nSECRET_KEY:\nSECRET_KEY=\n[0-9a-f]-us[0-9]\n^00D[A-Za-z0-9]…\n" +
  "^aio_…\n^api_org_…\n^ico-…\n^live_[A-Za-z0-9]\n^ngrok_…\n^r8_…\n^re_[A-Za-z0-9]…\n^tgp_v1_…\n" +
  "_KEY \n_PASSWD \n_PASSWD\"\n_PASSWD'\n_PASSWD:\n_PASSWD=\n_SECRET \n_SECRET\"\n_SECRET'\n_SECRET:\n" +
  "_SECRET=\n_authToken\naccess-development-…\naccess-sandbox-…\naccessToken\naccess_token\n" +
  "access_token$production$…\naccess_token$sandbox$…\napi-key\napiToken\napi_key\napi_token\n" +
  "apikey\nauthToken\nauth_token\naws_secret_access_key\naws_secret_key\nbasic [A-Za-z0-9]\n" +
  "bkaa_…\nbolt://\ncfut_…\ncurl \nddo_…\nddp_…\ndiscord.com/api/webhooks/\n" +
  "discordapp.com/api/webhooks/\ndoo_v1_…\ndop_v1_…\ndor_v1_…\necretAccessKey\nessionToken\n" +
  "figd_…\nfigo_…\nfigu_…\nfm1[ar]_…\nfm2_…\nftp://\nftps://\ngho_…\nghp_…\nghr_…\nghu_…\n" +
  "github_pat_…\ngldt-…\nglft-…\nglimt-…\nglsa_…\nglsoat-…\nglwt-…\ngta_…\nhcaik_…\nhcalk_…\nhcamk_…\n" +
  "hcbik_…\nhexpm_…\nhooks.zapier.com/hooks/catch/\njwt_secret\nldap://\nldaps://\nlibsql://\n" +
  "lin_api_…\nmariadb://\nmlsn.…\nmssql://\nmysql://\nnapi_…\nnats://\nnfb_…\nnfc_…\nnfo_…\nnfp_…\n" +
  "nfu_…\nnpm_…\nnvapi-…\npat-ap1-…\npat-eu1-…\npat-na1-…\npat-na2-…\npat-na3-…\npdl_live_…\npnb_…\n" +
  "pnu_…\npostgres://\npplx-…\nprivateToken\nprivate_token\npubkey-[0-9a-f]…\nrefreshToken\nret_\n" +
  "rzp_live_…\nrzp_test_…\nsbp_oauth_…\nsbp_…\nsecret key\nsecretKey\nsecret_key\nsftp://\nsgp_…\n" +
  "shippo_live_…\nshippo_test_…\nshptka_…\nsk-or-v1-…\nsk-svcacct-…\nsntrya_…\nsntryi_…\nsntrys_…\n" +
  "sntryu_…\nsqa_…\nsqp_…\nsqu_…\ntfp_…\ntprv8\nuthorization\": \"token \nuthorization': 'token \n" +
  "uthorization: token \nvca_…\nvcp_…\nvercel_blob_rw_…\nwandb_v1_…\nxnd_development_…\n" +
  "xnd_production_…\nxprv9\nyprvA\nzprvA",
  '"auth": "\n"auth":"\n"authorized_user"\n"auths"\n"private_key"\n"refresh_token"\n' +
  "'private_key'\n+AEh\n+AMC\n.webhook.office.com/webhookb2/\n:$2b$\n://gitlab-ci-token:\n;PWD=\n" +
  ";Password=\n;Pwd=\n;password=\n;pwd=\nAccountKey=…\nApiKey-…\nCCIPAT_…\nCCIPRJ_…\nCLOJARS_…\n" +
  "ETMsDg…\nNRAA-…\nNRAK-…\nNRRA-…\nPrivate-key-format: v1\nPrivateKey = \nPrivateKey=\n" +
  "PuTTY-User-Key-File-\nSharedAccessKey=…\n[MNO][DTjz][AEIMQUYcgk][w-z0-5][MNO]…\n^EAAA\n" +
  "^pat.…\n^pat[A-Za-z0-9]…\n^pk_[a-f0-9]…\n^rnd_…\n^sk.eyJ…\n_KEY\"\n_KEY'\n_KEY:\n_KEY=\n_TOKEN \n" +
  "_TOKEN\"\n_TOKEN'\nclient-key-data:\nclientSecret\nconsumerSecret\nconsumer_secret\ndnkey-…\n" +
  'duffel_live_…\njdbc:\nlin_oauth_…\noken = "\noken: "\nops_ey…\npscale_oauth_…\nrefresh_token\n' +
  "rk_test_…\nshpat_…\nshpss_…\nsk-lf-…\nsk_test_…\ntskey-…\nv1.0-[0-9a-f]…\nxkeysib-…\nxoxa-…\n" +
  "xoxb-…\nxoxc-…\nxoxd-…\nxoxe-…\nxoxe.xox…\nxoxo-…\nxoxp-…\nxoxr-…\nxoxs-…\nxsmtpsib-…",
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
