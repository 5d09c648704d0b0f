import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';

/** Keys made for one guest and thrown away with it: the guest's identity and the only key that may log in. */
export interface GuestKeys {
  /** Content of the guest's /etc/dropbear/host_key. */
  readonly hostKey: Buffer;
  /** The wire form of the host's public key (RFC 4253, 6.6), to compare with what the server shows. */
  readonly hostPublicKey: Buffer;
  /** The client's private key, in OpenSSH's format. */
  readonly clientKey: string;
  /** A line for the guest's authorized_keys. */
  readonly authorizedKey: string;
}

const algorithm = 'ssh-ed25519';

/** Fresh Ed25519 keys for a guest: the cheapest to verify where every instruction is emulated. */
export function makeGuestKeys(): GuestKeys {
  const { seed, point } = ed25519();
  const client = clientPair();
  return {
    hostKey: Buffer.concat([sshString(algorithm), sshString(Buffer.concat([seed, point]))]),
    hostPublicKey: Buffer.concat([sshString(algorithm), sshString(point)]),
    clientKey: client.private,
    authorizedKey: `${client.public} ringtrial\n`,
  };
}

/**
 * The client's key pair. ssh2 (1.17) drops zero bytes that a public key begins with, and cannot read one in 256 of its
 * own pairs afterwards (https://github.com/mscdex/ssh2/issues/1390): a guest with such a key would let nobody in.
 */
function clientPair(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const halves = [ssh2.utils.parseKey(pair.private), ssh2.utils.parseKey(pair.public)];
    if (!halves.some((half) => half instanceof Error)) return pair;
  }
}

/**
 * A new key pair as raw bytes. Dropbear keeps an Ed25519 host key as the algorithm's name and the
 * 64 bytes of secret seed and public point (Dropbear 2022.83, src/ed25519.c, buf_put_ed25519_priv_key).
 */
function ed25519(): { seed: Buffer; point: Buffer } {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { seed: Buffer.from(jwk.d ?? '', 'base64url'), point: Buffer.from(jwk.x ?? '', 'base64url') };
}

/** A string of the SSH wire format: its length as 32 bits, big-endian, then its bytes (RFC 4251, 5). */
function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
