// What a night tries: the trees as they are, and the patches that one waits for. Types: `import type { MatrixFile } from 'ringtrial'`.
export default {
  name: 'nightly',
  candidates: ['base', '2-lookup-under-uring-lock'],
  trees: ['debian:6.1', 'debian:6.12'],
  profiles: ['lockdep'],
  exclude: [{ candidate: '2-lookup-under-uring-lock', tree: 'debian:6.12' }],
};
