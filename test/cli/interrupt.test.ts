import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Interrupt, listenForInterrupt } from '../../src/cli/interrupt.ts';

let [now, exits] = [0, [] as number[]];
let interrupt: Interrupt;
beforeEach(() => {
  [now, exits] = [5_000_000, []];
  interrupt = listenForInterrupt(
    (status) => exits.push(status),
    () => now,
  );
});
afterEach(() => interrupt.release());

/** As Node would call it, without a signal that others in this process would hear too. */
const press = (signal: NodeJS.Signals = 'SIGINT'): void => (process.listeners(signal).at(-1) as () => void)();
const told = () => [interrupt.gently.aborted, interrupt.now.aborted, exits];

describe('Ctrl-C', () => {
  it('asks to end gently, then at once; a third ends the process', () => {
    press();
    expect(told()).toEqual([true, false, []]);
    press();
    expect(told()).toEqual([true, true, []]);
    now += 1000;
    press();
    expect(told()).toEqual([true, true, [130]]);
  });

  it('however long somebody waits before the second: it is no third', () => {
    press();
    now += 60_000;
    press();
    expect(told()).toEqual([true, true, []]);
  });

  it('SIGTERM and SIGHUP count as well', () => {
    press('SIGTERM');
    press('SIGHUP');
    expect(told()).toEqual([true, true, []]);
  });

  it('is handed back to Node', () => {
    const before = process.listenerCount('SIGINT');
    interrupt.release();
    expect(process.listenerCount('SIGINT')).toBe(before - 1);
  });
});

describe('`stop --now` presses twice', () => {
  it('who is ending gently already ends at once, and has the time to put it on record', () => {
    press();
    now += 60_000;
    press();
    now += 100;
    press();
    expect(told()).toEqual([true, true, []]);
    now += 899;
    press();
    expect(exits).toEqual([]);
    now += 1;
    press();
    expect(exits).toEqual([130]);
  });
});
