import { safe } from './safe.ts';

/** A piece of HTML. Only `html` makes one, so that nothing gets into a page unescaped by oversight. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

type Value = Html | string | number | undefined | readonly Value[];

function render(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return safe(`${value}`).replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

/** A template whose values are escaped, unless they are HTML themselves; lists are joined, undefined is nothing. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(parts.map((part, index) => part + (index < values.length ? render(values[index]) : '')).join(''));

/**
 * A page that needs nothing else: no script, no network (its policy forbids both), light or dark as the
 * reader's system is.
 *
 * @param sheet its style
 */
export const page = (title: string, sheet: string, body: Html): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(sheet)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.text;
