import type { ScheduleDetail, SideDetail } from '../document.ts';

/** What the guests were like, and under which of that tests did not pass. */
export function Schedules({ schedules }: { schedules: readonly ScheduleDetail[] }) {
  if (schedules.length === 0) return null;
  return (
    <section>
      <h2>Schedules</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">schedule</th>
              <th scope="col">guests</th>
              <th scope="col">tests not passed, base</th>
              <th scope="col">patched</th>
            </tr>
          </thead>
          <tbody>
            {schedules.map(({ number, text, base, candidate }) => (
              <tr key={number}>
                <th scope="row">{number}</th>
                <td>{text}</td>
                <td>{base}</td>
                <td>{candidate}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** What one test said under each schedule, where it was not the same everywhere. */
export function BySchedule({ side, schedules }: { side: SideDetail; schedules: readonly ScheduleDetail[] }) {
  const results = (side.schedules ?? []).map(({ schedule, counts }) => ({
    schedule,
    words: Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', '),
    isSo: Object.keys(counts).join(),
  }));
  if (new Set(results.map(({ isSo }) => isSo)).size < 2) return null;
  return (
    <ul class="facts">
      {results.map(({ schedule, words }) => (
        <li key={schedule}>
          {words} under schedule {schedule}: {schedules.find(({ number }) => number === schedule)?.text}
        </li>
      ))}
    </ul>
  );
}
