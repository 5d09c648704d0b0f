import { describe, expect, test } from 'vitest';
import { formatSources, parseDeb822Sources, parseOneLineSources, retargetSources } from './apt-sources.ts';

const DEB822 = `Types: deb
# a comment inside a stanza
URIs: http://archive.invalid/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://archive.invalid/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://off.invalid/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://others.invalid/deb
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/others.gpg
`;

const ONE_LINE = `# deb http://commented.invalid/debian bookworm main
deb http://archive.invalid/debian bookworm main contrib # with a comment
deb-src http://archive.invalid/debian bookworm main
deb [ arch=amd64,i386 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg ] http://archive.invalid/security stable-security main
deb http://docker.invalid/linux/debian bookworm stable
deb http://old.invalid/debian-security bookworm/updates main
`;

describe('parseDeb822Sources', () => {
  const sources = parseDeb822Sources(DEB822);

  test('reads stanzas, skips comments and what is switched off', () => {
    expect(sources.map((source) => source.uris)).toEqual([
      ['http://archive.invalid/debian'],
      ['http://archive.invalid/debian-security'],
      ['http://others.invalid/deb'],
    ]);
    expect(sources[0]?.suites).toEqual(['bookworm', 'bookworm-updates']);
    expect(sources[0]?.components).toEqual(['main', 'contrib']);
  });

  test('keeps a key that is written into the file', () => {
    expect(sources[1]?.fields.get('signed-by')).toContain('\n abc');
  });
});

describe('parseOneLineSources', () => {
  test('reads lines with and without options', () => {
    const sources = parseOneLineSources(ONE_LINE);
    expect(sources.map((source) => source.types[0])).toEqual(['deb', 'deb-src', 'deb', 'deb', 'deb']);
    expect(sources[0]?.components).toEqual(['main', 'contrib']);
    expect(sources[2]?.fields.get('architectures')).toBe('amd64 i386');
    expect(sources[2]?.suites).toEqual(['stable-security']);
  });
});

describe('retargetSources', () => {
  test('asks the archive for another release and the security archive for its security suite', () => {
    const retargeted = retargetSources(parseDeb822Sources(DEB822), 'bookworm', ['trixie', 'trixie-security']);
    expect(retargeted.map((source) => [source.uris[0], source.suites])).toEqual([
      ['http://archive.invalid/debian', ['trixie']],
      ['http://archive.invalid/debian-security', ['trixie-security']],
    ]);
    expect(
      retargeted.every((source) => source.types.join() === 'deb' && source.components.join() === 'main'),
    ).toBe(true);
  });

  test('does not ask the security archive for suites it does not have', () => {
    const retargeted = retargetSources(parseDeb822Sources(DEB822), 'bookworm', ['trixie-backports', 'sid']);
    expect(retargeted.map((source) => source.suites)).toEqual([['trixie-backports', 'sid']]);
  });

  test('knows aliases and the older name of the security suite, and leaves others out', () => {
    const retargeted = retargetSources(parseOneLineSources(ONE_LINE), 'bookworm', [
      'bullseye',
      'bullseye-security',
    ]);
    expect(retargeted.map((source) => [source.uris[0], source.suites[0]])).toEqual([
      ['http://archive.invalid/debian', 'bullseye'],
      ['http://archive.invalid/security', 'bullseye-security'],
      ['http://old.invalid/debian-security', 'bullseye-security'],
    ]);
  });

  test('is empty on a host without a Debian source', () => {
    expect(
      retargetSources(parseOneLineSources('deb http://x.invalid/ubuntu noble main'), 'bookworm', ['sid']),
    ).toEqual([]);
  });

  test('what is written can be read again', () => {
    const retargeted = retargetSources(parseDeb822Sources(DEB822), 'bookworm', ['trixie', 'trixie-security']);
    expect(parseDeb822Sources(formatSources(retargeted))).toEqual(retargeted);
  });
});
