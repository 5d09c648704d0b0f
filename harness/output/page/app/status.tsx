import type { ComponentChildren } from 'preact';
import type { Status } from '../../../status.ts';
import type { TrialVerdict } from '../document.ts';

/** A shape for each status, so that nobody needs its colour. */
const shapes: Record<Status | TrialVerdict, string> = {
  FAIL: '✗',
  ERROR: '!',
  MISS: '?',
  PASS: '✓',
  SKIP: '–',
  accepted: '✓',
  rejected: '✗',
  inconclusive: '?',
  missing: '∅',
};

/** Classes of colour. */
export const toneOf: Record<Status | TrialVerdict, string> = {
  FAIL: 'bug',
  ERROR: 'warning',
  MISS: 'warning',
  PASS: 'good',
  SKIP: 'quiet',
  accepted: 'good',
  rejected: 'bug',
  inconclusive: 'warning',
  missing: 'warning',
};

export const Mark = ({ of, children }: { of: Status | TrialVerdict; children?: ComponentChildren }) => (
  <span class={`mark ${toneOf[of]}`}>
    <span class="shape" aria-hidden="true">
      {shapes[of]}
    </span>
    {children ?? of}
  </span>
);

/** Words for a report's severity or cause. */
export const Badge = ({ tone, children }: { tone: string; children: ComponentChildren }) => (
  <span class={`badge ${tone}`}>{children}</span>
);

export const toneOfCause = (cause: string | null): string =>
  cause === 'introduced' ? 'bug' : cause === 'exposed' ? 'warning' : 'quiet';

export const percent = (share: number): string =>
  `${share > 0 && share < 0.0995 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`;

export { plural } from './words.ts';
