import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf, parseRoute, type Route } from './route.ts';

const text = fc.string({ unit: 'binary' }).map((value) => value.toWellFormed());

test('every place has an address that leads back to it', () => {
  const places = fc.oneof(
    fc.constantFrom('overview' as const, 'reports' as const).map((view) => ({ view, about: [] })),
    fc
      .tuple(fc.constantFrom('report' as const, 'trial' as const), text)
      .map(([view, one]) => ({ view, about: [one] })),
    fc.tuple(text, text).map((about) => ({ view: 'test' as const, about })),
  );
  const routes = fc.record({
    place: places,
    text,
    only: fc.subarray(['FAIL', 'MISS', 'changed']),
    at: fc.option(fc.nat(), { nil: undefined }),
  });
  fc.assert(
    fc.property(routes, ({ place, text: words, only, at }) => {
      const route: Route = {
        ...place,
        text: words,
        only,
        ...(at === undefined || place.view === 'overview' ? {} : { at }),
      };
      expect(parseRoute(hashOf(route))).toEqual(route);
    }),
  );
});

test.each([
  ['', 'overview'],
  ['#', 'overview'],
  ['#/nowhere/at/all', 'overview'],
  ['#/test/one', 'overview'],
  ['#/constructor', 'overview'],
  ['#/report/%E0%A4%A', 'report'],
  ['#/trial/a?at=x&only=,,', 'trial'],
])('an address that was cut or edited, %j, leads to %s', (hash, view) => {
  expect(parseRoute(hash)).toMatchObject({ view, text: '', only: [] });
  expect(parseRoute(hash).at).toBeUndefined();
});
