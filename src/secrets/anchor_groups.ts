/**
 * Which anchors share bits in the tables of the search. Written by `scripts/group_anchors.ts`: grouped
 * by how they look, three to five times as many words would get a second look.
 *
 * @module
 */

/** The anchors of each group, a line each. */
const groups: readonly string[] = [
  '"authorized_user"\n"refresh_token"\n:_auth\n:_password\n;Password=\n;password=\n<DSAKeyValue>\n' +
  "<RSAKeyValue>\nETMsDg…\nFwoGZXIvYXdzE…\nGOCSPX-…\nNRJS-…\nNRRA-…\nNRSP-…\nWPL_AP0.…\nWPL_AP1.…\n" +
  "[MNO][DTjz][AEIMQUYcgk][w-z0-5][MNO]…\n^dose[0-9a-f]…\n^sat.…\n" +
  "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t…\nbkpat_…\nbkpt_…\ncfat_…\nclient_secret\n" +
  "dG9rOj…\ndt0s16.…\nduffel_live_…\nduffel_test_…\nglagent-…\nglcbt-…\ngldt-…\nglffct-…\nglft-…\n" +
  "gloas-…\nglpat-…\nglptt-…\nglrt-…\nglwt-…\nrdme_…\nshpca_…\nshppa_…\nshpss_…\nsk-lf-…\n" +
  "v1.0-[0-9a-f]…\nwhsec_…\nxoxa-…\nxoxb-…\nxoxc-…\nxoxd-…\nxoxe-…\nxoxe.xox…\nxoxo-…\nxoxp-…\n" +
  "xoxr-…\nxoxs-…\nya29.…",
  '"kty"\n"kty\\\n+AEh\n+AMC\n+ASb\n+ASt\n:$1$\n://x-access-token:\n;Pwd=\n;pwd=\nABIA…\nAKIA…\nAKID…\n' +
  "ASIA…\nGR1348941…\nNRAA-…\nNRAK-…\n[0-9]:AA[A-Za-z0-9_-]\n[0-9a-f]-us[0-9]\n^aio_…\nbkct_…\n" +
  "cfk_…\ndb+srv://\ndp.audit.…\ndp.ct.…\ndp.pt.…\ndp.sa.…\ndp.scim.…\ndp.st.…\ndt0c01.…\ndt0s01.…\n" +
  "ghs_…\nhvb.…\nhvr.…\nhvs.…\nsb_secret_…\nsqlserver://\ntvly-…\nxai-…",
  '"auth": "\n"auth":"\n"auths"\n"d":"\n"private_key"\n&sig=\n\'private_key\'\n:$2b$\n' +
  "://gitlab-ci-token:\n://oauth2:\n;PWD=\n?sig=\nFlyV1 …\nPMAK-…\nPMAT-…\nPrivate-key-format: v1\n" +
  "PrivateKey=\n^ngrok_…\n^rnd_…\n^sk.eyJ…\n_KEY\"\n_KEY'\n_KEY:\n_KEY=\naccess-sandbox-…\n" +
  "access_token$production$…\naccess_token$sandbox$…\nauth_token\nbkaa_…\nbkua_…\nbolt://\n" +
  "cfut_…\nclient-key-data:\ndiscord.com/api/webhooks/\ndiscordapp.com/api/webhooks/\ndnkey-…\n" +
  "ftps://\nglimt-…\nglsa_…\nglsoat-…\nhooks.zapier.com/hooks/catch/\nldap://\nldaps://\n" +
  "lin_api_…\nlin_oauth_…\nlsv2_pt_…\nmariadb://\nmssql://\nmysql://\nnapi_…\nnats://\nnvapi-…\n" +
  "pat-na1-…\npat-na2-…\npat-na3-…\npcsk_…\npostgres://\npscale_oauth_…\nsftp://\nshptka_…\n" +
  "sk-svcacct-…\nsmtp://\nsmtps://\ntskey-…\nvercel_blob_rw_…\nxkeysib-…\nxnd_development_…\n" +
  "xnd_production_…",
  ".webhook.office.com/webhookb2/\nAGE-PLUGIN-\nATATT3…\nATCTT3x…\nAWS_SESSION_TOKEN\nCLOJARS_…\n" +
  "HRKU-…\nNRII-…\nNRIQ-…\nPRIVATE KEY\nPuTTY-User-Key-File-\nSSWS …\nT3BlbkFJ\n^ico-…\n" +
  "^live_[A-Za-z0-9]\n_KEY \n_PASSWD \n_PASSWD\"\n_PASSWD'\n_PASSWD:\n_PASSWD=\n_TOKEN \n_TOKEN'\n" +
  "_authToken\naccess-development-…\naccessToken\naccess_token\nauthToken\nawsSecretKey\n" +
  "aws_secret_access_key\naws_secret_key\naws_session_token\nclickhouse://\nessionToken\nfigd_…\n" +
  "figo_…\nfigu_…\nfm1[ar]_…\nftp://\nhooks.slack.com/services/\nhooks.slack.com/triggers/\n" +
  "jdbc:\nlsv2_sk_…\nmlsn.…\nops_ey…\npat-eu1-…\npdl_sdbx_…\npubkey-[0-9a-f]…\nredis://\nrediss://\n" +
  "secret key\nsecret_key\ntprv8\nxprv9\nyprvA\nzprvA",
  '"ciphertext"\n%2B[A-Za-z0-9]\n%3D[A-Za-z0-9]\n+ABa\n:$5$\n:$6$\n:$y$\nABSK…\nACCA…\nACDb\nAIoT\n' +
  "AIza…\nAKCp…\nAQE[a-z0-9]…\nATBB…\nAVNS_…\nAZDO\nAzCa\nAzFu\nAzSe\nEZAK…\nEZTK…\nIGQV…\n" +
  "SCW[A-Z0-9]…\n[0-9]Q~\n^SG.…\n^SK[0-9a-f]…\n^cio[A-Za-z0-9]…\necretAccessKey\nsgd_…\nsl.[A-Z]…\n" +
  "sl.u.…\nsq0atp-…\nsq0csp-…\nsq0idp-…\nvci_…",
  '"d": "\n1//0…\n:APA91b\nAccountKey=…\nApiKey-…\nCCIPAT_…\nCCIPRJ_…\nCFPAT-…\nFLWSECK-…\n' +
  "FLWSECK_TEST-…\nIQoJb3JpZ2luX2Vj…\nLS0tLS1CRUdJTi\nLTAI…\nNKEY SEED-----\nPrivateKey = \n" +
  'SharedAccessKey=…\n^pat.…\n^pat[A-Za-z0-9]…\n_TOKEN"\n_TOKEN:\n_TOKEN=\nclientSecret\n' +
  "cmVmdGtu…\ndd_pat_…\neyJrIjoi…\nhooks.slack.com/workflows/\nmongodb://\npypi-AgE…\nrk_live_…\n" +
  "rk_test_…\nshpat_…\nsk-admin-…\nsk-ant-…\nsk-proj-…\nsk_live_…\nsk_org_…\nsk_prod_…\nsk_test_…\n" +
  "xsmtpsib-…",
  "+ACR\n.atlasv1.\n== ed25519v1-secret\nAAACOG\nAB[A-Z0-9]ACOG\nAGE-SECRET-KEY-\n" +
  "AWS_SECRET_ACCESS_KEY\nAWS_SECRET_KEY\nEAAB…\nEAAG…\nGOOG[A-Z0-9]…\n^00D[A-Za-z0-9]…\n" +
  "^api_org_…\n^re_[A-Za-z0-9]…\n^tgp_v1_…\n_SECRET \n_SECRET\"\n_SECRET'\n_SECRET:\n_SECRET=\n" +
  "ddo_…\nddp_…\ndoo_v1_…\ndop_v1_…\ndor_v1_…\nfio-u-…\ngho_…\nghp_…\nghr_…\nghu_…\ngithub_pat_…\n" +
  "glc_…\ngta_…\nhcaik_…\nhcalk_…\nhcamk_…\nhcbik_…\nhexpm_…\nlibsql://\nnfb_…\nnfc_…\nnfo_…\nnfp_…\n" +
  "nfu_…\nnpm_…\npdl_live_…\npnb_…\npnu_…\npplx-…\npscale_pw_…\nret_\nrzp_live_…\nrzp_test_…\n" +
  "sbp_oauth_…\nsbp_…\nsecretKey\nsgp_…\nshippo_live_…\nshippo_test_…\nsk-or-v1-…\nsntrya_…\n" +
  "sntryi_…\nsntrys_…\nsntryu_…\nsqa_…\nsqp_…\nsqu_…\nvca_…\nvck_…\nvcp_…\nwandb_v1_…",
  ";PASSWORD=\nAPI-[A-Z0-9]…\nEAACEdEose0cBA…\nOpenVPN Static key\nOpenVPN tls-crypt\n" +
  "^A3-[A-Z0-9]…\n^cr_[0-9A-Za-z]…\n^dapi[0-9a-f]…\n^fc-[a-f0-9]…\n^fw_…\n^hf_…\n^key-[0-9a-f]…\n" +
  '^oy2[a-z0-9]…\n^pk_[a-f0-9]…\n^r8_…\n^sk-[A-Za-z0-9]…\n^sk_[a-f0-9]…\n_PASSWORD \n_PASSWORD"\n' +
  "_PASSWORD'\n_PASSWORD:\n_PASSWORD=\naccess-production-…\namqp://\namqps://\napi-[0-9a-f]…\n" +
  "api-key\napiKey\napi_key\napikey\ncockroachdb://\ndckr_oat_…\ndckr_pat_…\nddapi_…\nddapp_…\n" +
  "ddw_…\neyJ[hbrctajkz][bGXHIMWCVnQ][A-Za-z0-9]\nfm2_…\nfo1_…\ngsk_…\nntn_…\npat-ap1-…\nphx_…\n" +
  "postgresql://\npscale_tkn_…\npul-…\nrubygems_…\nsdk-[0-9a-f]…\nslk_…\ntfp_…\nvcr_…\n" +
  "x-oauth-basic@\nxapp-[0-9]…",
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
