import { useEffect, useState } from 'preact/hooks';

const headings = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('main > section > h2')];

/** The way to the sections of a long story: what stands below hundreds of tests would not be found. Links would be other addresses. */
export function Contents() {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    const found = headings().map((heading) => heading.textContent);
    if (found.join('\n') !== names.join('\n')) setNames(found);
  });
  return (
    <nav class="landmarks" aria-label="Sections">
      {names.map((name, number) => (
        <button key={name} type="button" onClick={() => headings()[number]?.scrollIntoView()}>
          {name}
        </button>
      ))}
    </nav>
  );
}
