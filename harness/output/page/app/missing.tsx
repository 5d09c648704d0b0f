import { usePage } from './context.ts';
import { elsewhere } from './route.ts';

/** For an address that names what this run has not: another run's, perhaps. */
export function Missing({ what }: { what: string }) {
  const { route } = usePage();
  return (
    <>
      <h1 tabIndex={-1} data-heading>
        Not in this run
      </h1>
      <p>
        There is no {what} here. <a href={elsewhere(route, 'overview')}>All tests</a>
      </p>
    </>
  );
}
