import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';

/** A database server of a test's own. */
export interface TestPostgres extends AsyncDisposable {
  readonly url: string;
}

/** Debian keeps the server's programs out of the PATH, by version. */
const root = '/usr/lib/postgresql';

/** The server refuses to run as root; nobody has no files that it could harm. */
const nobody = { uid: 65_534, gid: 65_534 };

/** Starts PostgreSQL on a Unix socket, with a data directory that is gone when it is disposed of. */
export async function startPostgres(): Promise<TestPostgres> {
  const versions = readdirSync(root).toSorted((a, b) => Number(a) - Number(b));
  const bin = path.join(root, versions.at(-1) ?? '', 'bin');
  const directory = mkdtempSync(path.join(tmpdir(), 'ringtrial-postgres-'));
  const user =
    process.getuid?.() === 0 ? nobody : { uid: statSync(directory).uid, gid: statSync(directory).gid };
  chmodSync(directory, 0o700);
  chownSync(directory, user.uid, user.gid);
  const data = path.join(directory, 'data');
  const options = { ...user, cwd: directory, env: { PGDATA: data, TZ: 'UTC' } };
  await execa(
    path.join(bin, 'initdb'),
    ['--auth=trust', '--username=ringtrial', '--no-sync', '--locale=C', '--encoding=UTF8'],
    options,
  );
  const settings = [
    `unix_socket_directories=${directory}`,
    'listen_addresses=',
    'fsync=off',
    'max_connections=100',
  ];
  // The server ends with this process, whatever becomes of it: setpriv's signal is SIGINT, PostgreSQL's fast shutdown.
  const server = execa(
    'setpriv',
    ['--pdeathsig', 'INT', path.join(bin, 'postgres'), ...settings.flatMap((each) => ['-c', each])],
    { ...options, reject: false, all: true },
  );
  const ready = async (): Promise<boolean> =>
    (await execa(path.join(bin, 'pg_isready'), ['--quiet', '--host', directory], { reject: false }))
      .exitCode === 0;
  for (let tries = 0; !(await ready()); tries++) {
    if (tries > 200) throw new Error(`PostgreSQL does not start: ${(await server).all}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: `postgres://ringtrial@/postgres?host=${encodeURIComponent(directory)}`,
    async [Symbol.asyncDispose]() {
      server.kill('SIGINT');
      await server;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
