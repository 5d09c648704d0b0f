import { useEffect, useRef } from 'preact/hooks';

const keys: readonly (readonly [string, string])[] = [
  ['j  ↓', 'next entry; in a story the next test or report of the list'],
  ['k  ↑', 'previous entry'],
  ['Enter', 'open'],
  ['Esc', 'leave the filter; go up'],
  ['/', 'filter: words that must be there, -words that must not'],
  ['n  p', 'in a console: next and previous landmark of the report'],
  ['Home  End', 'ends of the list'],
  ['?', 'this'],
];

export function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split('  ').map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
