/** What lies at the top of a kernel source, from 2.6 to 7.x. */
const kernelTop = new Set(
  'Documentation LICENSES arch block certs crypto drivers firmware fs include init io_uring ipc kernel lib mm net rust samples scripts security sound tools usr virt Kbuild Kconfig MAINTAINERS Makefile CREDITS COPYING README .clang-format .gitignore .mailmap'.split(
    ' ',
  ),
);

/** Whether a path can be one of a kernel's; `src/queue.c` and `test/poll.c` are liburing's. */
export const isKernelPath = (path: string): boolean => kernelTop.has(path.split('/', 1)[0] ?? '');
