import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { makeGuestKeys } from './keys.ts';

/** Enough that one with a leading zero byte, one in 256, is among them, but for one time in 2,500. */
const many = 2_000;

test('every pair of keys can be read, and its halves belong together', () => {
  for (let index = 0; index < many; index++) {
    const { clientKey, authorizedKey, hostKey, hostPublicKey } = makeGuestKeys();
    const [secret, known] = [ssh2.utils.parseKey(clientKey), ssh2.utils.parseKey(authorizedKey)];
    if (secret instanceof Error || known instanceof Error) throw new Error(`${clientKey}\n${authorizedKey}`);
    expect(secret.getPublicSSH().equals(known.getPublicSSH())).toBe(true);
    // Dropbear's host key ends with the public point, and so does the public key's wire form.
    expect(hostKey.subarray(-32).equals(hostPublicKey.subarray(-32))).toBe(true);
    expect([hostKey.length, hostPublicKey.length]).toEqual([4 + 11 + 4 + 64, 4 + 11 + 4 + 32]);
  }
});
