import { useEffect, useRef } from 'preact/hooks';
import type { Excerpt } from '../document.ts';
import { plural } from './status.tsx';

interface ConsoleProps {
  readonly excerpt: Excerpt;
  /** Unique in what is shown; a word. */
  readonly name: string;
  /** The part of the report to stand at. */
  readonly at?: number | undefined;
  readonly onJump: (part: number) => void;
}

/** A report where it stands in the console: what rarely helps is folded away, and its parts can be jumped to. */
export function Console({ excerpt, name, at, onJump }: ConsoleProps) {
  const { console, before, report, after, landmarks, left, missing } = excerpt;
  const jump = (line: number): void => {
    onJump(line);
    showPart(name, line);
  };
  useLandmarkKeys(
    landmarks.map(({ line }) => line),
    at,
    jump,
  );
  useEffect(() => {
    if (at !== undefined) showPart(name, at);
  }, []);
  return (
    <section>
      <h2>
        Console <code class="dim">{console}</code>
      </h2>
      {landmarks.length > 1 && (
        <nav class="landmarks" aria-label="Landmarks of the report">
          {landmarks.map(({ line, label }) => (
            <button key={line} type="button" aria-pressed={at === line} onClick={() => jump(line)}>
              {label}
            </button>
          ))}
        </nav>
      )}
      {missing && <p class="notice">{missing} Only the report itself was kept.</p>}
      <pre class="console" tabIndex={0} aria-label="Console">
        {before.length > 0 && (
          <details>
            <summary>{plural(before.length, 'line')} before</summary>
            {before.join('\n')}
          </details>
        )}
        {report.map((part, line) =>
          part.type === 'line' ? (
            <span key={line} id={idOf(name, line)} class={at === line ? 'at' : undefined}>
              {`${part.text}\n`}
            </span>
          ) : (
            <details key={line} id={idOf(name, line)}>
              <summary>
                {plural(part.lines.length, 'line')}: {part.what}
              </summary>
              {part.lines.join('\n')}
            </details>
          ),
        )}
        {left > 0 && <span class="dim">{`${left} more bytes of the report in the console\n`}</span>}
        {after.length > 0 && (
          <details>
            <summary>{plural(after.length, 'line')} after</summary>
            {after.join('\n')}
          </details>
        )}
      </pre>
    </section>
  );
}

const idOf = (name: string, part: number): string => `${name}-${part}`;

/** Scrolls to a part of a console's report, and opens it when it is folded. */
export function showPart(name: string, part: number): void {
  const element = document.getElementById(idOf(name, part));
  if (element instanceof HTMLDetailsElement) element.open = true;
  element?.scrollIntoView({ block: 'center' });
}

/** n and p go from landmark to landmark. */
function useLandmarkKeys(
  lines: readonly number[],
  at: number | undefined,
  jump: (line: number) => void,
): void {
  const last = useRef(at ?? -1);
  if (at !== undefined) last.current = at;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isField = event.target instanceof HTMLElement && event.target.matches('input');
      if (isField || event.ctrlKey || event.metaKey || event.altKey) return;
      const next =
        event.key === 'n'
          ? lines.find((line) => line > last.current)
          : event.key === 'p'
            ? lines.findLast((line) => line < last.current)
            : undefined;
      if (next === undefined) return;
      event.preventDefault();
      jump(next);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}
