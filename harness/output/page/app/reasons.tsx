import type { TrialDetail, TrialEntry } from '../document.ts';
import { usePage } from './context.ts';
import { elsewhere } from './route.ts';

/** Those that reject first; each leads to what it is about. */
export function Reasons({ reasons, trial }: { reasons: TrialDetail['reasons']; trial: TrialEntry }) {
  const { index, route, byTrial } = usePage();
  if (reasons.length === 0) return null;
  const tests = new Set(byTrial.get(index.trials.indexOf(trial))?.map(({ name }) => name));
  const signatures = new Set(index.reports.map(({ signature }) => signature));
  const placeOf = (subject: string): string | undefined =>
    tests.has(subject)
      ? elsewhere(route, 'test', trial.id, subject)
      : signatures.has(subject)
        ? elsewhere(route, 'report', subject)
        : undefined;
  return (
    <section>
      <h2>Reasons</h2>
      <ul class="reasons">
        {reasons
          .toSorted((a, b) => Number(a.weight === 'doubt') - Number(b.weight === 'doubt'))
          .map(({ weight, subject, text }, number) => (
            <li key={number}>
              <span class={`badge ${weight === 'reject' ? 'bug' : 'warning'}`}>
                {weight === 'reject' ? 'rejects' : 'doubt'}
              </span>{' '}
              <Linked place={placeOf(subject)}>{text}</Linked>
            </li>
          ))}
      </ul>
    </section>
  );
}

const Linked = ({ place, children }: { place: string | undefined; children: string }) =>
  place === undefined ? <>{children}</> : <a href={place}>{children}</a>;
