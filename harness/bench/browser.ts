import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { RingtrialError } from '../../common/errors.ts';

/** There is no Chromium, or nothing to drive it with. */
export class BrowserMissingError extends RingtrialError {
  readonly code = 'BROWSER_MISSING';
}

/** Debian's. */
const chromium = '/usr/bin/chromium';

/** It shall do nothing by itself: neither ask the network for anything, nor greet. */
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A headless Chromium with a new profile, which is removed when it is closed.
 *
 * @throws BrowserMissingError
 */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(chromium))
    throw new BrowserMissingError(`${chromium} is missing. Install it: apt-get install chromium`);
  const playwright = await import('playwright-core').catch((cause: unknown) => {
    throw new BrowserMissingError(
      'The package playwright-core is missing. It comes with a clone of Ringtrial; else install it: npm install playwright-core',
      { cause },
    );
  });
  return await playwright.chromium.launch({
    executablePath: chromium,
    // Chromium's sandbox refuses to start as root.
    args: [...quiet, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
}
