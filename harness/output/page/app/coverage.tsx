import type { CoverageDetail } from '../document.ts';
import { plural } from './status.tsx';

/** Which lines of the patch ran, under which programs. */
export function Coverage({
  coverage: { changed, lines, programs, unknown, files },
}: {
  coverage: CoverageDetail;
}) {
  return (
    <section>
      <h2>Changed lines, and what ran them</h2>
      {unknown.length > 0 && (
        <p class="notice">Nobody knows what these ran, for their counters were lost: {unknown.join(', ')}</p>
      )}
      {lines.length > 0 && (
        <div class="wide">
          <table class="run-lines">
            <thead>
              <tr>
                <th scope="col">changed lines</th>
                <th scope="col">run by</th>
              </tr>
            </thead>
            <tbody>
              {lines.map(({ place, programs: by }) => (
                <tr key={place}>
                  <th scope="row">
                    <code>{place}</code>
                  </th>
                  <td>
                    <RunBy programs={by} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {programs.length > 0 && (
        <details>
          <summary>What each program ran ({plural(programs.length, 'program')})</summary>
          <div class="wide">
            <table>
              <thead>
                <tr>
                  <th scope="col">program</th>
                  <th scope="col">changed lines run</th>
                  <th scope="col">by it alone</th>
                </tr>
              </thead>
              <tbody>
                {programs.map(({ program, lines: ran, alone }) => (
                  <tr key={program}>
                    <th scope="row">{program}</th>
                    <td>
                      {ran} of {changed}
                    </td>
                    <td>{alone}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
      {files.map((file) => (
        <FilePart key={file.path} file={file} />
      ))}
    </section>
  );
}

const namesInSight = 4;

function RunBy({ programs }: { programs: readonly string[] }) {
  if (programs.length === 0) return <strong class="gone">none</strong>;
  if (programs.length <= namesInSight) return <>{programs.join(', ')}</>;
  return (
    <details>
      <summary>{plural(programs.length, 'program')}</summary>
      {programs.join(', ')}
    </details>
  );
}

/** The patch to one file, with how often each of its lines ran. */
const FilePart = ({ file: { path, hunks } }: { file: CoverageDetail['files'][number] }) => (
  <figure class="hunk">
    <figcaption>
      <code>{path}</code>: how often each new line ran, <code>-</code> where no code of its own is counted
    </figcaption>
    <pre tabIndex={0}>
      {hunks.map(({ heading, lines }) => (
        <span key={heading}>
          <span class="dim">{`${' '.repeat(columns)}${heading}\n`}</span>
          {lines.map(({ sign, text, count }, number) => (
            <span key={number} class={kindOf(sign, count)}>
              {`${markOf(sign, count).padStart(columns - 1)} ${sign}${text}\n`}
            </span>
          ))}
        </span>
      ))}
    </pre>
  </figure>
);

const columns = 9;

type Line = CoverageDetail['files'][number]['hunks'][number]['lines'][number];

const markOf = (sign: Line['sign'], count: Line['count']): string =>
  sign === '+' ? (count === null ? '-' : count === 0 ? 'never' : String(count)) : '';

function kindOf(sign: Line['sign'], count: Line['count']): string | undefined {
  if (sign === '-') return 'dim';
  if (sign === ' ' || count === null) return undefined;
  return count === 0 ? 'gone' : 'added';
}
