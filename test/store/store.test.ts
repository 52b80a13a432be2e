import { describe, test } from 'vitest';
import { storeContract } from './contract.ts';
import { gitPlace, memoryPlace, whyNoReftable } from './places.ts';

storeContract('in memory', memoryPlace);
storeContract('git, SHA-1', () => gitPlace());
storeContract('git, SHA-256', () => gitPlace({ objectFormat: 'sha256' }));

const noReftable = await whyNoReftable();
if (noReftable === undefined) storeContract('git, reftable', () => gitPlace({ reftable: true }));
else describe('git, reftable', () => test.skip(`SKIP ${noReftable}`, () => {}));
