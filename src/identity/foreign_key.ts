/**
 * Describes files that are not the expected key (Ed25519 in PKCS #8): keys of other programs, other
 * algorithms or other formats. Each description names the kind of file and, if possible, the
 * command that converts it to the expected format. Descriptions contain no secrets.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import { fromBase64 } from "../base/mod.ts";

/**
 * Description, for an error message, of a file that was given as a key but is not the expected key.
 */
export interface ForeignKey {
  /** The kind of file, as a noun phrase: `an OpenSSH private key (ssh-ed25519)`. */
  what: string;
  /** Advice for the user: a sentence, possibly followed by a command on a line of its own. */
  mend: string;
}

/**
 * A kind of key file that libreseed does not read. `test` matches the beginning of the text of such
 * a file.
 */
interface Kind {
  test: RegExp;
  what: string;
  mend?: (path: string) => string;
}

const ANOTHER_KEY = "Make a key with `libreseed keygen` in a home that has none";
const NOT_PRIVATE = `The private key is needed, and cannot be had from it. ${ANOTHER_KEY}`;
const OTHER_ALGORITHM = `libreseed signs with Ed25519 only. ${ANOTHER_KEY}`;
const COPY = "Put your copy of the key file there";
/**
 * DER prefix of an Ed25519 private key, before the 32 bytes of its seed (RFC 8410 section 7), in
 * base64.
 */
const PREFIX_BASE64 = "MC4CAQAwBQYDK2VwBCIEIA==";
/** DER prefix of an Ed25519 private key, before the 32 bytes of its seed, in hexadecimal. */
const PREFIX_HEX = "302e020100300506032b657004220420";

const kinds: readonly Kind[] = [
  {
    test: /^-----BEGIN ENCRYPTED PRIVATE KEY-----/,
    what: "a private key that is encrypted with a password (PKCS #8)",
    mend: (path) =>
      command("It is damaged, or an unknown cipher encrypts it. Try", path, opensslPkey),
  },
  { test: /^-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----/, what: "a cosign key" },
  {
    test: /^-----BEGIN RSA PRIVATE KEY-----/,
    what: "an RSA private key (PKCS #1)",
    mend: () => OTHER_ALGORITHM,
  },
  {
    test: /^-----BEGIN EC (?:PRIVATE KEY|PARAMETERS)-----/,
    what: "a private key of an elliptic curve other than Ed25519 (SEC 1)",
    mend: () => OTHER_ALGORITHM,
  },
  {
    test: /^-----BEGIN DSA PRIVATE KEY-----/,
    what: "a DSA private key",
    mend: () => OTHER_ALGORITHM,
  },
  { test: /^-----BEGIN (?:RSA )?PUBLIC KEY-----/, what: "a public key", mend: () => NOT_PRIVATE },
  {
    test:
      /^(?:-----BEGIN SSH2 PUBLIC KEY-----|---- BEGIN SSH2|(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+ AAAA)/,
    what: "an OpenSSH public key",
    mend: () => NOT_PRIVATE,
  },
  {
    test: /^ed25519:[A-Za-z0-9+/]{43}=\s*$/,
    what: "a libreseed public key",
    mend: () => NOT_PRIVATE,
  },
  {
    test: /^-----BEGIN CERTIFICATE REQUEST-----/,
    what: "a certificate request",
    mend: () => NOT_PRIVATE,
  },
  {
    test: /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/,
    what: "a certificate",
    mend: () => NOT_PRIVATE,
  },
  { test: /^-----BEGIN PGP PRIVATE KEY BLOCK-----/, what: "an OpenPGP private key" },
  {
    test: /^-----BEGIN PGP PUBLIC KEY BLOCK-----/,
    what: "an OpenPGP public key",
    mend: () => NOT_PRIVATE,
  },
  { test: /^PuTTY-User-Key-File-\d/, what: "a PuTTY private key" },
  { test: /^(?:#[^\n]*\n)*AGE-SECRET-KEY-(?:PQ-)?1/, what: "an age private key (X25519)" },
  { test: /^age1[a-z0-9]+\s*$/, what: "an age public key", mend: () => NOT_PRIVATE },
  {
    test: /^(?:-----BEGIN AGE ENCRYPTED FILE-----|age-encryption\.org\/v1\n)/,
    what: "a file that is encrypted with age",
    mend: (path) => `Decrypt it, for example with: age -d -o NEW ${quoted(path)}`,
  },
  {
    test: /^untrusted comment: [^\n]*secret key/,
    what: "a private key of minisign or signify",
  },
  {
    test: /^untrusted comment: /,
    what: "a public key or a signature of minisign or signify",
    mend: () => NOT_PRIVATE,
  },
  { test: /^\s*\{[^]*"kty"/, what: "a key in JSON (JWK)" },
  {
    test: /^(?:0x)?[0-9a-f]{64}\s*$/i,
    what: "64 hexadecimal digits: the seed of an Ed25519 key, or a public key",
    mend: (path) =>
      command(
        "If it is the seed, convert it with",
        path,
        (file) =>
          `(printf ${PREFIX_HEX}; tr -d '\\n' <${file} | sed 's/^0x//') | xxd -r -p | ` +
          "openssl pkey -inform DER -out NEW",
      ),
  },
  {
    test: /^(?:0x)?[0-9a-f]{128}\s*$/i,
    what: "128 hexadecimal digits: the seed and the public key of an Ed25519 key",
    mend: (path) =>
      command(
        "Convert it with",
        path,
        (file) =>
          `(printf ${PREFIX_HEX}; sed 's/^0x//' ${file} | head -c 64) | xxd -r -p | ` +
          "openssl pkey -inform DER -out NEW",
      ),
  },
  {
    test: /^[A-Za-z0-9+/]{43}=\s*$/,
    what: "32 bytes in base64: the seed of an Ed25519 key, or a public key",
    mend: (path) =>
      command(
        "If it is the seed, convert it with",
        path,
        (file) =>
          `(echo ${PREFIX_BASE64} | base64 -d; base64 -d ${file}) | openssl pkey -inform DER -out NEW`,
      ),
  },
  { test: /^-----BEGIN ([A-Z0-9 ]+)-----/, what: "something else in PEM form" },
];

/**
 * Describes a file that is not a key that libreseed reads. Returns `undefined` if the kind of the
 * file is unknown.
 *
 * @param path of the file, for the conversion command in the advice
 */
export function describeForeignKey(bytes: Uint8Array, path: string): ForeignKey | undefined {
  if (bytes.length === 0) return { what: "an empty file", mend: COPY };
  const text = new TextDecoder("latin1").decode(bytes);
  if (/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/.test(text)) {
    return {
      what: "text with a byte order mark",
      mend: "Save it as plain ASCII, with nothing before the dashes",
    };
  }
  const beginning = text.replace(/^\s+/, "");
  if (beginning.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----")) return openssh(beginning, path);
  if (beginning.startsWith("-----BEGIN PRIVATE KEY-----")) return otherPkcs8(beginning);
  const kind = kinds.find(({ test }) => test.test(beginning));
  if (kind) return { what: kind.what, mend: kind.mend?.(path) ?? ANOTHER_KEY };
  return binary(bytes, path);
}

/** Shell command that converts a key. `openssl pkey` writes PKCS #8 in PEM, with file mode 0600. */
function opensslPkey(file: string): string {
  return `openssl pkey -in ${file} -out NEW`;
}

function command(sentence: string, path: string, write: (file: string) => string): string {
  return `${sentence}:\n  ${write(quoted(path))}`;
}

/** Quotes a path for a POSIX shell, so that the user can copy the command. */
function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Describes a PKCS #8 key that is damaged or has another algorithm than Ed25519. */
function otherPkcs8(text: string): ForeignKey | undefined {
  try {
    const { asymmetricKeyType: type = "unknown" } = createPrivateKey({ key: text, format: "pem" });
    if (type === "ed25519") return undefined;
    const name = type.toUpperCase().replace("-PSS", " (PSS)");
    return { what: `a private key for ${name} (PKCS #8)`, mend: OTHER_ALGORITHM };
  } catch {
    return { what: "a private key (PKCS #8) that is damaged or cut short", mend: COPY };
  }
}

/** Describes a binary key: PKCS #8 in DER, or a seed of 32 bytes. */
function binary(bytes: Uint8Array, path: string): ForeignKey | undefined {
  if (bytes.length === 32) {
    return {
      what: "32 bytes: the seed of an Ed25519 key, or a public key",
      mend: command(
        "If it is the seed, convert it with",
        path,
        (file) =>
          `(echo ${PREFIX_BASE64} | base64 -d; cat ${file}) | openssl pkey -inform DER -out NEW`,
      ),
    };
  }
  if (bytes[0] !== 0x30) return undefined;
  try {
    const key = Buffer.from(bytes);
    const { asymmetricKeyType } = createPrivateKey({ key, format: "der", type: "pkcs8" });
    if (asymmetricKeyType !== "ed25519") {
      return {
        what: `a private key for ${asymmetricKeyType} (PKCS #8, DER)`,
        mend: OTHER_ALGORITHM,
      };
    }
    return {
      what: "an Ed25519 key in DER form",
      mend: command(
        "It is wanted in PEM form. Convert it with",
        path,
        (file) => `openssl pkey -inform DER -in ${file} -out NEW`,
      ),
    };
  } catch {
    return {
      what: "something in DER form, such as a certificate or a PKCS #12 file",
      mend: ANOTHER_KEY,
    };
  }
}

/**
 * Position of the seed in an unencrypted OpenSSH file with one Ed25519 key: the first byte has
 * number 1, as `tail -c +N` counts.
 */
const OPENSSH_SEED_AT = 162;

/** Describes a private key in OpenSSH's own format (PROTOCOL.key in the sources of OpenSSH). */
function openssh(text: string, path: string): ForeignKey {
  const { cipher, type } = readOpenssh(text);
  const secret = cipher === "none" ? "" : ", encrypted with a password";
  const what = `an OpenSSH private key${type === undefined ? "" : ` (${type}${secret})`}`;
  if (type !== "ssh-ed25519") {
    return { what, mend: type === undefined ? ANOTHER_KEY : OTHER_ALGORITHM };
  }
  const own = "A key of its own is better: `libreseed keygen`.";
  if (cipher !== "none") {
    return {
      what,
      mend: `${own} Otherwise take the password from a copy first: ssh-keygen -p -N "" -f COPY`,
    };
  }
  return {
    what,
    mend: command(
      `${own} Otherwise convert it with`,
      path,
      (file) =>
        `(echo ${PREFIX_BASE64} | base64 -d; grep -v -e ---- ${file} | base64 -d | ` +
        `tail -c +${OPENSSH_SEED_AT} | head -c 32) | openssl pkey -inform DER -out NEW`,
    ),
  };
}

/**
 * Reads the cipher and the type of the first key in an OpenSSH private key. Omits fields that
 * cannot be read.
 */
function readOpenssh(text: string): { cipher?: string; type?: string } {
  try {
    const base64 = text.replace(/-----[A-Z ]+-----/g, "").replace(/\s+/g, "");
    const bytes = Uint8Array.fromBase64(base64);
    const view = new DataView(bytes.buffer);
    const magic = "openssh-key-v1\0";
    const latin1 = new TextDecoder("latin1");
    if (latin1.decode(bytes.subarray(0, magic.length)) !== magic) return {};
    let at = magic.length;
    const string = () => {
      const start = at + 4;
      at = start + view.getUint32(at);
      if (at > bytes.length) throw new RangeError();
      return bytes.subarray(start, at);
    };
    const cipher = latin1.decode(string());
    string();
    string();
    at += 4;
    const key = string();
    const typeBytes = new DataView(key.buffer, key.byteOffset, key.length).getUint32(0);
    const type = latin1.decode(key.subarray(4, 4 + typeBytes));
    // Names are shown to the user, so accept only characters that occur in real names of ciphers
    // and key types.
    const isName = (one: string) => /^[a-z0-9@.-]{1,64}$/.test(one);
    return isName(type) && isName(cipher) ? { cipher, type } : {};
  } catch {
    return {};
  }
}

/**
 * Reads an OpenSSH public key. Returns the 32 bytes of the key, or `undefined` if the text is not
 * an Ed25519 public key of OpenSSH.
 *
 * @param text `ssh-ed25519 AAAA… comment`, or only the base64 part `AAAA…`
 */
export function fromOpensshPublicKey(text: string): Uint8Array | undefined {
  // The base64 encodes the name of the algorithm, the length of the key and the key: 51 bytes, so
  // there is no padding.
  const base64 = /(?:^|\s)(AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43})(?:\s|$)/.exec(text)?.[1];
  return base64 === undefined ? undefined : fromBase64(base64)?.subarray(-32);
}
