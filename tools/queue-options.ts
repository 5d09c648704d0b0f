import { Option } from '@commander-js/extra-typings';

/** The URL may hold a password, and every user sees what others' commands are called with. */
export const queueOption = () =>
  new Option('--queue <url>', 'a PostgreSQL database, postgres://USER@HOST/DATABASE').env('RINGTRIAL_QUEUE');

export const storeOption = () =>
  new Option(
    '--store <directory>',
    'a directory that all machines see: kernels and results go through it',
  ).env('RINGTRIAL_STORE');
