import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { circularText, comparisonOf } from '../../bench/made-report.ts';
import { type LoadedRun, runOfVerdict } from '../../load-run.ts';
import { hostile, hostileText } from '../fixtures.ts';

const patch = `From: A <a@example.com>
Subject: [PATCH] look up

---
--- a/io_uring/rw.c
+++ b/io_uring/rw.c
@@ -10,3 +10,4 @@ static int io_import_iovec(int rw)
 	int ret;
+	mutex_lock(&ctx->buf_table_lock); /* </script><b> */
 	ret = rw;
 	return ret;
@@ -40,2 +41,3 @@ static int io_unrelated(int rw)
 	int ret;
+	ret = 2;
 	return ret;
`;

/** What a guest prints that wants to be more than text. */
export const attack =
  '</script><script>window.attacked = true</script><img src=x onerror="window.attacked = true">';

/**
 * For tests: a trial with all its evidence, in which every text that a guest or a patch wrote is hostile: a report
 * amid a console, a hang's dossier, and the patch that the report is held against.
 *
 * @param directory an empty one
 */
export async function hostileRun(directory: string): Promise<LoadedRun> {
  const verdict = hostile();
  const text = circularText('&ctx->buf_table_lock', '&ctx->uring_lock', 'iou-wrk-43/45');
  const before = `${attack}\n\u202etxet denrut\u202c\n\u001b[31mred\u001b[0m \u001b[2Jcleared \u0000\n`;
  const start = Buffer.byteLength(before);
  const report = comparisonOf(text, { programs: ['evil'], start, end: start + Buffer.byteLength(text) });
  await put(path.join(directory, 'candidate/guest-1/console.log'), `${before}${text}after it ${attack}\n`);
  await put(path.join(directory, 'candidate/repetition-1/evil.hang/stacks.txt'), `${attack}\n${hostileText}`);
  await put(path.join(directory, 'patches/1.patch'), patch);
  const sha256 = createHash('sha256').update(patch).digest('hex');
  const candidate = { name: attack, title: attack, patches: [{ name: '1.patch', sha256 }] };
  return runOfVerdict({ ...verdict, candidate, reports: [report, ...verdict.reports] }, directory);
}

/** For tests: the same with a file of known reports that accepts the first report, and has an entry for each other fate. */
export function withKnown(run: LoadedRun): LoadedRun {
  const about = { reason: attack, expires: '2027-03-31' };
  const trials = run.trials.map((trial) => {
    const { verdict } = trial;
    const [first, ...others] = verdict?.reports ?? [];
    if (verdict === undefined || first === undefined) return trial;
    const known = { ...about, link: 'https://example.org/thread' };
    const knownReports = [
      { ...known, name: first.title, state: 'seen' as const, seen: 1 },
      {
        ...about,
        name: 'vanished',
        link: 'javascript:window.attacked=1',
        state: 'not seen' as const,
        seen: 0,
      },
      { ...known, name: 'old', expires: '2020-01-01', state: 'expired' as const, seen: 0 },
      { ...known, name: 'elsewhere', state: 'other kernel' as const, seen: 0 },
    ];
    const tests = verdict.tests.map((test) => ({ ...test, name: 'evil.point' })).slice(0, 1);
    const reports = [{ ...first, new: false, known }, ...others];
    return { ...trial, verdict: { ...verdict, tests, reports, knownReports } };
  });
  return { ...run, trials };
}

async function put(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}
