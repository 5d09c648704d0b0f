/** Prints a result on standard output: text as it is, anything else as JSON. */
export const show = (result: string | object): void =>
  void process.stdout.write(typeof result === 'string' ? result : `${JSON.stringify(result, null, 2)}\n`);
