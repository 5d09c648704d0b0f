import type { PastRun } from '../document.ts';
import { flakeRate, Sparkline, sparkWords } from './sparkline.tsx';
import { percent } from './status.tsx';

const letters: Record<PastRun['status'], string> = {
  FAIL: 'F',
  ERROR: 'E',
  MISS: 'M',
  PASS: 'P',
  SKIP: 'S',
  seen: 'x',
  'not seen': '-',
};

/** What earlier runs of the same kind said. */
export function Past({ past }: { past: readonly PastRun[] }) {
  if (past.length === 0) return null;
  const history = past.map(({ status }) => letters[status]).join('');
  const rate = flakeRate(history);
  return (
    <section>
      <h2>Earlier runs</h2>
      <p>
        <Sparkline history={history} /> {sparkWords(history)}
        {rate !== undefined && `; failed in ${percent(rate)} of those that were observed`}
      </p>
      <details>
        <summary>each of them</summary>
        <ol class="past">
          {past.toReversed().map(({ run, date, status }) => (
            <li key={run}>
              <time dateTime={date}>{date.slice(0, 16).replace('T', ' ')}</time> {status}{' '}
              <span class="dim">{run}</span>
            </li>
          ))}
        </ol>
      </details>
    </section>
  );
}
