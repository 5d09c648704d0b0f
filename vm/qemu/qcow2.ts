import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { qmpArgs } from './args.ts';
import { QemuProcess } from './process.ts';
import { QmpError } from './qmp.ts';

const answerMs = 20_000;

/**
 * Makes an empty qcow2 image, by QEMU itself: its job `blockdev-create` needs no qemu-img (QEMU's QMP reference).
 *
 * @param size of the disk that it pretends to be, in bytes
 * @throws QemuMissingError, QmpError
 */
export async function createQcow2(directory: string, name: string, size: number): Promise<void> {
  await writeFile(path.join(directory, name), '', { mode: 0o600 });
  const file = JSON.stringify({ driver: 'file', 'node-name': 'image', filename: name });
  const args = ['-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none'];
  await using qemu = await QemuProcess.start([...args, ...qmpArgs, '-blockdev', file], directory);
  await qemu.qmp.negotiate(answerMs);
  const options = { driver: 'qcow2', file: 'image', size };
  await qemu.qmp.command('blockdev-create', { 'job-id': 'create', options });
  for (;;) {
    const [job] = (await qemu.qmp.command('query-jobs')) as { status: string; error?: string }[];
    if (job?.error !== undefined) throw new QmpError('blockdev-create', job.error);
    if (job?.status === 'concluded') return;
    await sleep(10);
  }
}
