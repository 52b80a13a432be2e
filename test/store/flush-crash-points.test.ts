import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import {
  codeRef,
  eventsFile,
  laneRef,
  payloadDir,
  quarantineDir,
  tipsFile,
  transcriptFile,
  walDir,
} from '../../src/store/layout.ts';
import type { LogStore, TranscriptLine } from '../../src/store/log-store.ts';
import { payloadsIn } from '../../src/store/payloads.ts';
import { git, tempDir } from '../support/repo.ts';
import { type GitPlace, gitPlace, message, messages } from './places.ts';

const LOG = sessionLog('s000000001');
const LONG = 'long '.repeat(20_000);

const linesOf = async (store: LogStore): Promise<TranscriptLine[]> => {
  const lines: TranscriptLine[] = [];
  for await (const line of store.transcript(LOG)) lines.push(line);
  return lines;
};

interface Prepared {
  place: GitPlace;
  /** Everything acknowledged. */
  events: LogEvent[];
  lines: TranscriptLine[];
  /** The write-ahead folder and the tips as they were before the flush. */
  before: { wal: string; tips: string | undefined };
  files: Record<'events' | 'transcript' | 'tips' | 'payloads', string>;
  ref: string;
  code: string;
  /** Where the refs were before and after. */
  old: { ref: string; code: string };
}

/** Two flushes; what the second one did is in hand, to be taken back step by step. */
const prepare = async (): Promise<Prepared> => {
  const place = await gitPlace();
  const store = await place.open();
  const lane = { log: LOG, writer: store.writer };
  const head = await git(place.dir, 'rev-parse', 'HEAD');
  const [ref, code] = [laneRef(lane), codeRef('s000000001', store.writer)];
  const events = await store.append(LOG, messages(2));
  await store.flush(LOG, { code: [head] });
  const old = { ref: await git(place.dir, 'rev-parse', ref), code: await git(place.dir, 'rev-parse', code) };
  await git(place.dir, 'commit', '-q', '--allow-empty', '-m', 'work');
  events.push(...(await store.append(LOG, [message(LONG), ...messages(2, 3)])));
  const lines = await store.appendTranscript(
    LOG,
    ['one', 'two'].map((line) => ({ iteration: 1, stream: 'stdout', line })),
  );
  const files = {
    events: eventsFile(place.repo, lane),
    transcript: transcriptFile(place.repo, lane),
    tips: tipsFile(place.repo, store.writer),
    payloads: payloadDir(place.repo, lane),
  };
  const before = { wal: join(tempDir(), 'wal'), tips: readFileSync(files.tips, 'utf8') };
  cpSync(walDir(place.repo), before.wal, { recursive: true });
  await store.flush(LOG, { code: [await git(place.dir, 'rev-parse', 'HEAD')] });
  await store.close();
  return { place, events, lines, before, files, ref, code, old };
};

const restoreWal = ({ place, before }: Prepared): void =>
  cpSync(before.wal, walDir(place.repo), { recursive: true, force: true });

const keepPack = ({ place, ref }: Prepared): void => {
  const [, , , id, writer] = ref.split('/');
  const dir = join(place.repo.commonDir, 'objects', 'pack');
  for (const name of readdirSync(dir).filter((name) => name.endsWith('.pack')))
    writeFileSync(join(dir, name.replace(/pack$/, 'keep')), `amp sessions/${id} ${writer}\n`);
};

const CRASHES: [string, (at: Prepared) => Promise<void> | void][] = [
  [
    'before git was asked',
    async (at) => {
      restoreWal(at);
      writeFileSync(at.files.tips, at.before.tips!);
      await git(at.place.dir, 'update-ref', at.ref, at.old.ref);
      await git(at.place.dir, 'update-ref', at.code, at.old.code);
      await git(at.place.dir, 'prune-packed');
    },
  ],
  [
    'with the pack in place and no ref moved',
    async (at) => {
      restoreWal(at);
      keepPack(at);
      writeFileSync(at.files.tips, at.before.tips!);
      await git(at.place.dir, 'update-ref', at.ref, at.old.ref);
      await git(at.place.dir, 'update-ref', at.code, at.old.code);
    },
  ],
  [
    'between the log’s ref and that of the code',
    async (at) => {
      restoreWal(at);
      keepPack(at);
      writeFileSync(at.files.tips, at.before.tips!);
      await git(at.place.dir, 'update-ref', at.code, at.old.code);
    },
  ],
  [
    'with refs moved and nothing noted',
    (at) => {
      restoreWal(at);
      keepPack(at);
      writeFileSync(at.files.tips, at.before.tips!);
    },
  ],
  [
    'in the middle of the note of where the refs are',
    (at) => {
      restoreWal(at);
      const whole = readFileSync(at.files.tips, 'utf8');
      writeFileSync(at.files.tips, whole.slice(0, at.before.tips!.length + 30));
    },
  ],
  ['before the files were cut', restoreWal],
  [
    'between the files: events cut, transcript not',
    (at) => {
      restoreWal(at);
      rmSync(at.files.events);
    },
  ],
  [
    'with the cut file written and not in place yet',
    (at) => {
      restoreWal(at);
      writeFileSync(`${at.files.events}.k000000001.tmp`, readFileSync(at.files.events).subarray(0, 100));
    },
  ],
  [
    'with both files cut and the long strings still there',
    (at) => {
      restoreWal(at);
      rmSync(at.files.events);
      rmSync(at.files.transcript);
      writeFileSync(join(at.files.payloads, 'abc.k1.tmp'), 'half');
    },
  ],
  [
    'with the long strings gone and the lines still there',
    (at) => {
      restoreWal(at);
      rmSync(at.files.payloads, { recursive: true });
    },
  ],
  [
    'while it cut, in a way that tore the last line of the file',
    (at) => {
      restoreWal(at);
      writeFileSync(at.files.events, '{"v":1,"log":"sess', { flag: 'a' });
    },
  ],
  ['after everything', () => {}],
];

describe('a process that died in a flush', () => {
  test.each(CRASHES)('%s: all that was acknowledged is there once, and the log goes on', async (name, crash) => {
    const at = await prepare();
    const { place, events, lines, ref, files } = at;
    await crash(at);
    const isTorn = name.includes('tore');

    // A reader that repairs nothing sees it all.
    const reader = await place.open();
    expect((await reader.read(LOG)).events).toEqual(events);
    expect(await linesOf(reader)).toEqual(lines);
    expect((await reader.fold(LOG, 0, (count) => count + 1)).state).toBe(events.length);
    const [reference] = payloadsIn(events[2]!.data);
    expect((await reader.payload(LOG, reference!.sha256)).toString()).toBe(LONG);

    const store = await place.open();
    const recovery = await store.recoverLog(LOG);
    expect(recovery.tornBytes.map(({ bytes }) => bytes)).toEqual(isTorn ? [18] : []);
    expect(recovery.warnings).toHaveLength(isTorn ? 1 : 0);
    expect(existsSync(quarantineDir(place.repo))).toBe(isTorn);
    expect((await store.read(LOG)).events).toEqual(events);
    expect((await store.payload(LOG, reference!.sha256)).toString()).toBe(LONG);
    expect([existsSync(files.events), existsSync(files.transcript)]).toEqual([false, false]);
    const packs = readdirSync(join(place.repo.commonDir, 'objects', 'pack'));
    expect(packs.filter((file) => file.endsWith('.keep'))).toEqual([]);
    expect(readdirSync(dirname(files.events)).filter((file) => file.endsWith('.tmp'))).toEqual([]);

    const [next] = await store.append(LOG, messages(1, 9));
    const [line] = await store.appendTranscript(LOG, [{ iteration: 1, stream: 'stdout', line: 'three' }]);
    expect([next!.seq, line!.n]).toEqual([events.length + 1, 3]);
    await store.flush(LOG);
    expect(existsSync(files.payloads)).toBe(false);
    const last = await place.open();
    expect((await last.read(LOG)).events).toEqual([...events, next]);
    expect(await linesOf(last)).toEqual([...lines, line]);
    expect((await last.logs())[0]).not.toHaveProperty('lost');
    const subjects = (await git(place.dir, 'log', '--reverse', '--format=%s', ref)).split('\n');
    expect(subjects.filter((subject) => subject.includes('events 3-5'))).toHaveLength(1);
    expect(await git(place.dir, 'fsck', '--full', '--strict', '--no-dangling')).toBe('');
  });

  test('a pack that no ref names stays out of nobody’s way, and goes with a later gc', async () => {
    const at = await prepare();
    await CRASHES[1]![1](at);
    mkdirSync(join(at.place.repo.commonDir, 'amp', 'cache'), { recursive: true });
    await (await at.place.open()).recover(LOG);
    await git(at.place.dir, 'gc', '-q', '--prune=now');
    expect((await (await at.place.open()).read(LOG)).events).toEqual(at.events);
    expect(await git(at.place.dir, 'fsck', '--full', '--strict', '--no-dangling')).toBe('');
  });
});
