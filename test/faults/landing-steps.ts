import fc from 'fast-check';

/** Where a change is made: in a file that nobody else knows, or in a line that everybody changes. */
export type Where = 'own' | 'shared';

/** The verbs of the program. */
export type VerbStep =
  | { do: 'iterate'; where: Where }
  | { do: 'squash'; manual: 'keep' | 'include' }
  | { do: 'merge'; squash: boolean; noFf: boolean }
  | { do: 'rebase' }
  | { do: 'continue' }
  | { do: 'skip' }
  | { do: 'abort' }
  | { do: 'undo' }
  | { do: 'rewind'; back: number }
  | { do: 'archive' };

/** What people do beside it with plain git. */
export type PeopleStep =
  | { do: 'commit'; where: Where }
  | { do: 'edit' }
  | { do: 'pull' }
  | { do: 'upstream'; where: Where };

/** A verb whose process is killed after a part of the time that it would take. */
export type KillStep = { do: 'kill'; verb: VerbStep; after: number };

export type Step = VerbStep | PeopleStep | KillStep;

const where = fc.constantFrom<Where>('own', 'shared');

const iterate = fc.record({ do: fc.constant('iterate' as const), where });
const squash = fc.record({ do: fc.constant('squash' as const), manual: fc.constantFrom('keep', 'include') });
const merge = fc.record({ do: fc.constant('merge' as const), squash: fc.boolean(), noFf: fc.boolean() });
const rewind = fc.record({ do: fc.constant('rewind' as const), back: fc.nat(3) });
const plain = <Name extends string>(name: Name) => fc.constant({ do: name });

const verb: fc.Arbitrary<VerbStep> = fc.oneof(
  { arbitrary: iterate, weight: 4 },
  { arbitrary: squash, weight: 3 },
  { arbitrary: merge, weight: 3 },
  { arbitrary: plain('rebase'), weight: 3 },
  { arbitrary: plain('undo'), weight: 4 },
  { arbitrary: rewind, weight: 2 },
  { arbitrary: plain('archive'), weight: 1 },
) as fc.Arbitrary<VerbStep>;

const endOfConflict = fc.constantFrom<VerbStep>({ do: 'continue' }, { do: 'skip' }, { do: 'abort' });

const people = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('commit' as const), where }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('upstream' as const), where }), weight: 4 },
  { arbitrary: plain('edit'), weight: 1 },
  { arbitrary: plain('pull'), weight: 1 },
) as fc.Arbitrary<PeopleStep>;

/** Thousandths of the time that a verb takes when nobody kills it. */
const after = fc.integer({ min: 500, max: 1100 });

const kill = fc.record({
  do: fc.constant('kill' as const),
  verb: fc.oneof({ arbitrary: verb, weight: 5 }, { arbitrary: endOfConflict, weight: 1 }),
  after,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: verb, weight: 10 },
  { arbitrary: people, weight: 6 },
  { arbitrary: kill, weight: 3 },
  { arbitrary: endOfConflict, weight: 3 },
) as fc.Arbitrary<Step>;

const operation = fc.oneof(squash, merge, rewind, plain('rebase')) as fc.Arbitrary<VerbStep>;
const undo = fc.oneof(
  { arbitrary: plain('undo'), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('kill' as const), verb: plain('undo'), after }), weight: 1 },
) as fc.Arbitrary<Step>;

/** What mere chance would seldom bring together: something to take back, and a conflict. */
const thereAndBack: fc.Arbitrary<Step[]> = fc
  .tuple(fc.option(people), operation, undo)
  .map(([first, ...rest]) => [...(first ? [first] : []), ...rest]);
const conflict: fc.Arbitrary<Step[]> = endOfConflict.map((end) => [
  { do: 'upstream', where: 'shared' },
  { do: 'commit', where: 'shared' },
  { do: 'rebase' },
  end,
]);

const chunk = fc.oneof(
  { arbitrary: step.map((one) => [one]), weight: 6 },
  { arbitrary: thereAndBack, weight: 3 },
  { arbitrary: conflict, weight: 1 },
);

/** A session that has done something, and then anything. */
export const steps: fc.Arbitrary<Step[]> = fc
  .tuple(iterate, fc.array(chunk, { minLength: 3, maxLength: 9, size: 'max' }))
  .map(([first, rest]) => [first, ...rest.flat()]);
