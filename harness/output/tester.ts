import { execa } from 'execa';

/**
 * Who tests, `Name <address>`, as git knows them here: of a repository's own configuration, or the user's.
 * Undefined when git does not know both.
 */
export async function testerOfGit(cwd = process.cwd()): Promise<string | undefined> {
  const ask = async (key: string): Promise<string> => {
    const { stdout } = await execa('git', ['config', '--get', key], { cwd, reject: false });
    return (stdout ?? '').trim();
  };
  const [name, mail] = await Promise.all([ask('user.name'), ask('user.email')]);
  return name && mail ? `${name} <${mail}>` : undefined;
}
