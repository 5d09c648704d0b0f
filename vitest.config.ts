import { defineConfig } from 'vitest/config';

// Two projects: `unit` needs nothing but Node and git; `vm` builds kernels and starts real
// guests. Two files of it run at once: their tests wait for time-outs of guests and kernels much of the time.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['**/*.vm.test.ts', '**/node_modules/**', 'dist/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'vm',
          include: ['**/*.vm.test.ts'],
          exclude: ['**/node_modules/**', 'dist/**'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 10 * 60_000,
          hookTimeout: 40 * 60_000,
        },
      },
    ],
  },
});
