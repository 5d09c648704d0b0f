import { useMemo, useState } from 'preact/hooks';
import type { PageIndex } from '../document.ts';
import { Bar } from './bar.tsx';
import { cellsOf, filtered } from './cells.ts';
import { PageContext } from './context.ts';
import { Help } from './help.tsx';
import { useKeys } from './keys.ts';
import { useRoute } from './navigation.ts';
import { Overview } from './overview.tsx';
import { ReportStory } from './report.tsx';
import { Reports } from './reports.tsx';
import { TestStory } from './test.tsx';
import { TrialStory } from './trial.tsx';

const views = {
  overview: Overview,
  reports: Reports,
  report: ReportStory,
  trial: TrialStory,
  test: TestStory,
};

export function App({ index }: { index: PageIndex }) {
  const route = useRoute();
  const [help, setHelp] = useState(false);
  useKeys(route, { open: help, set: setHelp });
  const cells = useMemo(() => cellsOf(index), [index]);
  const byTrial = useMemo(() => Map.groupBy(cells, ({ trialNumber }) => trialNumber), [cells]);
  const shown = useMemo(() => filtered(cells, route), [cells, route.text, route.only.join()]);
  const View = views[route.view];
  return (
    <PageContext.Provider value={{ index, route, cells, byTrial, shown }}>
      <Bar onHelp={() => setHelp(true)} />
      <main>
        <View key={route.view + route.about.join('/')} />
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </PageContext.Provider>
  );
}
