import type { Dossier } from '../document.ts';

/** What was taken down of guests in which something hung. */
export function DossierList({ dossiers, left = 0 }: { dossiers: readonly Dossier[]; left?: number }) {
  if (dossiers.length === 0) return null;
  return (
    <section>
      <h2>Hangs</h2>
      {dossiers.map(({ program, side, schedule, repetition, directory, files }) => (
        <article key={directory}>
          <h3>
            {program} on {side === 'base' ? 'base' : 'the patched kernel'}, repetition {repetition}
            {schedule && `, schedule ${schedule}`}
          </h3>
          <p class="facts">
            <code>{directory}</code>
          </p>
          {files.map(({ name, text, left }) => (
            <details key={name}>
              <summary>{name}</summary>
              <pre tabIndex={0}>{text}</pre>
              {left > 0 && <p class="facts">{left} more bytes in the file</p>}
            </details>
          ))}
        </article>
      ))}
      {left > 0 && <p class="facts">{left} more in the trial's directory (`*.hang`)</p>}
    </section>
  );
}
