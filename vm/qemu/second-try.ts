import type { BootRequest } from './boot.ts';
import { GuestBootError } from './boot-error.ts';

/**
 * A boot that fails without a panic gets a second chance, with a directory of its own beside the first one's, which
 * stays as evidence: an emulated guest was seen, rarely, to stand still before its kernel had brought up the second
 * processor, and its next boot to go through.
 *
 * @param onSecondTry gets what became of the first one: a kernel that boots now and then is worth a word
 * @throws what the second boot throws
 */
export async function twice<T>(
  request: BootRequest,
  boot: (request: BootRequest) => Promise<T>,
  onSecondTry: (first: GuestBootError) => void = () => {},
): Promise<T> {
  try {
    return await boot(request);
  } catch (error) {
    if (!(error instanceof GuestBootError) || error.panic !== undefined || error.failure.stage === 'qemu')
      throw error;
    onSecondTry(error);
    return await boot({ ...request, directory: `${request.directory}-second-try` });
  }
}
