import type { KernelEvent } from '../../vm/kernel/index.ts';
import type { Listener, TrialEvent } from '../events.ts';
import type { Screen } from './screen.ts';

/** Shows a trial's events on a screen: finished things as lines, what goes on now as the status. */
export function progressOn(screen: Screen): Listener {
  const clock = clockFrom(Date.now());
  const told = new Set<string>();
  return (event) => {
    // A hang is reported again and again; once is enough for a screen, all of them are in the run directory.
    if (event.type === 'report') {
      const report = `${event.side} ${event.title}`;
      if (told.has(report)) return;
      told.add(report);
    }
    const { line, status } = words(event);
    if (line !== undefined) screen.line(`${clock()}  ${line}`);
    if (status !== undefined) screen.status(`${clock()}  ${status}`);
    if (event.type === 'verdict') screen.end();
  };
}

/** Minutes and seconds since a time in milliseconds, ` 3:07`. */
export const clockFrom = (started: number) => (): string => {
  const seconds = Math.floor((Date.now() - started) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, ' ')}:${String(seconds % 60).padStart(2, '0')}`;
};

interface Words {
  readonly line?: string;
  readonly status?: string;
}

/** What a trial's event is in words: a line that stays, or what goes on now. */
export function words(event: TrialEvent): Words {
  switch (event.type) {
    case 'started':
      return { line: `trial of ${event.candidate} on ${event.tree}; evidence goes to ${event.directory}` };
    case 'notice':
      return { line: event.message };
    case 'accelerator':
      return { line: `accelerator ${event.name}: ${event.why}` };
    case 'kernel':
      return kernelWords(event.event, event.side);
    case 'suite':
      return event.state === 'compiling'
        ? { status: 'compiling the test programs' }
        : { line: event.programs === 1 ? '1 test program ready' : `${event.programs} test programs ready` };
    case 'guest':
      return guestWords(event);
    case 'test':
      return testWords(event);
    case 'report':
      return {
        line: `${event.side}  KERNEL REPORT ${event.title}${event.program === null ? '' : ` (during ${event.program})`}`,
      };
    case 'verdict':
      return {};
  }
}

/** The same of a build's event. */
export function kernelWords(event: KernelEvent, side: string): Words {
  switch (event.type) {
    case 'notice':
      return { line: event.message };
    case 'waiting':
      return { status: `waiting for ${event.what}, held by ${event.holder}` };
    case 'lookup':
      return { status: `asking for the newest ${event.what}` };
    case 'download':
      return { status: `downloading ${event.what}: ${megabytes(event.bytes)}${of(event.total, megabytes)}` };
    case 'unpack':
      return { status: `unpacking ${event.what}: ${megabytes(event.bytes)}${of(event.total, megabytes)}` };
    case 'identify':
      return { status: `identifying ${event.what}: ${event.files} files` };
    case 'switch':
      return { status: `${side}  rewriting ${event.files} source files for ${event.label}` };
    case 'configure':
      return { status: `${side}  configuring profile ${event.profile}` };
    case 'compile':
      return { status: `${side}  compiling ${event.done} of about ${event.total} objects: ${event.object}` };
    case 'link':
      return { status: `${side}  linking` };
    case 'built':
      return { line: `${side}  kernel built: ${event.objects} objects in ${event.seconds.toFixed(0)} s` };
    case 'reused':
      return { line: `${side}  kernel was built earlier` };
  }
}

function guestWords(event: Extract<TrialEvent, { type: 'guest' }>): Words {
  switch (event.state) {
    case 'booting':
      return { status: `${event.side}  ${event.guest} is booting` };
    case 'ready':
      return {
        line: `${event.side}  ${event.guest} booted in ${(event.milliseconds / 1000).toFixed(1)} s`,
        status: `${event.side}  ${event.guest} is running its test`,
      };
    case 'ended':
      return { status: `${event.side}  ${event.guest} ended (${event.why})` };
  }
}

function testWords(event: Extract<TrialEvent, { type: 'test' }>): Words {
  const side = event.schedule === undefined ? event.side : `${event.side} [${event.schedule}]`;
  if (event.state === 'running') {
    return { status: `${side}  test ${event.done + 1} of ${event.total}: ${event.program}` };
  }
  const bad = event.points.find((point) => point.status !== 'PASS' && point.status !== 'SKIP');
  const verdict = bad ? `${bad.status} ${bad.name}: ${bad.reason ?? ''}` : `${event.points.length} ok`;
  const seconds = (event.milliseconds / 1000).toFixed(1);
  return { line: `${side}  ${event.program} (${seconds} s): ${verdict}` };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const of = (total: number | null, format: (value: number) => string): string =>
  total === null ? '' : ` of ${format(total)}`;
