import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { GdbClient, packet, parseStop } from './gdb-client.ts';

test('a packet has the sum of its bytes, as the example of the manual for `OK`', () => {
  expect(packet('OK')).toBe('$OK#9a');
  expect(packet('vCont;c:2')).toBe('$vCont;c:2#14');
});

test('stop replies', () => {
  expect(parseStop('T05thread:02;')).toEqual({ why: 'breakpoint', thread: 2 });
  expect(parseStop('T02thread:01;')).toEqual({ why: 'asked', thread: 1 });
  expect(parseStop('W00')).toEqual({ why: 'ended', thread: 0 });
});

/** A stub that answers from a list, and remembers what it was asked. */
function stub(answers: readonly string[]) {
  const asked: string[] = [];
  const left = [...answers];
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      asked.push(chunk.toString('latin1'));
      const next = chunk.toString('latin1').startsWith('$') ? left.shift() : undefined;
      if (next !== undefined) {
        // In two pieces, as a socket may bring it.
        const whole = `+${packet(next)}`;
        stream.push(whole.slice(0, 3));
        setImmediate(() => stream.push(whole.slice(3)));
      }
      done();
    },
  });
  return { stream, asked };
}

describe('a client', () => {
  test('lets single processors run, and acknowledges what it hears', async () => {
    const { stream, asked } = stub(['OK', 'T05thread:02;']);
    const client = new GdbClient(stream);
    await client.setBreakpoint(0xffffffff81000000n, true);
    expect(await client.resume([1, 3])).toEqual({ why: 'breakpoint', thread: 2 });
    expect(asked).toEqual([packet('Z1,ffffffff81000000,1'), '+', packet('vCont;c:1;c:3'), '+']);
  });

  test('fails when QEMU refuses, and when it is gone', async () => {
    const { stream } = stub(['E22']);
    const client = new GdbClient(stream);
    await expect(client.setBreakpoint(1n, true)).rejects.toThrow(/no breakpoint/);
    const waiting = client.resume();
    stream.destroy();
    await expect(waiting).rejects.toThrow(/closed/);
    await expect(client.resume()).rejects.toThrow(/closed/);
  });
});
